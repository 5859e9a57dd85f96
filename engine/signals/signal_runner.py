"""Strategies at work over the tape: blocks of closed buckets in, candidates' rows out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple, Protocol

import numpy as np
import pyarrow as pa

from engine.domain.candidate import StrategyFailure
from engine.domain.errors import StrategyError
from engine.domain.parameters import Parameters
from engine.domain.session import Session
from engine.signals.columns import TapePart
from engine.signals.history import Rolling
from engine.signals.settings import settings
from engine.signals.signal_lives import SignalLives, Told
from engine.signals.signal_tables import SIGNALS, Said, signals_table
from engine.signals.signals import checked
from engine.signals.state import Records
from engine.signals.tape import Tape
from engine.signals.tape_block import TapeBlock
from engine.signals.tape_reader import Known, TapeReader
from engine.signals.tape_strategy import TapeStrategy


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
        since, until = (first_ns + (bucket + 1) * width_ns for bucket in (start, end))
        rows = np.searchsorted(self.candidates.column("ts_event").to_numpy(), [since, until])
        said = self.candidates.slice(int(rows[0]), int(rows[1] - rows[0]))
        return said, tuple(each for each in self.failures if since <= each.ts_event < until)


class SignalSource(Protocol):
    """Who turns closed buckets into what strategies say of them."""

    def take(self, parts: Sequence[TapePart], start: int) -> SignalBlock:
        """Return what is said of the buckets from ``start`` to the last that closed."""
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


def in_process(strategies: Sequence[object], known: KnownBefore | None = None) -> MakeSource:
    """Return who asks those of some strategies that look at the tape, in this very process."""
    looking = [each for each in strategies if isinstance(each, TapeStrategy)]

    def made(session: Session, params: Parameters, on: Collection[str]) -> SignalSource | None:
        asked = [each for each in looking if each.strategy_id in on]
        if not asked:
            return None
        needs = (need for each in asked for need in each.needs())
        days = max((need.buckets for need in needs if need.kind is Rolling.DAYS), default=0)
        before = None if known is None or not days else known(session.day, days)
        return SignalRunner(asked, params, session, before)

    return made


class SignalRunner:
    """Asks strategies at each close, in this very process.

    One that raises, or whose answer cannot be believed, is switched off for the rest of the day.

    Parameters
    ----------
    strategies : sequence of TapeStrategy
        In order of precedence.
    params : Parameters
        In force at the start of the day.
    known : mapping, optional
        Previous close and average volume by symbol.
    """

    def __init__(
        self,
        strategies: Sequence[TapeStrategy],
        params: Parameters,
        session: Session,
        known: Known | None = None,
    ) -> None:
        p = settings(params, session)
        self._reader = TapeReader([need for each in strategies for need in each.needs()], known)
        self._asked = [
            _Asked(rank, each, SignalLives(p.publish, p.buckets - p.open_bucket))
            for rank, each in enumerate(strategies)
        ]
        self._windowed_to = np.empty(0, np.int64)

    def take(self, parts: Sequence[TapePart], start: int) -> SignalBlock:
        """Return what is said of the buckets from ``start`` to the last that closed."""
        block = self._reader.block(parts, start)
        said: list[Said] = []
        failures: list[StrategyFailure] = []
        for row, tape in enumerate(self._reader.tapes(block)):
            if tape.bucket < 1:
                continue
            for each in self._asked:
                told = _ask(each, tape, failures)
                if told is not None:
                    said.append(Said(row, each.rank, each.strategy.strategy_id, told))
        if not said:
            return SignalBlock(SIGNALS.empty_table(), (), tuple(failures))
        return SignalBlock(
            signals_table(block, said), tuple(self._windows(block, said)), tuple(failures)
        )

    def _windows(self, block: TapeBlock, said: Sequence[Said]) -> list[Records]:
        """Return the buckets behind what is said, but for those that were given before."""
        n, nothing = len(block.symbols), np.iinfo(np.int64).max
        more = n - len(self._windowed_to)
        if more > 0:
            self._windowed_to = np.concatenate([self._windowed_to, np.full(more, -1)])
        first, last = np.full(n, nothing), np.full(n, -1)
        for row, _, _, told in said:
            np.minimum.at(first, told.places, row)
            last[told.places] = row
        places = np.flatnonzero(last >= 0)
        starts = block.start + first[places] - block.settings.window + 1
        ends = block.start + last[places] + 1
        rows = block.buckets(places, np.maximum(starts, self._windowed_to[places]), ends)
        self._windowed_to[places] = ends
        return rows


@dataclass(slots=True)
class _Asked:
    """A strategy, and the lives of its candidates; one that failed is asked no more."""

    rank: int
    strategy: TapeStrategy
    lives: SignalLives
    has_failed: bool = field(default=False)


def _ask(asked: _Asked, tape: Tape, failures: list[StrategyFailure]) -> Told | None:
    if asked.has_failed:
        return None
    name = asked.strategy.strategy_id
    try:
        with np.errstate(all="ignore"):
            signals = checked(name, asked.strategy.signals(tape), tape.session_notional)
    except StrategyError as error:
        why = error.why
    except Exception as error:  # noqa: BLE001  (whatever a stranger's code raises)
        why = f"{type(error).__name__}: {error}"
    else:
        return asked.lives.told(tape.bucket, signals)
    asked.has_failed = True
    failures.append(StrategyFailure(tape.ts_event, name, why))
    return asked.lives.ended()


def joined(blocks: Sequence[SignalBlock]) -> SignalBlock:
    """Return what was said of blocks one after the other as one."""
    windows = [block.windows for block in blocks if block.windows]
    return SignalBlock(
        pa.concat_tables([SIGNALS.empty_table(), *(block.candidates for block in blocks)]),
        tuple(np.concatenate(own) for own in zip(*windows, strict=True)),
        tuple(failed for block in blocks for failed in block.failures),
    )
