"""Whether a strategy can be believed: it never looks ahead, and says the same twice."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from app.strategies.cut_market import CutMarket
from app.strategies.hosted import Hosted
from app.strategies.opened_files import noting
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
    ms_a_bucket: float

    @property
    def is_fine(self) -> bool:
        """Whether nothing speaks against the strategy."""
        return not (self.look_ahead or self.failure or self.opened) and self.repeatable


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

    def asked(of: MarketData) -> ScanResult:
        source = make_source(hours, params, hosted.names)
        watched = None if source is None else _Watched(source, opened)
        return scan(of, day, params, symbols=symbols, letters=letters, source=watched)

    cuts = [hours.open_ns + int(share * (hours.close_ns - hours.open_ns)) for share in _CUTS]
    short = [(cut, asked(CutMarket(market, cut))) for cut in cuts]
    started = time.perf_counter()
    whole = asked(market)
    secs = time.perf_counter() - started
    again = asked(market)
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
        ms_a_bucket=1_000 * secs / len(whole.breadth),
    )


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
