"""A backup restores to the same digests in a database of either kind, or says why it cannot."""

from __future__ import annotations

import json
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from cli.main import app
from engine.domain.errors import ConfigError, DataError, NotFoundError
from engine.domain.facts import OrderRole
from store import Database, Journals, RunStatus, back_up, check_backup, restore
from tests.accounting.streams import OPEN_NS, fill, plan, record, whole_run
from tests.servers import Postgres

BRACKET = plan("T1", "AAA", 1, 10, Decimal(20))
ENTRY = fill(BRACKET, OrderRole.ENTRY, 10, Decimal("20.5"), Decimal("0.01"))


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of another empty database, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/restored.sqlite"
    server: Postgres = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture
def stored(database_url: str) -> Journals:
    """Return journals of a run that ended, one without a fact, one broken and one running."""
    journals = Journals(database_url)
    for run_id in ("ended", "broken", "running"):
        journal = journals.start(run_id)
        record(journal, whole_run([BRACKET, ENTRY]))
        journal.append(ENTRY, ts_event=OPEN_NS, ts_init=OPEN_NS, fact_id="fill:v1 é")
        if run_id == "running":
            journal.close()
        else:
            journal.end(RunStatus.ENDED, "as asked")
    journals.start("empty").end(RunStatus.FAILED)
    with journals.database.connect() as connection, connection.begin():
        connection.execute(text("delete from facts where run_id = 'broken' and seq = 3"))
    return journals


def _digests(journals: Journals) -> dict[str, Any]:
    return {
        run.run_id: (run, journal.stored.verify(), list(journal.stored.records()))
        for run in journals.runs()
        for journal in [journals.open(run.run_id)]
    }


