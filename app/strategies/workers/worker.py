"""The process of one stranger's strategy: it asks it about blocks until nobody asks any more.

Whatever the strategy does to this process, the run only sees an answer that does not come. Should
the run itself be gone, a strategy that does not return is killed by an alarm clock at last.
"""

from __future__ import annotations

import gc
import os
import resource
import signal
import socket
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from app.strategies.found import Step
from app.strategies.loaded import described, load_strategy
from app.strategies.made import made_strategy
from app.strategies.workers.limits import (
    COMPUTING_SECS,
    MEMORY_BYTES,
    TRIAL_COMPUTING_SECS,
)
from app.strategies.workers.looks_outside import LooksOutside
from app.strategies.workers.made_up_block import MadeUpBlock
from app.strategies.workers.messages import (
    Begin,
    Block,
    Column,
    Describe,
    Described,
    Done,
    Fails,
    IsMade,
    IsWatched,
    Line,
    Look,
    Make,
    Reacts,
    Ready,
    Refused,
    Ring,
    Says,
    ToWorker,
    Wants,
    read_by_a_worker,
)
from app.strategies.workers.shared_columns import ColumnReader, Placed, Progress
from engine.domain.errors import ConfigError
from engine.signals.whole_tape.asked_strategies import AskedStrategies
from engine.signals.whole_tape.tape_block import DayContext, TapeBlock
from engine.signals.whole_tape.tape_strategy import TapeStrategy

_ALARM_SECS = 300.0
_OUT_OF_MEMORY = "MemoryError"


def work(line: int, columns: int, progress: int) -> NoReturn:
    """Answer over a connection until its other end is closed; all are descriptors."""
    os.dup2(2, 1)  # standard output is the run's, for its answer
    sys.stdout = sys.stderr  # and what waits in a buffer would be lost
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, most))
    end = socket.socket(fileno=line)
    os.register_at_fork(after_in_child=_end)  # a child has nothing to answer
    worker = _Worker(Line(end, read_by_a_worker), ColumnReader(columns), Progress(progress))
    # at once, without the interpreter's own goodbyes: threads of a strategy may be in their way
    try:
        worker.run()
    except (EOFError, BrokenPipeError, ConnectionResetError):
        os._exit(0)
    except SystemExit as asked:
        os._exit(asked.code if isinstance(asked.code, int) else 1)
    except BaseException:  # noqa: BLE001 - whatever a stranger's code raises
        traceback.print_exc()
        os._exit(1)


def _end() -> NoReturn:
    os._exit(1)


