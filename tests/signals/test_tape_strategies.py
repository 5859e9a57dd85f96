"""Strategies over the whole tape say the same in a batch, a stream, and however it is cut."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from catalog import Catalog
from catalog.synth import synthesize
from engine.domain.candidate import FadeReason, Phase
from engine.domain.parameters import Parameters
from engine.domain.session import session
from engine.pipeline import observe
from engine.signals import Scanner, ScanResult, scan
from engine.signals.digest import CandidateDigest
from engine.signals.report_digest import ReportDigest
from engine.signals.whole_tape.signal_runner import SignalRunner
from engine.signals.whole_tape.signals import Signals
from engine.signals.whole_tape.tape import Tape
from engine.signals.whole_tape.tape_strategy import TapeStrategy
from tests.signals.shown_strategies import Breakout, Follower

DAY = date(2026, 9, 18)
HOURS = session(DAY)


class Raises(Breakout):
    """Fails in the middle of the day."""

    strategy_id = "raises"

    def signals(self, tape: Tape) -> Signals:
        """Say it."""
        if tape.bucket == 700:
            raise ZeroDivisionError("of its own making")
        return super().signals(tape)


class Shapeless(Breakout):
    """Answers for one symbol too few."""

    strategy_id = "shapeless"

    def signals(self, tape: Tape) -> Signals:
        """Say it."""
        return Signals(np.ones(len(tape) - 1), np.ones(len(tape)))


class Unknowing(Breakout):
    """Says NaN where it should say how sure it is."""

    strategy_id = "unknowing"

    def signals(self, tape: Tape) -> Signals:
        """Say it."""
        return Signals(np.ones(len(tape)), np.full(len(tape), np.nan))


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    catalog = Catalog(str(tmp_path_factory.mktemp("market")))
    synthesize(catalog, DAY, symbols=60, trades=200_000, seed=11, quotes=True)
    return catalog


def runner(*strategies: TapeStrategy) -> SignalRunner:
    return SignalRunner(strategies, Parameters(), HOURS)


@pytest.fixture(scope="module")
def scanned(market: Catalog) -> ScanResult:
    return scan(market, DAY, Parameters(), source=runner(Breakout(), Follower()))


def test_strategies_leave_the_compiled_one_alone(market: Catalog, scanned: ScanResult) -> None:
    alone = scan(market, DAY, Parameters())
    assert len(alone.candidates) > 100
    compiled = CandidateDigest()
    compiled.update(scanned.candidates, scanned.breadth)
    assert compiled.hexdigest() == alone.digest()
    assert scanned.digest() != alone.digest()


def test_both_raise_candidates_with_quotes_and_windows(scanned: ScanResult) -> None:
    assert scanned.signals is not None
    raised = {"breakout": 0, "follower": 0, "acceleration": 0}
    quoted = windows = 0
    for report in scanned.reports():
        order = [(each.symbol, each.strategy_id) for each in report.candidates]
        assert [symbol for symbol, _ in order] == sorted(symbol for symbol, _ in order)
        for each in report.candidates:
            raised[each.strategy_id] += each.phase is Phase.RAISED
            quoted += each.quote is not None and each.strategy_id != "acceleration"
            windows += each.window.ts[-1] == each.ts_event
            assert each.qualified == (
                all(f.passed for f in each.features) and each.phase != Phase.FADED
            )
    assert min(raised.values()) >= 5
    assert quoted >= 20
    assert windows >= sum(raised.values())


def test_reports_have_the_digest_of_the_tables_they_were_made_of(scanned: ScanResult) -> None:
    digest = ReportDigest(asks=True)
    for report in scanned.reports():
        digest.update(report)
    assert digest.hexdigest() == scanned.digest()


def test_a_stream_in_pieces_says_what_the_batch_said(market: Catalog, scanned: ScanResult) -> None:
    params = Parameters()
    stream = Scanner(params, HOURS, market.tapes(DAY), source=runner(Breakout(), Follower()))
    symbols = [
        name
        for letter in market.letters(DAY)
        for batch in market.trade_batches(DAY, letter)
        for name in batch.symbols
    ]
    reports, start = [], HOURS.pre_market_ns
    for now in [*range(HOURS.open_ns, HOURS.close_ns, 401 * 10**9), HOURS.close_ns + 10**9]:
        prints = market.trades(DAY, symbols, start, now)
        quotes = market.quotes(DAY, symbols, start, now)
        reports += observe(
            stream, [quotes] if len(quotes) else [], [prints] if len(prints) else [], now
        )
        start = now
    assert len(reports) == 4_680
    assert stream.digest() == scanned.digest()


def test_a_strategy_that_goes_wrong_is_switched_off_and_the_others_go_on(market: Catalog) -> None:
    result = scan(
        market, DAY, Parameters(), source=runner(Raises(), Breakout(), Shapeless(), Unknowing())
    )
    assert result.signals is not None
    failed = {each.strategy_id: each for each in result.failures}
    assert set(failed) == {"raises", "shapeless", "unknowing"}
    assert failed["raises"].why == "ZeroDivisionError: of its own making"
    assert failed["raises"].ts_event == HOURS.open_ns + 700 * 5 * 10**9
    assert "expected (" in failed["shapeless"].why
    assert "nan" in failed["unknowing"].why
    own = result.signals.to_pandas()
    raises, breakout = (own[own.strategy_id == name] for name in ("raises", "breakout"))
    assert raises.ts_event.max() <= failed["raises"].ts_event < breakout.ts_event.max()
    assert (raises.phase == Phase.RAISED).sum() > 0
    assert set(raises[raises.ts_event == failed["raises"].ts_event].fade_reason) <= {
        FadeReason.STRATEGY_OFF
    }
    told = [failure for report in result.reports() for failure in report.failures]
    assert told == list(result.failures)


def test_what_a_strategy_sees_cannot_be_written_to(market: Catalog) -> None:
    class Vandal(Breakout):
        """Writes to what it is shown."""

        strategy_id = "vandal"

        def signals(self, tape: Tape) -> Signals:
            """Overwrite the prices."""
            tape.last[:] = 1.0
            return super().signals(tape)

    result = scan(market, DAY, Parameters(), source=runner(Vandal()))
    assert [each.strategy_id for each in result.failures] == ["vandal"]
    assert "read-only" in result.failures[0].why


def test_one_worker_says_what_two_said(market: Catalog, scanned: ScanResult) -> None:
    two = scan(market, DAY, Parameters(), workers=1, source=runner(Breakout(), Follower()))
    assert two.digest() == scanned.digest()
