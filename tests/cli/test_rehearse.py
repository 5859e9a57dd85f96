"""A recorded day, traded live over the broker's protocols, decides and fills as its backtest."""

from __future__ import annotations

from pathlib import Path

from catalog import Catalog
from engine.domain.facts import AnyPayload, DayStarted, RunStarted
from store import Journals
from tests.cli.conftest import DAY, Tradectl, eager
from tests.runtime.runs import EAGER

_HALF_MINUTES = ("bucket_seconds=30", "bucket_ttl=5000", "max_hold_seconds=120")
"""A rehearsal asks for time once a bucket, so these are quick."""

_MANY_AT_ONCE = (
    "min_ac_z=0.5",
    "concurrent_trading=true",
    "max_concurrent=20",
    "max_open_notional=1000000",
    "max_trades_per_day=5000",
    "daily_loss_limit_percent=50",
    "symbol_cooldown_seconds=0",
)


def test_a_rehearsal_equals_the_backtest_and_leaves_a_run_that_verifies(
    tradectl: Tradectl, small_market: Path, tmp_path: Path
) -> None:
    database = tmp_path / "facts.sqlite"
    settings = [f"--set={setting}" for setting in (*EAGER, *_HALF_MINUTES, *_MANY_AT_ONCE)]
    where = ("--catalog", small_market, "--database", database, "--runs", tmp_path / "runs")
    done = tradectl("rehearse", str(DAY), *where, *settings, "--letters", "A-M",
                    "--name", "dress rehearsal", "--tag", "week-38", "--json")  # fmt: skip
    assert done.code == 0, done.err
    result = done.json
    assert result["trades"] > 100, "orders of one instant have to be sent in one order"
    assert result["same_decisions"]
    assert result["same_fills"]

    journal = Journals(database).open(result["run_id"])
    assert journal.stored.verify().clean
    assert (tmp_path / "runs" / f"{result['run_id']}.verdicts.parquet").is_file()
    _is_addressed(tradectl, small_market, where[2:], [fact.payload for fact in journal.facts()])


def _is_addressed(
    tradectl: Tradectl, market: Path, where: tuple[str | Path, ...], facts: list[AnyPayload]
) -> None:
    """Hold what the run says of itself, and what it answers by name on its own tape."""
    letters = [chr(each) for each in range(ord("A"), ord("N"))]
    (started,) = (each for each in facts if isinstance(each, RunStarted))
    assert (started.catalog, [*started.letters]) == (str(market), letters)
    (day,) = (each for each in facts if isinstance(each, DayStarted))
    assert day.data_hash == Catalog(str(market)).data_hash(DAY, letters)
    (listed,) = tradectl("runs", "list", "--tag", "week-38", *where, "--json").json["runs"]
    assert (listed["run_id"], listed["name"]) == (started.run_id, "dress rehearsal")
    shown = tradectl("runs", "show", "dress rehearsal", *where, "--json").json
    assert (shown["letters"], shown["catalog"]) == (letters, str(market))
    missed = tradectl("missed", "--run", "dress rehearsal", *where, "--top", "500", "--json")
    assert missed.code == 0, missed.err
    assert missed.json["tape"]["is_own"] is True
    assert {each["symbol"][0] for each in missed.json["missed"]} <= {*letters}
    removed = tradectl("runs", "rm", "dress rehearsal", "--yes", *where, "--json")
    assert removed.code == 2
    assert "is kept in the database" in removed.json["message"]


def test_a_real_day_rehearsed_equals_its_backtest(
    shared: Path, tradectl: Tradectl, tmp_path: Path
) -> None:
    day, root = "2014-09-17", tmp_path / "recorded"
    file = shared / "data" / "ticks" / "highfrequency_multi" / f"{day}.parquet"
    done = tradectl("catalog", "import", file, "--kind", "trades", "--catalog", root)
    assert done.code == 0, done.err
    where = ("--catalog", root, "--database", tmp_path / "facts.sqlite", "--runs", tmp_path)
    settings = [word for each in _HALF_MINUTES for word in ("--set", each)]
    answer = tradectl("rehearse", day, *where, *eager(), *settings, "--json")
    assert answer.code == 0, answer.out + answer.err
    assert answer.json["trades"] == 12
    assert (answer.json["same_decisions"], answer.json["same_fills"]) == (True, True)
    assert answer.json["causes"] == {}
