"""Strangers' strategies asked in processes of their own, at once, and never waited for in vain."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from socket import socket
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from app.strategies.workers.limits import (
    COMPUTING_SECS,
    TRIAL_COMPUTING_SECS,
    TRIAL_SECS,
    Limits,
)
from app.strategies.workers.looks_outside import Looks
from app.strategies.workers.messages import (
    Begin,
    Block,
    Column,
    Done,
    Fails,
    Ready,
    Ring,
    Says,
    Unreadable,
    Wants,
)
from app.strategies.workers.shared_columns import Placed, SharedColumns
from app.strategies.workers.strategy_process import StrategyProcess, StrategyProcesses
from engine.domain.candidate import StrategyFailure
from engine.signals.settings import Settings
from engine.signals.whole_tape.asked_strategies import ends_at, lives_of
from engine.signals.whole_tape.signal_lives import SignalLives
from engine.signals.whole_tape.signal_tables import StrategyEvents
from engine.signals.whole_tape.tape_block import RINGS, TapeBlock

_SECOND_NS = 1_000_000_000


class Stranger(NamedTuple):
    """A strategy from outside: ``source`` is ``module:Class``, ``rank`` its precedence."""

    rank: int
    strategy_id: str
    source: str
    parameters: dict[str, Any]


class AskedOutside:
    """Asks each strategy in a process of its own; one that does not answer is killed.

    Its candidates fade, and it is named with why, at the bucket that it was asked about; all that
    it said of the buckets before holds.

    Parameters
    ----------
    strangers : sequence of Stranger
    p : Settings
        In force at the start of the day.
    limits : Limits
        How long an answer is waited for.
    processes : StrategyProcesses
        Gives processes, and takes back those that live at the end.
    looks : mapping of name to Looks, optional
        Takes what the strategies' processes read, start or connect to.
    """

    def __init__(
        self,
        strangers: Sequence[Stranger],
        p: Settings,
        limits: Limits,
        processes: StrategyProcesses,
        looks: Mapping[str, Looks] | None = None,
    ) -> None:
        self._limits = limits
        self._looks = looks
        self._sent = 0
        self._asked = [
            _Asked(each, processes.taken(each.source), lives_of(p)) for each in strangers
        ]
        weakref.finalize(self, _give_back, processes, self._asked)
        for each in self._asked:
            begin = Begin(
                each.stranger.source, each.stranger.parameters, p, notes_looks=looks is not None
            )
            self._send(each, begin)
        began = time.monotonic_ns()
        self._hear(
            None,
            lambda _: began + int(TRIAL_SECS * _SECOND_NS),
            f"it did not return within {TRIAL_SECS:g} s when it was tried on a made-up bucket",
        )

    @property
    def names(self) -> Collection[str]:
        """Names of the strategies, those that were switched off included."""
        return {each.stranger.strategy_id for each in self._asked}

    def ask(self, block: TapeBlock) -> None:
        """Begin to ask about a block."""
        fresh = slice(self._sent, None)
        self._sent = len(block.symbols)
        for each in self._asked:
            if each.is_off:
                continue
            columns = each.process.columns
            columns.begin()
            placed = {ring: _put(columns, ring, block) for ring in each.rings}
            closed = Block(
                block.settings,
                block.start,
                block.start + len(block),
                list(block.symbols[fresh]),
                block.first_buckets[fresh],
                block.context.previous_close[fresh],
                block.context.average_volume[fresh],
                placed,
            )
            self._send(each, closed)

    def answers(
        self, block: TapeBlock
    ) -> tuple[Sequence[StrategyEvents], Sequence[StrategyFailure]]:
        """Return what is said of the block, and who went wrong; waits within its limits."""
        began, limits = time.monotonic_ns(), self._limits
        block_ends = began + int(limits.block_secs(len(block)) * _SECOND_NS)

        def until(each: _Asked) -> int:
            since = max(began, each.served_ns, each.process.progress.read()[1])
            return min(block_ends, since + int(limits.bucket_secs * _SECOND_NS))

        self._hear(block, until, f"it did not return within {limits.bucket_secs:g} s")
        said: list[StrategyEvents] = []
        failures: list[StrategyFailure] = []
        for each in self._asked:
            self._take(each, block, said, failures)
        return said, failures

    def strips(self) -> dict[str, NDArray[np.int8]]:
        """Return the scores at the last bucket of each that is still asked, by place."""
        return {
            each.stranger.strategy_id: each.strip
            for each in self._asked
            if each.strip is not None and not each.is_off
        }

    def _send(self, each: _Asked, message: Begin | Block) -> None:
        each.is_waited_for = True
        each.process.progress.tell(0, 0)
        try:
            each.process.line.send(message)
        except OSError:
            each.fail(None, each.process.ending(self._limits.ending_secs))

    def _hear(self, block: TapeBlock | None, until: Callable[[_Asked], int], too_late: str) -> None:
        """Take what is said until everybody has, or is too late."""
        while waiting := [each for each in self._asked if each.is_waited_for]:
            left_ns = min(until(each) for each in waiting) - time.monotonic_ns()
            by_line = {each.process.line.end: each for each in waiting}
            heard = wait(list(by_line), max(0.0, left_ns / _SECOND_NS))
            for line in heard:
                self._hear_one(by_line[cast("socket", line)], block)
            now = time.monotonic_ns()
            for each in waiting:
                if each.is_waited_for and each.process.line.end not in heard and now >= until(each):
                    each.process.killed(self._limits.ending_secs)
                    each.fail(each.process.progress.read()[0], too_late)

    def _hear_one(self, each: _Asked, block: TapeBlock | None) -> None:
        try:
            messages = each.process.line.received()
        except (OSError, EOFError):
            secs = COMPUTING_SECS if block is not None else TRIAL_COMPUTING_SECS
            why = each.process.ending(self._limits.ending_secs, secs)
            each.fail(each.process.progress.read()[0], why)
            return
        except Unreadable as error:
            each.fail(each.process.progress.read()[0], str(error))
            each.process.killed(self._limits.ending_secs)
            return
        for message in messages:
            match message:
                case Says(row, events):
                    each.lives.follow(events)
                    each.said.append(
                        StrategyEvents(row, each.stranger.rank, each.stranger.strategy_id, events)
                    )
                case Wants(ring) if block is not None and _is_past(ring, block):
                    each.rings.append(ring)
                    self._serve(each, block, ring)
                case Fails(row, why):
                    each.fail(row, why)
                    each.process.killed(self._limits.ending_secs)
                case Ready(looked):
                    each.is_waited_for = False
                    if self._looks is not None:
                        self._looks[each.stranger.strategy_id].before.extend(looked)
                case Done(looked, strip):
                    each.is_waited_for = False
                    each.strip = strip
                    if self._looks is not None:
                        self._looks[each.stranger.strategy_id].meanwhile.extend(looked)
                case _:
                    each.fail(each.process.progress.read()[0], f"its process said {message!r}")
                    each.process.killed(self._limits.ending_secs)

    def _serve(self, each: _Asked, block: TapeBlock, ring: Ring) -> None:
        try:
            each.process.line.send(Column(_put(each.process.columns, ring, block)))
        except OSError:
            each.fail(
                each.process.progress.read()[0], each.process.ending(self._limits.ending_secs)
            )
        each.served_ns = time.monotonic_ns()

    def _take(
        self,
        each: _Asked,
        block: TapeBlock,
        said: list[StrategyEvents],
        failures: list[StrategyFailure],
    ) -> None:
        """Take what one strategy said; its end counts from the first bucket of a session."""
        said += each.said
        each.said = []
        if each.end is None:
            return
        row = max(each.end.row or 0, block.settings.open_bucket - block.start)
        if row >= len(block):
            each.end = _End(None, each.end.why)
            return
        name = each.stranger.strategy_id
        failures.append(StrategyFailure(ends_at(block, row), name, each.end.why))
        if (events := each.lives.ended()) is not None:
            said.append(StrategyEvents(row, each.stranger.rank, name, events))
        each.end = None


class _End(NamedTuple):
    """Where in a block a strategy went wrong, None for before it, and why."""

    row: int | None
    why: str


@dataclass(slots=True, eq=False)
class _Asked:
    """A strategy, its process, the columns that it reads, and how it ended once it has."""

    stranger: Stranger
    process: StrategyProcess
    lives: SignalLives
    rings: list[Ring] = field(default_factory=list[Ring])
    said: list[StrategyEvents] = field(default_factory=list[StrategyEvents])
    is_waited_for: bool = False
    is_off: bool = False
    served_ns: int = 0
    end: _End | None = None
    strip: NDArray[np.int8] | None = None

    def fail(self, row: int | None, why: str) -> None:
        """Ask it no more; what went wrong first is why."""
        self.is_waited_for = False
        if not self.is_off:
            self.is_off, self.end = True, _End(row, why)


def _put(columns: SharedColumns, ring: Ring, block: TapeBlock) -> Placed:
    """Write a column of a block where a strategy's process reads it."""
    name, back = ring
    shape = len(block), len(block.symbols)
    return columns.put(ring, RINGS[name], shape, lambda out: block.copy_ring(name, back, out))


def _is_past(ring: Ring, block: TapeBlock) -> bool:
    """Say whether a column is one of closed buckets that the scanners keep."""
    name, back = ring
    return name in RINGS and 0 <= back <= block.settings.window


def _give_back(processes: StrategyProcesses, asked: Sequence[_Asked]) -> None:
    """Keep the processes that wait to be asked for another day, and end the others."""
    for each in asked:
        if each.is_off or each.is_waited_for:
            each.process.closed()
        else:
            processes.give_back(each.stranger.source, each.process)
