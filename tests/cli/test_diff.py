"""``tradectl diff`` as a user runs it: run directories against each other and the database."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from store import Journals, RunStore
from tests.cli.conftest import Tradectl, eager
from tests.runtime.runs import record_again

DIFFERENT, MISUSED, UNKNOWN = 1, 2, 4


@pytest.fixture(scope="module")
def runs(
    tradectl: Tradectl,
    market: Path,
    backtested: tuple[Path, dict[str, Any]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """Return a folder with two backtests of the same day under other assumptions on fills."""
    folder = shutil.copytree(backtested[0], tmp_path_factory.mktemp("differ") / "runs")
    where = ("--catalog", market, "--runs", folder)
    answer = tradectl("backtest", *where, "--fills", "pessimistic", *eager(), "--json")
    assert answer.code == 0, answer.err
    return folder


def test_two_runs_are_explained_on_a_page_and_in_json(tradectl: Tradectl, runs: Path) -> None:
    worse, base = (run.run_id for run in RunStore(runs).runs())
    said = tradectl("diff", base, worse, "--runs", runs, "--all", "--json")
    assert said.code == DIFFERENT, said.err
    assert (said.json["same_decisions"], said.json["same_fills"]) == (False, False)
    assert sum(said.json["causes"].values()) == len(said.json["differences"]) > 0
    assert "unexplained" not in said.json["causes"]
    page = tradectl("diff", base, worse, "--runs", runs, "--all")
    assert page.code == DIFFERENT
    assert "The first:" in page.out
    assert "consequence (#" in page.out
    first = tradectl("diff", base, worse, "--runs", runs, "--json").json
    assert len(first["differences"]) == 1


def test_a_run_in_the_database_equals_its_directory_with_verdicts_and_without(
    tradectl: Tradectl, runs: Path, tmp_path: Path
) -> None:
    source = RunStore(runs).run()
    database = f"sqlite:///{tmp_path}/journal.sqlite"
    journal = Journals(database).start("copied")
    record_again(source.journal.facts(), journal)
    journal.commit()
    where = ("--runs", runs, "--database", database)
    bare = tradectl("diff", source.run_id, "copied", *where)
    assert bare.code == 0, bare.out + bare.err
    assert "same decisions, same fills" in bare.out
    assert "keeps no verdicts" in bare.out
    shutil.copy(source.path / "verdicts.parquet", runs / "copied.verdicts.parquet")
    whole = tradectl("diff", source.run_id, "copied", *where, "--json")
    assert (whole.code, whole.json["judged"]) == (0, True)
    assert whole.json["decisions"] > whole.json["fills"] > 0
    last = tradectl("diff", source.run_id, "latest", *where, "--json")
    assert last.json["runs"] == [source.run_id, "copied"], "the one started last of either"


def test_a_name_that_is_nobody_s_or_several_s_is_refused(tradectl: Tradectl, runs: Path) -> None:
    assert tradectl("diff", "nobody", "latest", "--runs", runs, "--json").code == UNKNOWN
    assert tradectl("diff", "2026", "latest", "--runs", runs, "--json").code == MISUSED
