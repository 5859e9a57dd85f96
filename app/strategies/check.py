"""Whether a strategy can be believed: it never looks ahead, and says the same whoever asks."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from app.strategies.cut_market import CutMarket
from app.strategies.hosted import Hosted
from app.strategies.opened_files import noting
from app.strategies.shown_alone import SaidAlone, SomeSymbols, first_said_alone, symbols_alone
from catalog import Catalog
from engine.domain.errors import ConfigError
from engine.domain.market_data.recorded import MarketData
from engine.domain.parameters import Parameters
from engine.domain.session import session
from engine.signals import ScanResult, scan
from engine.signals.columns import TapePart
from engine.signals.whole_tape.history import quotes
from engine.signals.whole_tape.signal_runner import SignalBlock, SignalSource

_CUTS = (0.23, 0.61)
"""Shares of the session after which the day is cut."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The first bucket at which a strategy said otherwise once the future was missing."""

    ts_event: int
    cut_ns: int
    with_future: tuple[str, ...]
    without: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckedStrategy:
    """What a check found.

    Attributes
    ----------
    look_ahead : bool
        What it said of a bucket depended on what came after it.
    repeatable : bool
        It says the same of the same day twice.
    failure : str or None
        Why it was switched off, if it was.
    lacks_quotes : bool
        It asks for quotes, and none are stored for the day: all that it saw of them was NaN.
    opened : tuple of str
        Files that it opened while it was asked: what it sees is to come from the tape alone.
    across_symbols : bool
        What it says of a symbol depends on the others on the tape, as declared or as found out: not
        on a day on which it says nothing.
    declares_across_symbols : bool
        Its class says so. One that does not, and does look across them, would say otherwise in a
        cluster.
    said_alone : SaidAlone or None
        Where it was found out.
    ms_a_bucket : float
        Wall milliseconds of a bucket; with the compiled scanner's share.
    """

    strategy: str
    date: str
    candidates: int
    look_ahead: bool
    repeatable: bool
    failure: str | None
    lacks_quotes: bool
    opened: tuple[str, ...]
    first_difference: Difference | None
    across_symbols: bool
    declares_across_symbols: bool
    said_alone: SaidAlone | None
    ms_a_bucket: float

    @property
    def is_fine(self) -> bool:
        """Whether nothing speaks against the strategy."""
        across = self.across_symbols and not self.declares_across_symbols
        return not (self.look_ahead or self.failure or self.opened or across) and self.repeatable


def checked_strategy(
    market: Catalog,
    day: date,
    hosted: Hosted,
    *,
    symbols: Sequence[str] | None = None,
    letters: Sequence[str] | None = None,
) -> CheckedStrategy:
    """Ask a strategy about a day cut short, about all of it, and compare.

    It is asked about the shortest day first: so it cannot know a future from an earlier question.

    Raises
    ------
    ConfigError
        More than one strategy, or one whose signals are compiled in.
    NotFoundError, DataError
        As ``scan`` does.
    """
    if len(hosted.look_at_the_tape) != 1:
        raise ConfigError("expected one strategy over the tape to check: give --strategy once")
    strategy = hosted.look_at_the_tape[0]
    name = strategy.strategy_id
    hours, params = session(day), Parameters()
    opened: list[str] = []
    make_source = hosted.make_source(market, opened=opened)

    def asked(of: MarketData, show: Show | None = None) -> ScanResult:
        source = make_source(hours, params, hosted.names)
        assert source is not None  # noqa: S101 - there is one strategy that looks at the tape
        shown = source if show is None else show(source)
        watched = _Watched(shown, opened)
        return scan(of, day, params, symbols=symbols, letters=letters, source=watched)

    cuts = [hours.open_ns + int(share * (hours.close_ns - hours.open_ns)) for share in _CUTS]
    short = [(cut, asked(CutMarket(market, cut))) for cut in cuts]
    started = time.perf_counter()
    whole = asked(market)
    secs = time.perf_counter() - started
    again = asked(market)
    declared = strategy.across_symbols
    cut, one = next((each for each in short if len(_until(each[1], each[0]))), short[-1])
    alone = None if declared else _said_alone(asked, CutMarket(market, cut), one, cut)
    different = [found for cut, one in short if (found := _difference(one, whole, cut)) is not None]
    return CheckedStrategy(
        strategy=name,
        date=day.isoformat(),
        candidates=whole.raised()[name],
        look_ahead=bool(different),
        repeatable=again.digest() == whole.digest(),
        failure=next((each.why for each in whole.failures), None),
        lacks_quotes=quotes() in strategy.needs() and not market.has_quotes(day),
        opened=tuple(dict.fromkeys(opened)),
        first_difference=different[0] if different else None,
        across_symbols=declared or alone is not None,
        declares_across_symbols=declared,
        said_alone=alone,
        ms_a_bucket=1_000 * secs / len(whole.breadth),
    )


