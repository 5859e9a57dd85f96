"""What is spooled is read again, to the last whole chunk, whatever happened to the process."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.schema import Kind
from catalog.spool import Spooled, SpoolWriter
from catalog.spool.bodies import Arrived
from engine.domain.errors import DataError, NotFoundError
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.trades import TradeBatch
from tests.catalog.spool.tape import HEADING, frames, of_kind, rows

ROOT = Path(__file__).parents[3]


def never(why: str) -> None:
    raise AssertionError(why)


def spool(folder: Path, arrived: list[Arrived], chunk: int = 5) -> None:
    with SpoolWriter(folder, HEADING, never) as writer:
        for number, batch in enumerate(arrived, 1):
            writer.add(batch)
            if number % chunk == 0:
                writer.flush()


def assert_same(folder: Path, arrived: list[Arrived]) -> None:
    spooled = Spooled(folder)
    assert rows(list(spooled.trades())) == rows(of_kind(arrived, TradeBatch))
    assert rows(list(spooled.quotes())) == rows(of_kind(arrived, QuoteBatch))
    assert rows([list(spooled.statuses())]) == rows(of_kind(arrived, tuple))


def test_what_arrived_is_read_again_in_order(tmp_path: Path) -> None:
    arrived = list(frames(60, seed=1))
    assert all(of_kind(arrived, kind) for kind in (TradeBatch, QuoteBatch, tuple))
    spool(tmp_path, arrived)
    assert_same(tmp_path, arrived)
    assert Spooled(tmp_path).heading == HEADING


def test_batches_of_one_kind_share_one_growing_table(tmp_path: Path) -> None:
    spool(tmp_path, list(frames(40, seed=2)))
    spool(tmp_path, list(reversed(list(frames(40, seed=3)))))
    tables = [batch.symbols for batch in Spooled(tmp_path).trades()]
    assert len(tables) > 10
    for earlier, later in pairwise(tables):
        assert later[: len(earlier)] == earlier
        assert later is earlier or len(later) > len(earlier)


def test_the_next_process_goes_on_in_files_of_its_own(tmp_path: Path) -> None:
    first, second = list(frames(30, seed=4)), list(frames(30, seed=5, start_ns=2 * 10**18))
    spool(tmp_path, first)
    spool(tmp_path, second)
    assert [path.name for path in Spooled(tmp_path).files(Kind.TRADES)] == [
        "paper-2026-09-18.trades-0000.spool",
        "paper-2026-09-18.trades-0001.spool",
    ]
    assert_same(tmp_path, [*first, *second])


def test_a_clock_that_was_put_back_does_not_put_the_tape_back(tmp_path: Path) -> None:
    spool(tmp_path, list(frames(30, seed=4)))
    spool(tmp_path, list(frames(30, seed=5, start_ns=10**18)))
    for batches in (Spooled(tmp_path).trades(), Spooled(tmp_path).quotes()):
        arrivals = [ts for batch in batches for ts in batch.ts_init.tolist()]
        assert arrivals == sorted(arrivals)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a spool of a few chunks."""
    folder = tmp_path_factory.mktemp("whole")
    spool(folder, list(frames(40, seed=6)))
    return folder


def damaged(whole: Path, place: Path, content: bytes) -> Spooled:
    """Return a copy of a spool whose prints are in another state."""
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(whole, place)
    (path,) = Spooled(place).files(Kind.TRADES)
    path.write_bytes(content)
    return Spooled(place)


@given(data=st.data())
def test_a_file_that_was_cut_anywhere_reads_up_to_there(
    data: st.DataObject, whole: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (path,) = Spooled(whole).files(Kind.TRADES)
    content, expected = path.read_bytes(), rows(list(Spooled(whole).trades()))
    cut = data.draw(st.integers(0, len(content)))
    zeros = data.draw(st.integers(0, 40))
    tail = b"\0" * zeros if zeros and data.draw(st.booleans()) else b""
    place = tmp_path_factory.getbasetemp() / "cut"
    read: list[TradeBatch] = []
    try:
        read.extend(damaged(whole, place, content[:cut] + tail).trades())
    except DataError:
        assert tail, "a cut alone is no damage"
    found = rows(read)
    assert found == expected[: len(found)]
    if cut == len(content):
        assert found == expected


@given(data=st.data())
def test_a_byte_that_was_changed_is_named(
    data: st.DataObject, whole: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (path,) = Spooled(whole).files(Kind.TRADES)
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    copy = damaged(whole, tmp_path_factory.getbasetemp() / "changed", bytes(content))
    with pytest.raises(DataError, match=r"trades-0000\.spool is damaged: the chunk at byte [\d,]+"):
        list(copy.trades())


def test_a_folder_without_heading_is_no_spool(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="is no spool"):
        Spooled(tmp_path)


def test_a_heading_that_is_damaged_is_named(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole, tmp_path / "copy")
    (tmp_path / "copy" / "heading.json").write_text('{"run_id": ')
    with pytest.raises(DataError, match=r"heading\.json cannot be read"):
        Spooled(tmp_path / "copy")


def writing(folder: Path, *arguments: int) -> subprocess.Popen[str]:
    words = [sys.executable, "-m", "tests.catalog.spool.endless_writer", str(folder)]
    return subprocess.Popen(
        [*words, *map(str, arguments)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("after", [1, 8])
def test_a_process_that_is_killed_leaves_all_that_it_said_was_written(
    tmp_path: Path, after: int
) -> None:
    many, told = 200_000, 0
    with writing(tmp_path, 7, many) as process:
        assert process.stdout
        for _ in range(after):
            told = int(process.stdout.readline())
        process.kill()
    spooled = Spooled(tmp_path)
    read = {TradeBatch: rows(list(spooled.trades())), QuoteBatch: rows(list(spooled.quotes()))}
    arrived, sizes = list[Arrived](), Counter[type]()
    for batch in frames(many, seed=7):
        if len(arrived) >= told and all(sizes[kind] >= len(found) for kind, found in read.items()):
            break
        arrived.append(batch)
        sizes[type(batch)] += len(batch)
    for kind, found in read.items():
        sent = rows(of_kind(arrived, kind))
        assert found == sent[: len(found)]
        assert len(found) >= len(rows(of_kind(arrived[:told], kind))) > 0


def test_a_full_disk_ends_the_recording_and_nothing_else(tmp_path: Path) -> None:
    with writing(tmp_path, 8, 4_000, 20_000) as process:
        said = process.communicate()[0].splitlines()
    assert process.returncode == 0
    assert said[-1] == "went on to the end"
    (failed,) = [line for line in said if line.startswith("failed")]
    assert "File too large" in failed
    assert "Free some space" in failed
    read, sent = (
        rows(list(Spooled(tmp_path).trades())),
        rows(of_kind(list(frames(4_000, 8)), TradeBatch)),
    )
    assert read == sent[: len(read)]
    assert 0 < len(read) < len(sent)
