"""``tradectl doctor`` finds what is wrong, names the remedy, and changes and tells nothing."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from typer.testing import CliRunner

from app.doctor.check import Status
from app.doctor.disk import judged_disk
from app.doctor.machine import judged_clock, unmet
from catalog import Catalog
from catalog.synth import synthesize
from cli.main import app
from cluster.streams.embedded import EmbeddedServer
from store import Database, Journals
from tests.accounting.streams import record, whole_run
from tests.servers import Postgres

GIB = 1 << 30


@pytest.fixture(scope="module")
def small_market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the catalog of one day of two symbols."""
    root = tmp_path_factory.mktemp("catalog")
    synthesize(Catalog(str(root)), date(2026, 9, 18), symbols=2, trades=2_000, seed=1, quotes=False)
    return root


@pytest.fixture
def stored(database_url: str) -> str:
    """Return a database with one run in it, of each kind in turn."""
    with Journals(database_url).start("run") as journal:
        record(journal, whole_run([]))
    return database_url


def _checks(*arguments: str | Path, exits: int = 0) -> dict[str, dict[str, Any]]:
    result = CliRunner().invoke(app, ["doctor", "--json", *map(str, arguments)])
    assert result.exit_code == exits, result.output
    return {check["name"]: check for check in json.loads(result.stdout)["checks"]}


def test_all_that_is_there_is_read_and_its_growth_foretold(
    stored: str, small_market: Path, tmp_path: Path
) -> None:
    found = _checks("--database", stored, "--catalog", small_market, "--runs", tmp_path / "runs")
    assert found["catalog"]["finding"].startswith("2026-09-18, letter")
    assert found["database"]["status"] == "ok"
    assert found["migrations"]["finding"].endswith("is the newest")
    assert found["python"]["status"] == found["packages"]["status"] == "ok"
    disks = [check for name, check in found.items() if name.startswith("disk of")]
    assert any("market days at" in check["finding"] for check in disks)
    assert all(check["remedy"] for check in found.values() if check["status"] != "ok")


def test_a_run_that_nobody_writes_and_old_tables_are_told_and_left_alone(stored: str) -> None:
    assert "nobody writes them: run" in _checks("--database", stored)["runs"]["finding"]
    Database(stored).migrate("0002")
    found = _checks("--database", stored)["migrations"]
    assert found["status"] == "warn"
    assert "tradectl database migrate" in found["remedy"]
    assert Database(stored).revision() == "0002"


def test_a_server_that_may_lose_commits_fails(postgres: Postgres) -> None:
    url = postgres.new_database()
    Journals(url)
    assert _checks("--database", url)["durability"]["status"] == "ok"
    name = Database(url).url.database
    postgres.execute(f"alter database {name} set synchronous_commit = off")
    found = _checks("--database", url, exits=1)["durability"]
    assert found["finding"].startswith("synchronous_commit off")


def test_what_cannot_work_fails_with_a_remedy(small_market: Path, tmp_path: Path) -> None:
    broken = tmp_path / "catalog"
    shutil.copytree(small_market, broken)
    for part in broken.glob("trades/*/*/*.parquet"):
        part.write_bytes(part.read_bytes()[:-10])
    url = "postgresql://trader:hunter2@127.0.0.1:1/facts"
    found = _checks("--database", url, "--catalog", broken, exits=1)
    assert found["database"]["status"] == found["catalog"]["status"] == "fail"
    assert "tradectl catalog verify" in found["catalog"]["remedy"]
    assert "start the server" in found["database"]["remedy"]
    assert "hunter2" not in str(found)


def test_an_empty_place_is_fit_to_start_in(tmp_path: Path) -> None:
    at = ("--database", tmp_path / "none.sqlite", "--catalog", tmp_path / "none")
    found = _checks(*at, "--runs", tmp_path / "runs")
    assert found["database"]["remedy"].endswith("'tradectl database migrate'")
    assert "tradectl catalog import" in found["catalog"]["remedy"]
    assert list(tmp_path.iterdir()) == []


def test_secrets_are_named_and_not_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("APCA_API_KEY_ID", "planted-key")
    monkeypatch.setenv("TRADECTL_PUSH_TOKEN", "planted-token")
    found = _checks("--database", tmp_path / "none.sqlite")
    assert (
        found["secrets"]["finding"]
        == "set: APCA_API_KEY_ID, TRADECTL_CONTROL_TOKEN, TRADECTL_PUSH_TOKEN"
    )
    assert found["secrets"]["remedy"] == "set APCA_API_SECRET_KEY, too"
    assert "planted" not in str(found)


def test_a_folder_open_to_everybody_is_told(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    runs.mkdir()
    runs.chmod(0o777)
    found = _checks("--runs", runs)["permissions"]
    assert found["status"] == "warn"
    assert f"chmod o-w {runs}" in found["remedy"]


def test_redis_is_asked_only_where_it_is_configured(tmp_path: Path) -> None:
    at = ("--database", tmp_path / "none.sqlite")
    assert _checks(*at)["redis"]["finding"].startswith("not configured")
    with EmbeddedServer(tmp_path / "server") as server:
        there, password = server.address.path, server.address.password
        found = _checks(*at, "--redis", f"unix://:{password}@{there}")["redis"]
        assert (found["status"], found["finding"]) == ("ok", f"unix://{there} answers")
        refused = _checks(*at, "--redis", f"unix://{there}", exits=1)["redis"]
        assert "Authentication required" in refused["finding"]
    gone = _checks(*at, "--redis", f"unix://:{password}@{there}", exits=1)["redis"]
    assert "does not answer" in gone["finding"]
    assert "start it, or correct its address (--redis or TRADECTL_REDIS)" in gone["remedy"]
    assert password not in gone["finding"] + gone["remedy"]
    other = _checks(*at, "--redis", f"http://:{password}@host", exits=1)["redis"]
    assert "has no form of redis://" in other["finding"]


@pytest.mark.parametrize(
    ("free", "daily", "expected"),
    [
        (100 * GIB, 0, Status.OK),
        (100 * GIB, GIB, Status.OK),
        (20 * GIB, GIB, Status.WARN),
        (2 * GIB, GIB, Status.FAIL),
        (GIB // 2, 0, Status.FAIL),
    ],
)
def test_room_is_judged_by_how_long_it_lasts(free: int, daily: float, expected: Status) -> None:
    assert judged_disk("runs", free, daily).status is expected


@pytest.mark.parametrize(
    ("stepped", "kept", "error", "expected"),
    [
        (0.0001, True, 0.004, Status.OK),
        (0.0001, None, 0, Status.OK),
        (0.0001, False, 0, Status.WARN),
        (0.0001, True, 0.5, Status.WARN),
        (1.0, True, 0.004, Status.FAIL),
    ],
)
def test_a_clock_is_judged_by_steps_and_by_the_kernel(
    stepped: float, *, kept: bool | None, error: float, expected: Status
) -> None:
    assert judged_clock(stepped, kept=kept, error=error).status is expected


def test_packages_that_are_missing_or_too_old_are_named() -> None:
    needed = [Requirement(text) for text in ("typer>=0.1", "typer>=999", "no-such-package>=1")]
    assert [text.split()[0] for text in unmet(needed)] == ["typer", "no-such-package"]
