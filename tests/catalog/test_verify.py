"""Whatever happens to a part is found, named, and moved out of the way."""

from __future__ import annotations

import os
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from catalog import Catalog
from catalog.partition import write_partition
from catalog.schema import Kind
from catalog.verify import Damage, quarantine, verify


@pytest.fixture
def folder(catalog: Catalog, day: date, tape: Any) -> Path:
    """Return the folder of a stored partition, a sound one beside it."""
    for letter, symbol in (("A", "AAPL"), ("B", "BAC")):
        write_partition(catalog.fs, catalog.root, Kind.TRADES, day, letter, [tape(100, (symbol,))])
    return Path(catalog.root) / f"trades/date={day}/letter=A"


def truncate(folder: Path) -> None:
    part = folder / "part-0.parquet"
    part.write_bytes(part.read_bytes()[:-1])


def edit(folder: Path) -> None:
    part = folder / "part-0.parquet"
    content = bytearray(part.read_bytes())
    content[100] ^= 1
    part.write_bytes(content)


def lose_part(folder: Path) -> None:
    (folder / "part-0.parquet").unlink()


def lose_folder(folder: Path) -> None:
    shutil.rmtree(folder)


def lose_manifest(folder: Path) -> None:
    (folder / "part-0.json").unlink()


def scribble_manifest(folder: Path) -> None:
    (folder / "part-0.json").write_text('{"rows": "many"}')


@pytest.mark.parametrize(
    ("harm", "damage"),
    [
        (truncate, Damage.TORN),
        (edit, Damage.EDITED),
        (lose_part, Damage.MISSING),
        (lose_folder, Damage.MISSING),
        (lose_manifest, Damage.NO_MANIFEST),
        (scribble_manifest, Damage.BAD_MANIFEST),
    ],
)
def test_damage_is_found_and_quarantined(
    catalog: Catalog, day: date, folder: Path, harm: Any, damage: Damage
) -> None:
    assert not verify(catalog).findings
    harm(folder)
    (finding,) = verify(catalog).findings
    assert (finding.path, finding.damage) == (f"trades/date={day}/letter=A", damage)
    quarantine(catalog, [finding])
    assert not verify(catalog).findings
    assert catalog.letters(day) == ["B"]
    if harm in (truncate, edit):
        assert (Path(catalog.root) / "quarantine/damaged" / finding.path).is_dir()


def test_what_a_dead_process_left_is_found_and_what_a_live_one_writes_is_not(
    catalog: Catalog, folder: Path
) -> None:
    (folder / f"part-0.parquet.{os.getpid()}.tmp").write_bytes(b"half")
    assert not verify(catalog).findings
    dead = 2**22 + 1
    (folder / f"part-0.parquet.{dead}.tmp").write_bytes(b"half")
    staging = Path(catalog.root) / f"import-x.{dead}.tmp"
    staging.mkdir()
    (staging / "rows.duckdb").write_bytes(b"half")
    findings = verify(catalog).findings
    assert [finding.damage for finding in findings] == [Damage.LEFT_OVER] * 2
    quarantine(catalog, findings)
    assert not verify(catalog).findings
    assert not staging.exists()


def test_progress_ends_with_every_byte(catalog: Catalog, folder: Path) -> None:
    seen: list[tuple[int, int]] = []
    result = verify(catalog, lambda done, total: seen.append((done, total)))
    assert result.parts == 2
    assert seen[-1] == (result.size, result.size)
    assert result.size > folder.joinpath("part-0.parquet").stat().st_size
