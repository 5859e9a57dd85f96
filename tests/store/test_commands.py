"""``tradectl runs`` lists, shows, compares and removes; one JSON object each, documented exits."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from cli.runs.command import app
from engine.accounting import Trade, keep_books, performance
from engine.domain.account import ACCELERATION
from engine.domain.facts import ExitReason, Member, OrderRole, TradeClosed
from store import Run, RunPlan, RunStatus, RunStore, arrow_table
from tests.accounting.streams import ALPACA, fill, plan, record, whole_run


def _ask(root: Path, *arguments: str) -> Any:
    result = CliRunner().invoke(app, [*arguments, "--runs", str(root), "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def _trade(root: Path, run_plan: RunPlan, out: str) -> Run:
    bracket = plan("20180102-AAA-100500", "AAA", 1, 10, Decimal(20))
    closed = TradeClosed(
        bracket.trade_id,
        ACCELERATION,
        "AAA",
        *ALPACA,
        1,
        Decimal(10),
        Decimal(20),
        Decimal(out),
        Decimal(0),
        Decimal(0),
        ExitReason.TIME_STOP,
    )
    payloads = whole_run(
        [
            bracket,
            fill(bracket, OrderRole.ENTRY, 10, Decimal(20), Decimal(0)),
            fill(bracket, OrderRole.EXIT, 10, Decimal(out), Decimal(0)),
            closed,
        ]
    )
    with RunStore(root).start(run_plan) as run:
        record(run.journal, payloads)
        books = keep_books(run.journal.facts())
        run.write_table("trades", arrow_table(Trade, books.trades))
        run.finish(RunStatus.ENDED, metrics=performance(books).figures(), fill_digest=out)
    return run


@pytest.fixture
def two_runs(tmp_path: Path, run_plan: RunPlan) -> tuple[Run, Run]:
    """Return a run that won and, with one parameter changed, one that lost."""
    changed = msgspec.structs.replace(run_plan, params={"min_ac_z": 3.0}, params_hash="q" * 16)
    return _trade(tmp_path, run_plan, "21"), _trade(tmp_path, changed, "19")


def test_list_has_the_latest_run_first_with_its_figures(
    tmp_path: Path, two_runs: tuple[Run, Run]
) -> None:
    listed = _ask(tmp_path, "list")["runs"]
    assert [row["run_id"] for row in listed] == [run.run_id for run in reversed(two_runs)]
    assert [row["net_pnl"] for row in listed] == [-10.0, 10.0]


def test_show_tells_what_was_asked_and_that_the_chain_is_whole(
    tmp_path: Path, two_runs: tuple[Run, Run]
) -> None:
    shown = _ask(tmp_path, "show", two_runs[0].run_id)
    assert (shown["status"], shown["params"]) == ("Ended", {"min_ac_z": 4.0})
    assert shown["trades"][0]["exit_reason"] == "time_stop"
    assert Decimal(shown["trades"][0]["realized_pnl"]) == 10
    assert shown["journal_check"] == "8 facts, chain whole"


def test_compare_names_what_differs_and_where_the_trades_part(
    tmp_path: Path, two_runs: tuple[Run, Run]
) -> None:
    compared = _ask(tmp_path, "compare", two_runs[0].run_id, two_runs[1].run_id)
    same = compared["same"]
    assert (same["data_hash"], same["params_hash"], same["fill_digest"]) == (True, False, False)
    assert compared["params"] == {"min_ac_z": [4.0, 3.0]}
    assert compared["metrics"]["net_pnl"] == [10.0, -10.0]
    assert compared["deltas"]["net_pnl"] == -20.0
    (apart,) = compared["different_trades"]
    named = {name: apart[name] for name in ("strategy_id", "symbol", "delta", "only_in")}
    assert named == {
        "strategy_id": ACCELERATION, "symbol": "AAA", "delta": "-20.000000", "only_in": None,
    }  # fmt: skip
    assert apart["values"]["avg_px_close"] == ["21.000000", "19.000000"]
    assert compared["trades"] == {"same": 0, "different": 1, "only_first": 0, "only_second": 0}


def test_a_page_of_two_runs_cuts_no_word_at_80_columns(
    tmp_path: Path, two_runs: tuple[Run, Run]
) -> None:
    asked = ["compare", two_runs[0].run_id, two_runs[1].run_id, "--runs", str(tmp_path)]
    page = CliRunner().invoke(app, asked, env={"COLUMNS": "80"}).stdout
    assert max(map(len, page.splitlines())) <= 80 or "the same:" in page
    assert "…" not in page
    assert "{" not in page
    for word in ("min_ac_z", "net pnl", "-20.00", "acceleration", "AAA", "params hash"):
        assert word in page, page


def test_other_strategies_are_other_runs_that_compare_tells_apart(
    tmp_path: Path, run_plan: RunPlan
) -> None:
    with_strategies: list[Run] = []
    for weight, lookback in ((0.5, 20), (0.5, 30), (0.25, 20)):
        members = (
            Member(ACCELERATION, "", 1 - weight, is_on=True, parameters={}, bracket={}),
            Member("reversion", "", weight, is_on=True, parameters={"lookback": lookback},
                   bracket={}),
        )  # fmt: skip
        asked = msgspec.structs.replace(run_plan, ensemble=members)
        with_strategies.append(_trade(tmp_path, asked, "21"))
    alone = _trade(tmp_path, run_plan, "21")
    stems = {run.run_id for run in (alone, *with_strategies)}
    assert not any(name.endswith("-2") for name in stems), "each has an id of its own"
    one, slower, lighter = (run.run_id for run in with_strategies)
    for other, differs in (
        (slower, {"reversion.lookback": [20, 30]}),
        (lighter, {"acceleration.weight": [0.5, 0.75], "reversion.weight": [0.5, 0.25]}),
        (alone.run_id, {"acceleration.weight": [0.5, 1.0], "reversion": ["on", None],
                        "reversion.weight": [0.5, None], "reversion.lookback": [20, None]}),
    ):  # fmt: skip
        compared = _ask(tmp_path, "compare", one, other)
        assert (compared["same"]["params_hash"], compared["same"]["strategies_hash"]) == (
            True,
            False,
        )
        assert compared["strategies"] == differs
    listed = {row["run_id"]: row["differing"] for row in _ask(tmp_path, "list")["runs"]}
    assert listed[slower]["reversion.lookback"] == 30
    assert listed[alone.run_id]["reversion"] is None
    assert "min_ac_z" not in listed[one], "it is the same in all"


def test_a_run_is_found_by_its_name_and_listed_by_its_tags(
    tmp_path: Path, two_runs: tuple[Run, Run]
) -> None:
    first, second = (run.run_id for run in two_runs)
    assert _ask(tmp_path, "name", first, "wider stops")["name"] == "wider stops"
    assert _ask(tmp_path, "show", "wider stops")["run_id"] == first
    assert _ask(tmp_path, "tag", "wider stops", "b", "a", "a")["tags"] == ["a", "b"]
    assert [row["run_id"] for row in _ask(tmp_path, "list", "--tag", "a")["runs"]] == [first]
    assert _ask(tmp_path, "list", "--tag", "a", "--tag", "c")["runs"] == []
    assert _ask(tmp_path, "tag", first, "a", "--remove")["tags"] == ["b"]
    assert _ask(tmp_path, "list")["runs"][1]["differing"] == {"min_ac_z": 4.0}
    _ask(tmp_path, "name", second, "wider stops")
    for words, expected in (
        (("show", "wider stops"), f"may be any of {second} (wider stops), {first} (wider stops)"),
        (("tag", first, "a b"), "without blanks and commas"),
        (("tag", first, "a", "--remove"), "expected a tag that the run has (b)"),
        (("name", first, "latest"), "other than 'latest'"),
        (("name", first, second), "is the id of a run"),
        (("compare", "latest", second), "are the same run"),
    ):
        result = CliRunner().invoke(app, [*words, "--runs", str(tmp_path), "--json"])
        assert result.exit_code == 2, result.output
        assert expected in json.loads(result.stdout)["message"]
    assert _ask(tmp_path, "name", second)["name"] == ""
    assert _ask(tmp_path, "show", "wider stops")["run_id"] == first


def test_rm_removes_what_it_names_and_nothing_else(
    tmp_path: Path, two_runs: tuple[Run, Run]
) -> None:
    first, second = two_runs
    assert _ask(tmp_path, "rm", first.run_id, "--yes") == {"removed": [first.run_id]}
    assert [run.run_id for run in RunStore(tmp_path).runs()] == [second.run_id]


@pytest.mark.parametrize("arguments", [["list"], ["show"]])
def test_pages_are_drawn_for_people(
    tmp_path: Path, two_runs: tuple[Run, Run], arguments: list[str]
) -> None:
    result = CliRunner().invoke(app, [*arguments, "--runs", str(tmp_path)], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    assert two_runs[1].run_id in result.stdout


def test_a_run_that_is_not_there_exits_4(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["show", "2018", "--runs", str(tmp_path), "--json"])
    assert result.exit_code == 4
    assert json.loads(result.stdout)["error"] == "NotFoundError"
