"""Quotes on the tape: against plain pandas, and the same however a day reaches the scanner."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from app.strategies import Hosted
from app.strategies.check import checked_strategy
from catalog import Catalog
from catalog.synth import synthesize
from engine.domain.ensemble import Ensemble
from engine.domain.facts import Member
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.trades import TradeBatch
from engine.domain.parameters import Parameters
from engine.domain.parameters.versions import Stretch
from engine.domain.session import session
from engine.pipeline import observe
from engine.signals import Scanner, scan
from engine.signals.warm_up import warm_up
from engine.signals.whole_tape.history import Need, quotes
from engine.signals.whole_tape.signal_runner import SignalRunner
from engine.signals.whole_tape.signals import Signals, at_least
from engine.signals.whole_tape.tape import Tape
from engine.signals.whole_tape.tape_strategy import StrategyParameters, TapeStrategy
from tests.signals.shown_strategies import Breakout

DAY = date(2026, 9, 18)
HOURS = session(DAY)
WIDTH = 5 * 10**9
FIELDS = ("bid", "ask", "bid_size", "ask_size", "quote_age")
LATER = Stretch(HOURS.at("10:20"), 2, Parameters(late_trade_grace_ms=1_900))
"""From then on a bucket closes later, with the quotes that came meanwhile."""


class Quoted(TapeStrategy):
    """Buys what is quoted tightly, and remembers what it was shown."""

    strategy_id = "quoted"

    def __init__(self, parameters: StrategyParameters | None = None) -> None:
        super().__init__(parameters)
        self.seen: list[tuple[int, int, tuple[str, ...], bytes]] = []

    def needs(self) -> Sequence[Need]:
        """Ask for quotes."""
        return (quotes(),)

    def signals(self, tape: Tape) -> Signals:
        """Say it."""
        shown = np.vstack([getattr(tape, name) for name in FIELDS])
        self.seen.append((tape.ts_event, tape.ts_init, tuple(tape.symbols), shown.tobytes()))
        spread_bps = 2e4 * (tape.ask - tape.bid) / (tape.ask + tape.bid)
        tight = 1 / np.maximum(spread_bps, 0.1)
        features = {"tight": at_least(tight, 0.6), "volume": at_least(tape.volume, 500)}
        return Signals(np.ones(len(tape)), tight, features)


class Undeclared(Quoted):
    """Looks at quotes without saying so."""

    strategy_id = "undeclared"

    def needs(self) -> Sequence[Need]:
        """Ask for nothing."""
        return ()


class Unread(Catalog):
    """A day whose quotes nobody may read in a row."""

    def quote_batches(self, day: date, letter: str) -> Iterator[QuoteBatch]:
        """Refuse."""
        raise AssertionError(f"the quotes of {letter} on {day} are read")


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    catalog = Catalog(str(tmp_path_factory.mktemp("market")))
    synthesize(catalog, DAY, symbols=24, trades=20_000, seed=11, quotes=True)
    return catalog


def asked(strategy: TapeStrategy) -> SignalRunner:
    return SignalRunner([strategy], Parameters(), HOURS)


@pytest.fixture(scope="module")
def batch(market: Catalog) -> Quoted:
    """Return what a scan has shown."""
    strategy = Quoted()
    scanned = scan(market, DAY, Parameters(), changes=[LATER], source=asked(strategy))
    assert not scanned.failures
    assert scanned.raised()["quoted"] > 20
    return strategy


def whole_day(market: Catalog) -> tuple[QuoteBatch, TradeBatch]:
    symbols = [
        name
        for letter in market.letters(DAY)
        for each in market.trade_batches(DAY, letter)
        for name in each.symbols
    ]
    span = DAY, sorted({*symbols}), HOURS.pre_market_ns, HOURS.close_ns + 10 * WIDTH
    return market.quotes(*span), market.trades(*span)


def test_quotes_equal_plain_pandas(market: Catalog, batch: Quoted) -> None:
    assert len(batch.seen) == 4_680
    assert [ts_init - ts for ts, ts_init, _, _ in (batch.seen[0], batch.seen[-1])] == [
        250_000_000,
        1_900_000_000,
    ]
    shown = pd.concat(
        pd.DataFrame(np.frombuffer(bits).reshape(5, -1).T, columns=[*FIELDS]).assign(
            symbol=symbols, ts_init=ts_init
        )
        for _, ts_init, symbols, bits in batch.seen
    )
    day, _ = whole_day(market)
    quoted = pd.DataFrame(
        {
            "symbol": np.array(day.symbols)[day.symbol_id],
            "ts_init": day.ts_init,
            "arrived": day.ts_init - HOURS.pre_market_ns,  # small: exact as a float
            "bid": day.bid / 1e6,
            "ask": day.ask / 1e6,
            "bid_size": day.bid_size.astype(float),
            "ask_size": day.ask_size.astype(float),
        }
    )
    expected = pd.merge_asof(
        shown[["symbol", "ts_init"]].sort_values("ts_init", kind="stable"),
        quoted,
        on="ts_init",
        by="symbol",
        allow_exact_matches=False,
        tolerance=60 * 10**9,
    )
    closes = expected.ts_init - HOURS.pre_market_ns
    expected["quote_age"] = (closes - expected.arrived) / 1e9
    assert 50_000 < expected.bid.notna().sum() < len(expected) - 1_000
    for name in FIELDS:
        np.testing.assert_array_equal(shown[name].to_numpy(), expected[name].to_numpy())


def test_any_cutting_of_a_stream_and_a_restart_show_the_same_quotes(
    market: Catalog, batch: Quoted
) -> None:
    chance = np.random.default_rng(1)
    strategy = Quoted()
    stream = Scanner(Parameters(), HOURS, market.tapes(DAY), source=asked(strategy))
    stream.change(LATER)
    heard, prints = whole_day(market)
    cuts = np.sort(chance.integers(HOURS.open_ns, HOURS.at("10:40"), 40)).tolist()
    edges = [HOURS.pre_market_ns, *cuts, HOURS.at("10:40")]
    restart = len(edges) // 3
    for number, (start, now) in enumerate(pairwise(edges)):
        quoted = [heard.rows(slice(*np.searchsorted(heard.ts_init, (start, now)).tolist()))]
        printed = [prints.rows(slice(*np.searchsorted(prints.ts_init, (start, now)).tolist()))]
        if number < restart:  # heard before: many buckets close at once
            assert list(warm_up(stream, quoted, printed)) is not None
        else:
            observe(stream, quoted, printed, now)
    assert len(strategy.seen) > 800
    assert strategy.seen == batch.seen[: len(strategy.seen)]


def test_quotes_that_nobody_declared_are_neither_shown_nor_read(market: Catalog) -> None:
    unread = Unread(market.root)
    assert scan(unread, DAY, Parameters(), source=asked(Breakout())).raised()["breakout"]
    refused = scan(unread, DAY, Parameters(), source=asked(Undeclared()))
    assert [each.why for each in refused.failures] == [
        "ConfigError: quotes are not among what the strategy declared: add quotes() to 'needs'"
    ]
    with pytest.raises(AssertionError, match="are read"):
        scan(unread, DAY, Parameters(), source=asked(Quoted()))


def test_a_day_without_quotes_shows_none_and_the_check_says_so(tmp_path: object) -> None:
    catalog = Catalog(str(tmp_path))
    synthesize(catalog, DAY, symbols=6, trades=3_000, seed=5, quotes=False)
    strategy = Quoted()
    member = Member("quoted", "", 1.0, is_on=True, parameters={}, bracket={})
    found = checked_strategy(catalog, DAY, Hosted((strategy,), Ensemble(1, (member,))))
    assert (found.lacks_quotes, found.failure, found.is_fine) == (True, None, True)
    assert all(np.isnan(np.frombuffer(bits)).all() for *_, bits in strategy.seen)
    assert sum(len(bits) for *_, bits in strategy.seen) > 10_000