type Show = Callable[[SignalSource], SignalSource]
"""Shows a source another tape."""


class _Asked(Protocol):
    """Asks a strategy about a day."""

    def __call__(self, of: MarketData, show: Show | None = None) -> ScanResult: ...


def _said_alone(
    asked: _Asked, cut_day: MarketData, whole: ScanResult, cut: int
) -> SaidAlone | None:
    """Show some symbols alone, and all others without them, and compare with what was said."""
    said = _until(whole, cut)
    chosen = symbols_alone(said)
    for shown in (*chosen, None) if chosen else ():

        def narrowed(source: SignalSource, shown: str | None = shown) -> SignalSource:
            if shown is None:
                return SomeSymbols(source, chosen, cut, shows=False)
            return SomeSymbols(source, [shown], cut, shows=True)

        found = first_said_alone(said, _until(asked(cut_day, narrowed), cut), chosen, shown=shown)
        if found is not None:
            return found
    return None


class _Watched:
    """Asks a source, and notes the files that are opened meanwhile."""

    def __init__(self, source: SignalSource, opened: list[str]) -> None:
        self._source = source
        self._opened = opened

    @property
    def wants_quotes(self) -> bool:
        """Whether the tape has to have quotes."""
        return self._source.wants_quotes

    def take(self, parts: Sequence[TapePart], start: int) -> SignalBlock:
        """Return what is said."""
        with noting(self._opened):
            return self._source.take(parts, start)

    def strips(self, symbols: int) -> Mapping[str, NDArray[np.int8]]:
        """Return each strategy's scores."""
        return self._source.strips(symbols)


def _difference(short: ScanResult, whole: ScanResult, cut: int) -> Difference | None:
    """Return the first bucket before a cut of which something else was said without a future."""
    one, two = _until(short, cut), _until(whole, cut)
    if one.equals(two):
        return None
    closes = np.union1d(one.column("ts_event").to_numpy(), two.column("ts_event").to_numpy())
    for ts in closes.tolist():
        both = [table.filter(pc.field("ts_event") == pc.scalar(ts)) for table in (two, one)]
        if not both[0].equals(both[1]):
            with_future, without = (tuple(map(str, table.to_pylist()[:3])) for table in both)
            return Difference(ts, cut, with_future, without)
    return None


def _until(result: ScanResult, cut: int) -> pa.Table:
    """Return what was said by a cut, without quotes: NaN as one value, and comparable."""
    assert result.signals is not None  # noqa: S101 - a source was given
    said = result.signals.filter(pc.field("ts_init") <= pc.scalar(cut))
    columns = ["ts_event", "strategy_id", "symbol", "side", "phase", "qualified", "score"]
    table = said.select(columns)
    score = np.nan_to_num(table.column("score").to_numpy(), nan=-1.0)
    return table.set_column(table.schema.get_field_index("score"), "score", pa.array(score))
