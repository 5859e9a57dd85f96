"""Strategies asked bucket by bucket: with what they want of the past, and candidates' lives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.domain.errors import StrategyError
from engine.signals.scores import signed_scores
from engine.signals.settings import Settings
from engine.signals.whole_tape.history import History
from engine.signals.whole_tape.signal_lives import LifeEvents, SignalLives
from engine.signals.whole_tape.signal_tables import StrategyEvents
from engine.signals.whole_tape.signals import Checked, checked
from engine.signals.whole_tape.tape import Tape, tapes
from engine.signals.whole_tape.tape_block import TapeBlock
from engine.signals.whole_tape.tape_strategy import TapeStrategy


class Failed(NamedTuple):
    """A strategy that went wrong, and why."""

    strategy_id: str
    why: str


class Answer(NamedTuple):
    """What was said at the close of a block's bucket ``row``, and who went wrong there."""

    row: int
    said: list[StrategyEvents]
    failed: list[Failed]


class AskedStrategies:
    """Asks strategies about every bucket; one that went wrong is asked no more.

    Parameters
    ----------
    strategies : sequence of (rank, TapeStrategy)
        Rank is the place in the order of precedence.
    p : Settings
        In force at the start of the day.
    """

    def __init__(self, strategies: Sequence[tuple[int, TapeStrategy]], p: Settings) -> None:
        self._history = History([need for _, each in strategies for need in each.needs()])
        self._asked = [_Asked(rank, each, lives_of(p)) for rank, each in strategies]

    def answers(self, block: TapeBlock) -> Iterator[Answer]:
        """Yield what is said at each bucket of the session; every block once, in order.

        Nobody is asked about a tape without symbols: a slot of few letters may begin as one.
        """
        if not self._asked:
            return
        for row, tape in enumerate(tapes(block, self._history)):
            if tape.bucket < 1 or not len(tape):
                continue
            said: list[StrategyEvents] = []
            failed: list[Failed] = []
            for each in self._asked:
                events = _ask(each, tape, failed)
                if events is not None:
                    said.append(StrategyEvents(row, each.rank, each.strategy.strategy_id, events))
            yield Answer(row, said, failed)

    def strips(self) -> dict[str, NDArray[np.int8]]:
        """Return each strategy's scores at the last bucket, by place on the tape.

        Those that went wrong have none; see ``scores.signed_scores``.
        """
        return {
            each.strategy.strategy_id: signed_scores(each.last.side, each.last.score)
            for each in self._asked
            if each.last is not None
        }


def lives_of(p: Settings) -> SignalLives:
    """Return the lives of a strategy's candidates as a day begins."""
    return SignalLives(p.publish, p.buckets - p.open_bucket)


def ends_at(block: TapeBlock, row: int) -> int:
    """Return the end of a block's bucket, UTC ns."""
    return block.settings.first_ns + (block.start + row + 1) * block.settings.width_ns


@dataclass(slots=True)
class _Asked:
    """A strategy, what it said last, and its candidates; one that failed is asked no more."""

    rank: int
    strategy: TapeStrategy
    lives: SignalLives
    has_failed: bool = field(default=False)
    last: Checked | None = field(default=None)


def _ask(asked: _Asked, tape: Tape, failed: list[Failed]) -> LifeEvents | None:
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
        asked.last = signals
        return asked.lives.events(tape.bucket, signals)
    asked.has_failed, asked.last = True, None
    failed.append(Failed(name, why))
    return asked.lives.ended()
