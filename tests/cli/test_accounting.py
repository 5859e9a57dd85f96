"""``tradectl accounting`` says of a real backtest what its report says, to the cent."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from sqlalchemy import text

from store import RunStore, rows_of
from tests.cli.conftest import Tradectl


@pytest.fixture(scope="module")
def runs(backtested: tuple[Path, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of one real run that traded."""
    return shutil.copytree(backtested[0], tmp_path_factory.mktemp("accounts") / "runs")


def _ask(tradectl: Tradectl, runs: Path, *arguments: str | Path) -> dict[str, Any]:
    answer = tradectl("accounting", *arguments, "--runs", runs, "--json")
    assert answer.code == 0, answer.err
    return answer.json


def test_the_report_and_the_tables_agree_to_the_cent(tradectl: Tradectl, runs: Path) -> None:
    run = RunStore(runs).run()
    reported = run.read_table("trades")
    assert reported is not None
    told = _ask(tradectl, runs, "trades")["trades"]
    rows = {row["trade_id"]: row for row in told}
    expected = json.loads(json.dumps(rows_of(reported), default=str))
    assert rows == {row["trade_id"]: row for row in expected}
    assert all(row["mae_pct"] <= 0 <= row["mfe_pct"] for row in told)

    account = _ask(tradectl, runs, "pnl")
    amounts = {name: Decimal(value) for name, value in account.items() if name.endswith("cash")}
    net = sum(Decimal(row["realized_pnl"]) for row in told)
    assert net == amounts["cash"] - amounts["opening_cash"] != 0
    assert float(net) == pytest.approx(run.manifest.metrics["net_pnl"], abs=0.005)
    assert Decimal(account["versions"][0]["net_pnl"]) == net

    (day,) = _ask(tradectl, runs, "daily")["daily_close"]
    curve = run.read_table("equity")
    assert curve is not None
    assert Decimal(day["equity"]) == curve.column("equity")[-1].as_py() == amounts["cash"]
    assert (Decimal(day["net_pnl"]), day["trades"]) == (net, len(told))


def test_what_is_booked_to_strategies_is_what_the_account_earned(
    tradectl: Tradectl, runs: Path
) -> None:
    whole = _ask(tradectl, runs, "trades")["trades"]
    assert {(row["strategy_id"], row["venue"], row["account"]) for row in whole} == {
        ("acceleration", "ALPACA", "main")
    }
    asked = ("--strategy", "acceleration", "--account", "main")
    assert _ask(tradectl, runs, "trades", *asked)["trades"] == whole != []
    (figures,) = _ask(tradectl, runs, "strategies", *asked)["strategy_metrics"]
    net = sum(Decimal(row["realized_pnl"]) for row in whole)
    assert (figures["strategy_id"], figures["trades"]) == ("acceleration", len(whole))
    assert Decimal(figures["booked_pnl"]) == Decimal(figures["net_pnl"]) == net


def test_lots_and_positions_of_a_day_that_ended_flat(tradectl: Tradectl, runs: Path) -> None:
    held = _ask(tradectl, runs, "positions")["positions"]
    lots = _ask(tradectl, runs, "lots")["lots"]
    assert {row["quantity"] for row in held} == {"0"}
    assert sum(Decimal(lot["realized_pnl"]) for lot in lots) == sum(
        Decimal(row["realized_pnl"]) for row in held
    )


def test_fees_that_nobody_charged_stand_beside_what_is_expected(
    tradectl: Tradectl, runs: Path
) -> None:
    by_fee = {row["fee"]: row for row in _ask(tradectl, runs, "fees")["fees"]}
    assert {row["charges"] for row in by_fee.values()} == {0}
    assert Decimal(by_fee["sec"]["expected"]) > 0
    assert Decimal(by_fee["taf"]["expected"]) > 0
    assert by_fee["cat"]["expected"] is None


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_table_is_exported(tradectl: Tradectl, runs: Path, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"fills.{suffix}"
    said = _ask(tradectl, runs, "export", "fills", file)
    table = pq.read_table(file) if suffix == "parquet" else pa_csv.read_csv(file)
    assert said["rows"] == table.num_rows > 0


def test_rebuild_finds_what_it_dropped_and_exits_1_when_it_had_differed(
    tradectl: Tradectl, runs: Path
) -> None:
    _ask(tradectl, runs, "trades")
    first = _ask(tradectl, runs, "rebuild")
    assert (first["differing"], first["rows"]["daily_close"]) == ([], 1)
    journal = RunStore(runs).run().journal
    with journal.database.connect() as connection, connection.begin():
        connection.execute(text("update trades set commission = 1"))
    answer = tradectl("accounting", "rebuild", "--runs", runs, "--json")
    assert (answer.code, answer.json["differing"]) == (1, ["trades"])
    assert answer.json["digests"] == first["digests"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("trades", "--run", "2018"), 4, "no run '2018'"),
        (("trades", "--strategy", "ao"), 4, "no strategy 'ao', expected acceleration"),
        (("fees", "--account", "other"), 4, "no account 'other', expected main"),
        (("daily", "--strategy", "acceleration"), 2, "the account's, not one strategy's"),
        (("export", "trade", "t.csv"), 2, "there are orders, fills"),
        (("export", "trades", "t.txt"), 2, "ends in .csv or .parquet"),
        (("trades", "--database", "none.sqlite"), 4, "tradectl database migrate"),
    ],
)
def test_what_cannot_be_done_is_said_with_its_exit_code(
    tradectl: Tradectl, runs: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    answer = tradectl("accounting", *arguments, "--runs", runs, "--json")
    assert answer.code == code
    assert said in answer.json["message"]


@pytest.mark.parametrize(
    "page", ["trades", "positions", "lots", "daily", "fees", "pnl", "strategies", "rebuild"]
)
def test_pages_are_drawn_for_people(tradectl: Tradectl, runs: Path, page: str) -> None:
    answer = tradectl("accounting", page, "--runs", runs)
    assert answer.code == 0, answer.err
    assert len(answer.out.splitlines()) > 2
