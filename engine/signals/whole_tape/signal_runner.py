"""Strategies at work over the tape: blocks of closed buckets in, candidates' rows out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from typing import NamedTuple, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engine.domain.candidate import StrategyFailure
from engine.domain.parameters import Parameters
from engine.domain.session import Session
from engine.signals.columns import TapePart
from engine.signals.scores import UNKNOWN
from engine.signals.settings import Settings, settings
from engine.signals.state import Records
from engine.signals.whole_tape.asked_strategies import AskedStrategies, ends_at
from engine.signals.whole_tape.history import Rolling, quotes
from engine.signals.whole_tape.scanned_block import ScannedBlock
from engine.signals.whole_tape.signal_tables import SIGNALS, StrategyEvents, signals_table
from engine.signals.whole_tape.tape_block import TapeBlock
from engine.signals.whole_tape.tape_reader import Known, TapeReader
from engine.signals.whole_tape.tape_strategy import TapeStrategy


class SignalBlock(NamedTuple):
    """What strategies said at the closes of a block.

    ``candidates`` are rows of ``signal_tables.SIGNALS``, ordered by time, symbol and strategy;
    ``windows`` are the buckets behind them, by scanner, dtype ``state.BUCKET_ROW``.
    """

    candidates: pa.Table
    windows: tuple[Records, ...]
    failures: tuple[StrategyFailure, ...]

    def between(
        self, first_ns: int, width_ns: int, start: int, end: int
    ) -> tuple[pa.Table, tuple[StrategyFailure, ...]]:
        """Return what was said of the buckets from ``start`` to ``end``, that one excluded."""
        if not len(self.candidates) and not self.failures:
            return self.candidates, ()
        since, until = (first_ns + (bucket + 1) * width_ns for bucket in (start, end))
        rows = np.searchsorted(self.candidates.column("ts_event").to_numpy(), [since, until])
        said = self.candidates.slice(int(rows[0]), int(rows[1] - rows[0]))
        return said, tuple(each for each in self.failures if since <= each.ts_event < until)


_NOTHING = SignalBlock(SIGNALS.empty_table(), (), ())
"""Made once: a table of so many columns costs a millisecond, and most buckets say nothing."""


class SignalSource(Protocol):
    """Who turns closed buckets into what strategies say of them."""

    @property
    def wants_quotes(self) -> bool:
        """Whether the tape has to have quotes."""
        ...

    def take(self, parts: Sequence[TapePart], start: int) -> SignalBlock:
        """Return what is said of the buckets from ``start`` to the last that closed."""
        ...

    def strips(self, symbols: int) -> Mapping[str, NDArray[np.int8]]:
        """Return each strategy's scores at the last close, of the only scanner's symbols.

        Parameters
        ----------
        symbols : int
            How many the scanner has; arrays are by its own numbers, see ``scores.signed_scores``.
        """
        ...


class MakeSource(Protocol):
    """Who makes the source of a day."""

    def __call__(
        self, session: Session, params: Parameters, on: Collection[str]
    ) -> SignalSource | None:
        """Return a source of the strategies that are on, None where none looks at the tape."""
        ...


type KnownBefore = Callable[[date, int], Known]
"""Previous close, and average volume of so many days, by symbol as known before a day."""


class AskedElsewhere(Protocol):
    """Strategies that are asked outside this process, beside those in it."""

    @property
    def names(self) -> Collection[str]:
        """Names of the strategies."""
        ...

    def ask(self, block: TapeBlock) -> None:
        """Begin to ask about a block."""
        ...

    def answers(
        self, block: TapeBlock
    ) -> tuple[Sequence[StrategyEvents], Sequence[StrategyFailure]]:
        """Return what is said of the block, and who went wrong; waits a bounded time."""
        ...

    def strips(self) -> Mapping[str, NDArray[np.int8]]:
        """Return each strategy's scores at the last bucket, by place on the tape."""
        ...


type Ranked = tuple[int, TapeStrategy]
"""A strategy and its place in the order of precedence."""

type MakeElsewhere = Callable[[Sequence[Ranked], Settings], AskedElsewhere | None]
"""Who takes those of a day's strategies that are to be asked outside; None where none is."""


def in_process(strategies: Sequence[object], known: KnownBefore | None = None) -> MakeSource:
    """Return who asks those of some strategies that look at the tape, in this very process."""
    return make_source(strategies, known, lambda _asked, _settings: None)


