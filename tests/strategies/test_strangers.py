"""A stranger's strategy that hangs, leaks or dies is named and switched off; the others go on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from numpy.typing import NDArray

from app.strategies import hosted
from app.strategies.check import checked_strategy
from app.strategies.workers import RECORDED
from catalog import Catalog
from catalog.synth import synthesize
from engine.domain.candidate import BucketReport, FadeReason, Phase
from engine.domain.errors import StrategyError
from engine.domain.facts import ExitReason
from engine.domain.markets.instrument import ALPACA_STOCKS
from engine.domain.parameters import Parameters
from engine.domain.session import session
from engine.domain.strategy import ActiveTrade, RequestExit
from engine.pipeline import observe
from engine.signals import Scanner, ScanResult, scan
from engine.signals.scores import UNKNOWN
from engine.signals.whole_tape.signal_runner import SignalSource, in_process
from strategies import Reversion
from tests.runtime.stage import plan
from tests.strategies import misbehaving

DAY = date(2026, 9, 18)
HOURS = session(DAY)
GOOD = f"{misbehaving.__name__}:Good", f"{misbehaving.__name__}:AlsoGood"
WHY = {
    "loops": "it did not return within 5 s of computing",
    "loops_compiled": "it did not return within 5 s of computing",
    "exits": "its process ended with exit code 3",
    "crashes": "its process was killed by SIGSEGV",
    "leaks": "it used up the 2 GiB of memory that a strategy may take: MemoryError: "
    "Unable to allocate 256. MiB for an array with shape (33554432,) and data type float64",
    "asleep": "its process ended with exit code 4",
}


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    catalog = Catalog(str(tmp_path_factory.mktemp("market")))
    synthesize(catalog, DAY, symbols=60, trades=200_000, seed=11, quotes=True)
    return catalog


def source(*names: str) -> SignalSource:
    asked = hosted(names)
    made = asked.make_source(None)(HOURS, Parameters(), asked.names)
    assert made is not None
    return made


@pytest.fixture(scope="module")
def inside(market: Catalog) -> ScanResult:
    return scan(market, DAY, Parameters(), source=here())


def here() -> SignalSource:
    """Return who asks the same strategies in this very process."""
    own = misbehaving.Good(), misbehaving.AlsoGood(), Reversion()
    made = in_process(own)(HOURS, Parameters(), [each.strategy_id for each in own])
    assert made is not None
    return made


def test_strangers_say_outside_what_they_say_inside(market: Catalog, inside: ScanResult) -> None:
    outside = scan(market, DAY, Parameters(), source=source(*GOOD, "reversion"))
    assert min(inside.raised()[name] for name in ("good", "also_good", "reversion")) > 0
    assert not outside.failures
    assert outside.signals == inside.signals
    assert outside.digest() == inside.digest()


def test_a_stream_hears_of_them_what_a_batch_does(market: Catalog, inside: ScanResult) -> None:
    reports, strips = streamed(market, source(*GOOD, "reversion"))
    assert inside.signals is not None
    own = inside.signals.to_pandas()
    batch = own[own.ts_event <= HOURS.at("10:00")]
    assert len(batch) > 20
    told = [
        (each.ts_event, each.symbol, each.strategy_id, each.phase, each.score)
        for report in reports
        for each in report.candidates
        if each.strategy_id != "acceleration"
    ]
    columns = batch[["ts_event", "symbol", "strategy_id", "phase", "score"]]
    assert told == [tuple(row) for row in columns.itertuples(index=False)]

    _, in_this_process = streamed(market, here())
    assert list(strips) == list(in_this_process) == ["good", "also_good", "reversion"]
    for name, strip in strips.items():
        assert np.count_nonzero(strip != UNKNOWN) > len(strip) / 2
        assert strip.tolist() == in_this_process[name].tolist()
    assert np.count_nonzero(strips["reversion"] > 0) > 5
    assert np.count_nonzero(strips["reversion"] < 0) > 5


def streamed(
    market: Catalog, asked: SignalSource | None
) -> tuple[list[BucketReport], Mapping[str, NDArray[np.int8]]]:
    """Return the reports of half an hour, and every strategy's scores at its end."""
    stream = Scanner(Parameters(), HOURS, market.tapes(DAY), source=asked)
    symbols = [
        name
        for letter in market.letters(DAY)
        for batch in market.trade_batches(DAY, letter)
        for name in batch.symbols
    ]
    start, ten = HOURS.pre_market_ns, HOURS.at("10:00")
    reports: list[BucketReport] = []
    for now in [*range(HOURS.open_ns, ten, 401 * 10**9), ten + 10**9]:
        prints = market.trades(DAY, symbols, start, now)
        quotes = market.quotes(DAY, symbols, start, now)
        pieces = [prints.rows(slice(0)), prints]
        reports += observe(stream, [quotes] if len(quotes) else [], pieces, now)
        start = now
    return reports, stream.strips()