class _Worker:
    def __init__(self, line: Line, columns: ColumnReader, progress: Progress) -> None:
        self._line = line
        self._columns = columns
        self._progress = progress
        self._came: deque[ToWorker] = deque()
        self._looks: LooksOutside | None = None

    def run(self) -> NoReturn:
        """Do what is asked for.

        Raises
        ------
        EOFError, OSError
            Nobody asks any more.
        """
        while True:
            match self._next():
                case Describe(source):
                    self._tell(
                        source, lambda source=source: Described(described(source, self._step))
                    )
                case Make() as asked:
                    self._tell(
                        asked.source, lambda asked=asked: IsMade(made_strategy(*asked, self._step))
                    )
                case Begin() as asked:
                    self._begin(asked)
                case Block() as closed:
                    self._block(closed)
                case IsWatched(plan):
                    self._look(lambda made, plan=plan: made.watches(plan))
                case Look(trade, now):
                    self._look(lambda made, trade=trade, now=now: made.react(trade, now))
                case other:
                    raise RuntimeError(f"{other} was not asked for")

    def column(self, ring: Ring) -> Placed:
        """Return where a column stands that did not come with its block."""
        self._line.send(Wants(ring))
        _alarm(0)
        answer = self._next()
        _alarm(COMPUTING_SECS)
        if not isinstance(answer, Column):
            raise TypeError(f"expected a column, found {answer}")
        return answer.placed

    def _next(self) -> ToWorker:
        while not self._came:
            self._came.extend(self._line.received())
        return self._came.popleft()

    def _tell(self, source: str, ask: Callable[[], Described | IsMade]) -> None:
        """Say what a strategy is, or why it is none."""
        _limit_memory()
        _alarm(TRIAL_COMPUTING_SECS)
        answer: Described | IsMade | Refused
        try:
            answer = ask()
        except ConfigError as error:
            answer = Refused(str(error))
        except BaseException as error:  # noqa: BLE001 - whatever a stranger's code raises
            step = Step(self._progress.read()[0])
            why = f"{step.words} failed, {type(error).__name__}: {error}"
            answer = Refused(f"strategy {source} cannot be hosted: {why}")
        self._line.send(answer)
        _alarm(0)

    def _step(self, step: Step) -> None:
        self._progress.tell(step, time.monotonic_ns())

    def _begin(self, asked: Begin) -> None:
        _limit_memory()
        _alarm(TRIAL_COMPUTING_SECS)
        self._symbols: list[str] = []
        self._first_buckets = np.empty(0, np.int64)
        self._context = DayContext(np.empty(0), np.empty(0))
        if asked.notes_looks and self._looks is None:
            self._looks = LooksOutside()
        try:
            self._made = _made(asked)
            if (p := asked.settings) is not None:
                # another one than is asked in earnest: it may keep something of this bucket
                trial = AskedStrategies([(0, _made(asked))], p)
                for _ in trial.answers(MadeUpBlock(p)):
                    pass
                self._asked = AskedStrategies([(0, self._made)], p)
        except Exception as error:  # noqa: BLE001 - whatever a stranger's code raises
            self._line.send(Fails(None, _in_words(f"{type(error).__name__}: {error}")))
        else:
            self._line.send(Ready(self._looked()))
        _alarm(0)

    def _look(self, look: Callable[[TapeStrategy], Any]) -> None:
        _alarm(COMPUTING_SECS)
        try:
            seen = look(self._made)
        except Exception as error:  # noqa: BLE001 - whatever a stranger's code raises
            self._line.send(Fails(None, _in_words(f"{type(error).__name__}: {error}")))
        else:
            self._line.send(Reacts(seen))
        _alarm(0)

    def _block(self, closed: Block) -> None:
        if closed.symbols:
            self._symbols = self._symbols + closed.symbols
            self._first_buckets = np.concatenate([self._first_buckets, closed.first_buckets])
            self._context = DayContext(
                np.concatenate([self._context.previous_close, closed.previous_close]),
                np.concatenate([self._context.average_volume, closed.average_volume]),
            )
        block = _SharedBlock(self, self._columns, closed, self._known())
        self._begun(0)
        self._answer(block)
        _alarm(0)
        self._line.send(Done(self._looked(), next(iter(self._asked.strips().values()), None)))

    def _looked(self) -> list[str]:
        return [] if self._looks is None else self._looks.taken()

    def _known(self) -> tuple[Sequence[str], NDArray[np.int64], DayContext]:
        return self._symbols, self._first_buckets, self._context

    def _answer(self, block: TapeBlock) -> None:
        for row, said, failed in self._asked.answers(block):
            # before it is said: what is sent of a bucket that was begun is never sent twice
            self._begun(row + 1)
            for each in said:
                self._line.send(Says(row, each.events))
            for each in failed:
                self._line.send(Fails(row, _in_words(each.why)))

    def _begun(self, row: int) -> None:
        self._progress.tell(row, time.monotonic_ns())
        _alarm(COMPUTING_SECS)


class _SharedBlock(TapeBlock):
    """A block whose columns stand in shared memory."""

    def __init__(
        self,
        worker: _Worker,
        reader: ColumnReader,
        closed: Block,
        known: tuple[Sequence[str], NDArray[np.int64], DayContext],
    ) -> None:
        symbols, first_buckets, context = known
        super().__init__(closed.settings, symbols, first_buckets, closed.start, closed.end, context)
        self._worker = worker
        self._reader = reader
        self._placed = closed.columns

    def ring(self, name: str, *, back: int = 0) -> NDArray[Any]:
        """Return a column of the scanners' state, of the buckets ``back`` before each."""
        key = name, back
        if key not in self._placed:
            self._placed[key] = self._worker.column(key)
        return self._reader.column(self._placed[key])


def _made(asked: Begin) -> TapeStrategy:
    found = load_strategy(asked.source)
    return found(found.Parameters.model_validate(asked.parameters))


def _limit_memory() -> None:
    """Let this process take a bounded share of memory beyond what it has; on Linux alone."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        gc.collect()
        have = int(statm.read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (have + MEMORY_BYTES, most))


def _in_words(why: str) -> str:
    """Return why a strategy failed; one that is out of memory gets some to say so."""
    if not why.startswith(_OUT_OF_MEMORY):
        return why
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    return f"it used up the {MEMORY_BYTES >> 30} GiB of memory that a strategy may take: {why}"


def _alarm(computing_secs: float) -> None:
    """Set the clocks that kill this process, whatever it does; 0 takes them back."""
    signal.setitimer(signal.ITIMER_PROF, computing_secs)
    signal.setitimer(signal.ITIMER_REAL, _ALARM_SECS if computing_secs else 0)