def make_source(
    strategies: Sequence[object], known: KnownBefore | None, elsewhere: MakeElsewhere
) -> MakeSource:
    """Return who asks those of some strategies that look at the tape, some of them elsewhere."""
    looking = [each for each in strategies if isinstance(each, TapeStrategy)]

    def made(session: Session, params: Parameters, on: Collection[str]) -> SignalSource | None:
        asked = [each for each in looking if each.strategy_id in on]
        if not asked:
            return None
        needs = (need for each in asked for need in each.needs())
        days = max((need.buckets for need in needs if need.kind is Rolling.DAYS), default=0)
        before = None if known is None or not days else known(session.day, days)
        outside = elsewhere(list(enumerate(asked)), settings(params, session))
        return SignalRunner(asked, params, session, before, outside)

    return made


class SignalRunner:
    """Asks strategies at each close of the whole tape.

    One that raises, or whose answer cannot be believed, is switched off for the rest of the day.

    Parameters
    ----------
    strategies : sequence of TapeStrategy
        In order of precedence.
    params : Parameters
        In force at the start of the day.
    known : mapping, optional
        Previous close and average volume by symbol.
    elsewhere : AskedElsewhere, optional
        Takes some of the strategies; all others are asked in this very process.

    Attributes
    ----------
    wants_quotes : bool
        Whether one of them has declared quotes.
    """

    def __init__(
        self,
        strategies: Sequence[TapeStrategy],
        params: Parameters,
        session: Session,
        known: Known | None = None,
        elsewhere: AskedElsewhere | None = None,
    ) -> None:
        self._reader = TapeReader(known)
        self.wants_quotes = any(quotes() in each.needs() for each in strategies)
        self._ranks = {each.strategy_id: rank for rank, each in enumerate(strategies)}
        outside = () if elsewhere is None else elsewhere.names
        here = [each for each in enumerate(strategies) if each[1].strategy_id not in outside]
        self._here = AskedStrategies(here, settings(params, session))
        self._elsewhere = elsewhere
        self._windowed_to = np.empty(0, np.int64)

    def take(self, parts: Sequence[TapePart], start: int) -> SignalBlock:
        """Return what is said of the buckets from ``start`` to the last that closed."""
        block = self._reader.block(parts, start)
        if self._elsewhere is not None:
            self._elsewhere.ask(block)
        said: list[StrategyEvents] = []
        failures: list[StrategyFailure] = []
        for row, events, failed in self._here.answers(block):
            said += events
            failures += [StrategyFailure(ends_at(block, row), *each) for each in failed]
        if self._elsewhere is not None:
            outside = self._elsewhere.answers(block)
            said = sorted([*said, *outside[0]], key=lambda each: (each.row, each.rank))
            failures = sorted([*failures, *outside[1]], key=self._order)
        if not said:
            return SignalBlock(SIGNALS.empty_table(), (), tuple(failures))
        return SignalBlock(
            signals_table(block, said), tuple(self._windows(block, said)), tuple(failures)
        )

    def strips(self, symbols: int) -> dict[str, NDArray[np.int8]]:
        """Return each strategy's scores at the last close, those of the first in order first."""
        said = self._here.strips()
        if self._elsewhere is not None:
            said |= self._elsewhere.strips()
        found: dict[str, NDArray[np.int8]] = {}
        for name in sorted(said, key=self._ranks.__getitem__):
            found[name] = np.full(symbols, UNKNOWN, np.int8)
            found[name][self._reader.places.ids[: len(said[name])]] = said[name]
        return found

    def _order(self, failure: StrategyFailure) -> tuple[int, int]:
        return failure.ts_event, self._ranks[failure.strategy_id]

    def _windows(self, block: ScannedBlock, said: Sequence[StrategyEvents]) -> list[Records]:
        """Return the buckets behind what is said, but for those that were given before."""
        n, nothing = len(block.symbols), np.iinfo(np.int64).max
        more = n - len(self._windowed_to)
        if more > 0:
            self._windowed_to = np.concatenate([self._windowed_to, np.full(more, -1)])
        first, last = np.full(n, nothing), np.full(n, -1)
        for row, _, _, events in said:
            np.minimum.at(first, events.places, row)
            last[events.places] = row
        places = np.flatnonzero(last >= 0)
        starts = block.start + first[places] - block.settings.window + 1
        ends = block.start + last[places] + 1
        rows = block.buckets(places, np.maximum(starts, self._windowed_to[places]), ends)
        self._windowed_to[places] = ends
        return rows


def joined(blocks: Sequence[SignalBlock]) -> SignalBlock:
    """Return what was said of blocks one after the other as one."""
    if not blocks:
        return _NOTHING
    windows = [block.windows for block in blocks if block.windows]
    return SignalBlock(
        pa.concat_tables([SIGNALS.empty_table(), *(block.candidates for block in blocks)]),
        tuple(np.concatenate(own) for own in zip(*windows, strict=True)),
        tuple(failed for block in blocks for failed in block.failures),
    )