def test_those_that_take_their_process_down_are_named_and_the_good_one_says_the_same(
    market: Catalog, inside: ScanResult
) -> None:
    bad = [f"{misbehaving.__name__}:{name}" for name in (
        "Loops", "LoopsCompiled", "Exits", "Crashes", "Leaks", "Asleep",
    )]  # fmt: skip
    asked = source(GOOD[0], *bad)
    result = scan(market, DAY, Parameters(), source=asked)
    assert {each.strategy_id: each.why for each in result.failures} == WHY
    failed = {each.strategy_id: each.ts_event for each in result.failures}
    at = HOURS.open_ns + misbehaving.AT * 5 * 10**9
    assert failed.pop("asleep") == HOURS.open_ns + 5 * 10**9
    leaked = failed.pop("leaks")
    assert at < leaked <= at + 9 * 5 * 10**9
    assert set(failed.values()) == {at}

    assert result.signals is not None
    assert inside.signals is not None
    own, alone = result.signals.to_pandas(), inside.signals.to_pandas()
    said = own[own.strategy_id == "good"].drop(columns=["features"]).reset_index(drop=True)
    expected = alone[alone.strategy_id == "good"].drop(columns=["features"])
    assert said.equals(expected.reset_index(drop=True))
    columns = ["ts_event", "symbol", "side", "phase", "score"]
    before = said[said.ts_event < at]
    for name in failed:
        theirs = own[own.strategy_id == name].reset_index(drop=True)
        told = theirs[theirs.ts_event < at]
        assert told[columns].equals(before[columns])
        last = theirs[theirs.ts_event >= at]
        assert set(last.fade_reason) <= {FadeReason.STRATEGY_OFF}
        raised, faded = ((theirs.phase == each).sum() for each in (Phase.RAISED, Phase.FADED))
        assert raised == faded > 0


def test_a_check_sees_what_a_stranger_opens_in_its_process(market: Catalog) -> None:
    checked = checked_strategy(market, DAY, hosted([f"{misbehaving.__name__}:Reads"]))
    assert checked.opened == ("/etc/hostname",)
    assert not checked.is_fine


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (1, "ValueError: odd"),
        (3, "its process ended with exit code 5"),
        (5, "it did not return within 2 s when asked about a trade"),
        (7, "it did not return within 5 s of computing"),
    ],
)
def test_a_stranger_looks_after_its_trades_outside(now: int, why: str) -> None:
    asked = hosted([f"{misbehaving.__name__}:Watcher"])
    limits = RECORDED._replace(bucket_secs=2.0) if now == 5 else RECORDED
    assert asked.make_source(None, limits) is not None
    (watcher,) = asked.strategies
    bought = plan()
    grid = ALPACA_STOCKS.find(bought.symbol).grid_at(0)
    trade = ActiveTrade(bought, None, Decimal(98), Decimal(100), grid)
    if now == 1:
        assert watcher.watches(bought)
        assert watcher.react(trade, 2) == RequestExit(ExitReason.OPERATOR)
    with pytest.raises(StrategyError) as error:
        watcher.react(trade, now)
    assert error.value.why == why
