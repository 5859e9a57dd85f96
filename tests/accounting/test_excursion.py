"""How far the market went for and against a trade counts only prints that stand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import msgspec
import numpy as np
import pytest

from engine.accounting import Excursion, excursion, keep_books, measure, standing
from engine.domain.candidate import Side
from engine.domain.facts import OrderRole
from engine.domain.market_data.halts import Halts
from engine.domain.market_data.trades import TradeBatch
from engine.domain.session import session
from tests.accounting.stored_prints import stored_halt, stored_prints
from tests.accounting.streams import facts, fill, plan, run_started

CONDITIONS = ("", "M", "!", "I", "!I")


def _batch(rows: list[tuple[int, int, str]]) -> TradeBatch:
    ts, prices, codes = zip(*rows, strict=True)
    n = len(rows)
    return TradeBatch(
        symbol_id=np.zeros(n, np.int32),
        symbols=("AAA",),
        ts_event=np.array(ts, np.int64),
        ts_init=np.arange(n, dtype=np.int64),
        price=np.array(prices, np.int64),
        size=np.full(n, 100_000_000),
        condition_id=np.array([CONDITIONS.index(code) for code in codes], np.int32),
        conditions=CONDITIONS,
    )


@pytest.mark.parametrize(
    ("side", "expected"),
    [(Side.LONG, Excursion(-10.0, 20.0)), (Side.SHORT, Excursion(-20.0, 10.0))],
)
def test_a_short_sees_the_same_prints_the_other_way_round(side: Side, expected: Excursion) -> None:
    found = excursion(side, 100.0, np.array([90, 120, 100], np.int64))
    assert found.adverse_pct == pytest.approx(expected.adverse_pct)
    assert found.favourable_pct == pytest.approx(expected.favourable_pct)


def test_prints_on_one_side_of_the_entry_only_give_no_excursion_on_the_other() -> None:
    assert excursion(Side.LONG, 100.0, np.array([101], np.int64)).adverse_pct == 0.0
    assert excursion(Side.LONG, 100.0, np.empty(0, np.int64)) == Excursion(0.0, 0.0)


def test_odd_lots_official_closes_and_prints_taken_back_do_not_stand() -> None:
    rows = [(1, 10, ""), (2, 99, ""), (3, 11, "M"), (4, 12, "I"), (2, 99, "!"), (5, 13, "")]
    assert standing(_batch(rows), {}).tolist() == [True, False, False, False, False, True]


def test_a_correction_of_the_conditions_alone_leaves_the_corrected_print_standing() -> None:
    rows = [(2, 99, "I"), (2, 99, "!I"), (2, 99, "")]
    assert standing(_batch(rows), {}).tolist() == [False, False, True]
    rows = [(2, 99, ""), (2, 99, "!I")]
    assert standing(_batch(rows), {}).tolist() == [True, False]


def test_one_of_two_equal_prints_stands_when_one_is_taken_back() -> None:
    rows = [(2, 99, ""), (2, 99, ""), (2, 99, "!")]
    assert standing(_batch(rows), {}).sum() == 1


def test_what_is_printed_in_a_halt_is_neither_for_nor_against_a_trade(tmp_path: Path) -> None:
    day = date(2018, 1, 2)
    ts = [session(day).open_ns + n for n in range(6)]
    prices = map(Decimal, ("100", "98", "50", "150", "104", "103"))
    market = stored_prints(tmp_path, day, ["AAA"] * 6, ts, prices, [""] * 6)
    stored_halt(market, day, "AAA", ts[2], ts[4])
    bracket = plan("T1", "AAA", 1, 10, Decimal(100))
    stream = [run_started(), bracket, fill(bracket, OrderRole.ENTRY, 10, Decimal(100), Decimal(0))]
    (trade,) = keep_books(facts(stream)).trades
    trade = msgspec.structs.replace(trade, entry_ts=ts[0], exit_ts=ts[5])

    moved = measure(trade, market, {}, Halts(market.statuses(day)))
    assert moved is not None
    assert moved.mae_pct == pytest.approx(-2.0)
    assert moved.mfe_pct == pytest.approx(4.0)
