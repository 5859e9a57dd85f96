"""Whoever shows what follows from a journal says whether that journal can be relied upon."""

from __future__ import annotations

from pathlib import Path

import pytest

from store import Journals, RunStore
from tests.cli.conftest import DAY, Tradectl, eager
from tests.runtime.runs import record_again
from tests.store.tampering import tampered

_BROKEN = "fact 2 is altered"


@pytest.fixture(scope="module")
def place(
    tradectl: Tradectl, small_market: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str]:
    """Return a folder of runs with one that ended, and its id."""
    runs = tmp_path_factory.mktemp("runs")
    words = ("--catalog", small_market, "--runs", runs, "--json", *eager())
    answer = tradectl("backtest", "--date", str(DAY), *words)
    assert answer.code == 0, answer.err
    return runs, answer.json["run_id"]


def _twin(runs: Path, database: Path) -> Path:
    """Return a database that holds the facts of the only run of a folder as run ``twin``."""
    journal = Journals(database).start("twin")
    record_again(RunStore(runs).run().journal.facts(), journal)
    journal.commit()
    return database


def test_every_reader_says_what_of_a_journal_holds(
    place: tuple[Path, str], tradectl: Tradectl, small_market: Path, tmp_path: Path
) -> None:
    runs, run_id = place
    where = ("--runs", runs)
    twin = ("--database", _twin(runs, tmp_path / "facts.sqlite"))
    readers: list[tuple[str | Path, ...]] = [
        ("accounting", "trades", "--run", run_id, *where),
        ("accounting", "pnl", "--run", run_id, *where),
        ("runs", "show", run_id, *where),
        ("runs", "compare", run_id, "twin", *where, *twin),
        ("journal", "show", run_id, *where),
        ("journal", "replay", run_id, *where),
        ("diff", run_id, "twin", *where, *twin),
        ("missed", "--run", run_id, *where, "--catalog", small_market),
    ]
    report = (runs / run_id / "report.html").read_text()
    assert "Journal verified, " in report

    def listed() -> str:
        (row,) = tradectl("runs", "list", *where, "--json").json["runs"]
        return row["integrity"]["standing"]

    whole = [tradectl(*words, "--json").json["integrity"] for words in readers]
    assert {each["standing"] for each in whole} == {"verified"}
    (point,) = {(each["seq"], each["hash"]) for each in whole}
    assert point[0] > 2
    assert listed() == "verified"
    tampered(f"sqlite:///{runs / run_id / 'journal.sqlite'}", run_id, "a payload changed")
    for words in readers:
        answer = tradectl(*words, "--json")
        assert answer.json["integrity"]["standing"] == "broken", words
        assert answer.json["integrity"]["seq"] == 1
        assert _BROKEN in answer.json["integrity"]["detail"]
    page = tradectl(*readers[0])
    assert page.out.startswith(f"journal broken: {_BROKEN}")
    assert listed() == "broken"
    tail = tradectl("journal", "tail", run_id, *where)
    assert _BROKEN in tail.err
    rebuilt = tradectl("accounting", "rebuild", "--run", run_id, *where, "--json")
    assert (rebuilt.code, rebuilt.json["error"]) == (6, "JournalBroken")
