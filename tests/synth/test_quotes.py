"""Quotes stand around the prints, and nothing trades or is quoted while a symbol is halted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from engine.domain.session import NANOS_PER_SECOND, session
from tests.synth.tapes import DAY, PENNY, is_auction, is_reversal

if TYPE_CHECKING:
    from catalog import Catalog


def test_quotes_are_two_sided_and_on_the_tick_grid(quotes: pd.DataFrame) -> None:
    assert (quotes.bid < quotes.ask).all()
    assert (quotes.bid > 0).all()
    assert (quotes[["bid_size", "ask_size"]] >= 100).all(axis=None)
    assert (quotes.bid[quotes.bid >= 100 * PENNY] % PENNY == 0).all()
    assert quotes.symbol.nunique() == 60


def test_quotes_are_about_as_many_as_trades(tape: pd.DataFrame, quotes: pd.DataFrame) -> None:
    assert 1.0 < len(quotes) / len(tape) < 2.0


def test_lit_prints_bounce_between_bid_and_ask(tape: pd.DataFrame, quotes: pd.DataFrame) -> None:
    hours = session(DAY)
    lit = tape[
        (tape.exchange != "D")
        & ~is_auction(tape)
        & ~is_reversal(tape)
        & tape.ts_event.between(hours.open_ns, hours.close_ns)
    ]
    quoted = pd.merge_asof(
        lit.sort_values("ts_event"),
        quotes[["symbol", "ts_event", "bid", "ask"]].sort_values("ts_event"),
        on="ts_event",
        by="symbol",
    )
    at_ask = quoted.price == quoted.ask
    at_bid = quoted.price == quoted.bid
    assert (at_ask | at_bid).mean() > 0.75
    assert 0.35 < at_ask.mean() / (at_ask | at_bid).mean() < 0.65


def test_a_halt_stops_prints_and_quotes_and_ends_in_a_reopening_with_a_gap(
    catalog: Catalog, tape: pd.DataFrame, quotes: pd.DataFrame
) -> None:
    halted, resumed = catalog.statuses(DAY)
    assert (halted.halted, resumed.halted) == (True, False)
    assert resumed.ts_event - halted.ts_event == 300 * NANOS_PER_SECOND
    own = tape[tape.symbol == halted.symbol]
    for rows in (own, quotes[quotes.symbol == halted.symbol]):
        during = rows.ts_event.between(halted.ts_event, resumed.ts_event, inclusive="left")
        assert not during.any()
    before = own[own.ts_event < halted.ts_event].sort_values("ts_event").iloc[-1]
    after = own[own.ts_event >= resumed.ts_event].sort_values("ts_event").iloc[0]
    assert after.conditions == "5"
    assert abs(np.log(after.price / before.price)) > 0.02
