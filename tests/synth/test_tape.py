"""A synthetic day's prints look like a market's: codes, sizes, prices, auctions, arrivals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from engine.domain.market_data.conditions import is_known
from engine.domain.session import NANOS_PER_SECOND, session
from tests.synth.tapes import DAY, PENNY, having, is_auction, is_reversal

if TYPE_CHECKING:
    from catalog import Catalog
    from catalog.synth import SynthReport

HOURS = session(DAY)
MATCHED_BY = ["symbol", "ts_event", "price", "size", "codes"]


def test_ordinary_prints_are_as_many_as_asked_for(tape: pd.DataFrame) -> None:
    reversals = tape[is_reversal(tape)]
    rest = tape[~is_reversal(tape) & ~is_auction(tape)]
    at = ["symbol", "ts_event", "ts_init"]
    corrected = rest.merge(reversals[at], on=at)
    assert len(corrected) > 0
    assert len(rest) - len(corrected) == 300_000


def test_all_letters_trade_and_the_index_etfs_are_among_the_busiest(tape: pd.DataFrame) -> None:
    counts = tape.symbol.value_counts()
    assert len(counts) == 60
    assert len({symbol[0] for symbol in counts.index}) == 26
    assert counts["SPY"] == counts.max()
    assert min(counts["QQQ"], counts["IWM"]) > counts.median()
    assert counts.max() > 10 * counts.min()


def test_trading_is_heaviest_at_both_ends_of_the_session(tape: pd.DataFrame) -> None:
    ends = np.linspace(HOURS.open_ns, HOURS.close_ns, 14)
    half_hours, _ = np.histogram(tape.ts_event, ends)
    assert half_hours[0] > 2 * half_hours[6]
    assert half_hours[-1] > 1.5 * half_hours[6]


def test_arrivals_are_clustered(tape: pd.DataFrame) -> None:
    busiest = tape[tape.symbol == "SPY"]
    gaps = np.diff(np.sort(busiest.ts_event))
    assert gaps.std() > 1.5 * gaps.mean()


def test_prints_outside_the_session_say_so(tape: pd.DataFrame) -> None:
    outside = (tape.ts_event < HOURS.open_ns) | (tape.ts_event >= HOURS.close_ns)
    extended = tape.conditions.str.contains("T") | tape.conditions.str.contains("U")
    assert 0.01 < outside.mean() < 0.1
    pd.testing.assert_series_equal(
        extended, outside & ~is_auction(tape), check_names=False, check_dtype=False
    )


def test_odd_lots_say_so(tape: pd.DataFrame) -> None:
    odd = tape["size"] < 100
    assert 0.2 < odd.mean() < 0.6
    marked = tape.conditions.str.endswith("I")
    pd.testing.assert_series_equal(marked, odd, check_names=False, check_dtype=False)


def test_every_sale_condition_is_one_the_scanner_knows(tape: pd.DataFrame) -> None:
    codes = set("".join(tape.conditions.unique())) - {"!"}
    assert all(is_known(code) for code in codes)
    assert codes >= set("FITZUOQ6M54W7")


def test_prices_lie_on_the_tick_grid_except_off_exchange(tape: pd.DataFrame) -> None:
    lit = tape[tape.exchange != "D"]
    dollars = lit.price >= 100 * PENNY
    assert (lit.price[dollars] % PENNY == 0).all()
    assert (lit.price % 100 == 0).all()
    off_exchange = tape[(tape.exchange == "D") & (tape.price >= 100 * PENNY)]
    assert 0.05 < (off_exchange.price % PENNY != 0).mean() < 0.6


def test_official_prints_repeat_the_auctions(tape: pd.DataFrame) -> None:
    for auction, official in (("O", "Q"), ("6", "M")):
        columns = ["symbol", "ts_event", "price", "size", "exchange"]
        held = tape[tape.conditions == auction][columns].reset_index(drop=True)
        repeated = tape[tape.conditions == official][columns].reset_index(drop=True)
        assert len(held) == 60
        pd.testing.assert_frame_equal(
            held.sort_values("symbol", ignore_index=True),
            repeated.sort_values("symbol", ignore_index=True),
        )
    closing = tape[tape.conditions == "6"]
    assert (closing.ts_event >= HOURS.close_ns).all()
    assert 0.02 < closing["size"].sum() / tape["size"].sum() < 0.2


def test_prints_arrive_in_order_and_after_they_happened(tape: pd.DataFrame) -> None:
    delay = tape.ts_init - tape.ts_event
    assert (delay > 0).all()
    assert delay.median() < 5e6
    for _, letter in tape.groupby(tape.symbol.str[0]):
        assert letter.ts_init.is_monotonic_increasing
        assert not letter.ts_event.is_monotonic_increasing


def test_prints_more_than_five_seconds_late_are_sold_out_of_sequence(tape: pd.DataFrame) -> None:
    first = tape[~is_reversal(tape) & ~is_auction(tape)]
    corrections = tape[is_reversal(tape)].ts_init
    late = (first.ts_init - first.ts_event > 5 * NANOS_PER_SECOND) & ~first.ts_init.isin(
        corrections
    )
    marked = having(first, "Z") | having(first, "U")
    assert 10 < late.sum() < 1_000
    assert marked[late].all()
    assert (late | first.ts_init.isin(corrections))[marked].all()


def test_every_reversal_takes_back_one_print_that_came_before(tape: pd.DataFrame) -> None:
    coded = tape.assign(codes=tape.conditions.str.removeprefix("!"))
    reversals = coded[is_reversal(tape)]
    both = reversals.merge(coded[~is_reversal(tape)], on=MATCHED_BY, suffixes=("", "_of"))
    own = both[both.trade_id == both.trade_id_of]
    assert len(reversals) > 5
    assert sorted(own.trade_id) == sorted(reversals.trade_id)
    assert (own.ts_init > own.ts_init_of).all()


def test_trade_ids_are_unique_within_a_symbol(tape: pd.DataFrame) -> None:
    prints = tape[~is_reversal(tape)]
    assert not prints.duplicated(["symbol", "trade_id"]).any()


def test_instruments_are_stored_with_their_tapes(catalog: Catalog, report: SynthReport) -> None:
    tapes = catalog.tapes(DAY)
    assert len(tapes) == report.recipe.symbols
    assert (tapes["SPY"], tapes["QQQ"], tapes["F"]) == ("B", "C", "A")