def test_what_is_restored_is_what_was_backed_up(
    stored: Journals, empty_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "facts.backup"
    manifest = back_up(stored.database, path)
    assert manifest.facts == 20
    assert manifest.runs["broken"].broken is not None
    assert manifest == check_backup(path) == restore(path, Database(empty_url))
    restored = Journals(empty_url)
    found, expected = _digests(restored), _digests(stored)
    sealed, *facts = found.pop("broken")
    ended, *same = expected.pop("broken")
    assert (facts, found) == (same, expected)
    assert (sealed.status, ended.status) == (RunStatus.QUARANTINED, RunStatus.ENDED)
    with restored.open("running") as journal:
        journal.append(BRACKET, ts_event=OPEN_NS, ts_init=OPEN_NS)
        assert journal.stored.verify().clean
    with pytest.raises(ConfigError, match="expected an empty database, found 4 runs"):
        restore(path, Database(empty_url))


def test_a_writer_goes_on_while_all_is_backed_up(database_url: str, tmp_path: Path) -> None:
    journals = Journals(database_url)
    with journals.start("before") as journal, journal.group():
        record(journal, [BRACKET, *[ENTRY] * 5000])
    appended = threading.Event()

    def write(_done: float, _total: float) -> None:
        """Append from elsewhere, between two runs of the backup."""

        def append() -> None:
            with journals.start("meanwhile") as other:
                other.append(BRACKET, ts_event=OPEN_NS, ts_init=OPEN_NS)
            appended.set()

        if not appended.is_set():
            threading.Thread(target=append).start()
            assert appended.wait(timeout=60)

    path = tmp_path / "facts.backup"
    manifest = back_up(journals.database, path, progress=write)
    assert list(manifest.runs) == ["before"]
    assert manifest.facts == 5001
    assert journals.open("meanwhile").stored.verify().facts == 1


def test_what_is_interrupted_leaves_nothing(
    stored: Journals, empty_url: str, tmp_path: Path
) -> None:
    def interrupt(_done: float, _total: float) -> None:
        raise KeyboardInterrupt

    place = tmp_path / "place"
    place.mkdir()
    path, empty = place / "facts.backup", Database(empty_url)
    with pytest.raises(KeyboardInterrupt):
        back_up(stored.database, path, interrupt)
    assert list(place.iterdir()) == []
    back_up(stored.database, path)
    with pytest.raises(KeyboardInterrupt):
        restore(path, empty, interrupt)
    assert Journals(empty).runs() == []
    assert restore(path, empty).facts == 20


def _lines(path: Path) -> list[bytes]:
    with pa.CompressedInputStream(str(path), "zstd") as packed:
        return packed.read().splitlines(keepends=True)


def _pack(path: Path, lines: list[bytes]) -> None:
    with pa.CompressedOutputStream(str(path), "zstd") as packed:
        packed.write(b"".join(lines))


def _tear(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def _cut_lines(path: Path) -> None:
    _pack(path, _lines(path)[:-1])


def _edit(path: Path) -> None:
    _pack(path, [line.replace(b"20.5", b"20.4") for line in _lines(path)])


def _edit_status(path: Path) -> None:
    _pack(path, [line.replace(b'"Ended"', b'"Failed"') for line in _lines(path)])


def _drop_run(path: Path) -> None:
    lines = _lines(path)
    _pack(path, [lines[0], *lines[8:]])


def _prolong(path: Path) -> None:
    _pack(path, [*_lines(path), b"{}\n"])


def _foreign(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\0" * 100)


def _foreign_zstd(path: Path) -> None:
    _pack(path, [b'{"some": "log"}\n'])


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (_tear, "no whole backup: .*; use another copy"),
        (_cut_lines, "it ends early"),
        (_edit, "not that of its manifest"),
        (_edit_status, "not that of its manifest"),
        (_drop_run, "not that of its manifest"),
        (_prolong, "goes on after its manifest"),
        (_foreign, "is no backup; name a file"),
        (_foreign_zstd, "no whole backup: "),
    ],
)
def test_a_damaged_backup_is_refused_before_anything_is_made(
    tmp_path: Path, damage: Any, expected: str
) -> None:
    journals = Journals(tmp_path / "journal.sqlite")
    with journals.start("run") as journal:
        record(journal, whole_run([BRACKET, ENTRY]))
        journal.end(RunStatus.ENDED)
    path, target = tmp_path / "facts.backup", tmp_path / "restored.sqlite"
    back_up(journals.database, path)
    damage(path)
    with pytest.raises(DataError, match=expected):
        restore(path, Database(target))
    assert not target.exists()


def test_a_backup_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="there is no backup"):
        restore(tmp_path / "none", Database(tmp_path / "restored.sqlite"))


def test_the_commands_say_what_they_copied(stored: Journals, tmp_path: Path) -> None:
    def ask(*arguments: str) -> Any:
        result = CliRunner().invoke(app, ["database", *arguments, "--json"])
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    path, url = tmp_path / "facts.backup", str(tmp_path / "restored.sqlite")
    source = stored.database.url.render_as_string(hide_password=False)
    written = ask("backup", str(path), "--database", source)
    assert written["facts"] == 20
    assert list(written["broken"]) == ["broken"]
    assert ask("restore", str(path), "--database", url)["heads"] == written["heads"]


def test_a_backup_is_checked_without_a_database(stored: Journals, tmp_path: Path) -> None:
    def check(path: Path, exits: int) -> Any:
        result = CliRunner().invoke(app, ["database", "check-backup", str(path), "--json"])
        assert result.exit_code == exits, result.output
        return json.loads(result.stdout)

    path = tmp_path / "facts.backup"
    back_up(stored.database, path)
    assert list(check(path, exits=6)["broken"]) == ["broken"]
    with stored.database.connect() as connection, connection.begin():
        for table in ("facts", "runs"):
            connection.execute(text(f"delete from {table} where run_id = 'broken'"))
    manifest = back_up(stored.database, path)
    found = check(path, exits=0)
    assert (found["facts"], found["broken"]) == (14, {})
    assert found["heads"] == {run_id: run.head for run_id, run in manifest.runs.items()}
    _tear(path)
    assert check(path, exits=DataError.exit_code)["error"] == "DataError"
