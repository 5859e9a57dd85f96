"""The lives of a strategy's candidates: raised, updated and faded, bucket by bucket."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.domain.candidate import FadeReason, Phase
from engine.signals.whole_tape.signals import Checked, Flags, Numbers
from engine.signals.whole_tape.tape_block import Fixed

PHASES = (Phase.RAISED, Phase.UPDATED, Phase.FADED)
REASONS = (
    None,
    FadeReason.SIGNAL_ENDED,
    FadeReason.SESSION_ENDED,
    FadeReason.STRATEGY_OFF,
)
"""What ``LifeEvents.phase`` and ``LifeEvents.reason`` number."""

_RAISED, _UPDATED, _FADED = range(3)
_ALIVE, _SIGNAL_ENDED, _SESSION_ENDED, _STRATEGY_OFF = range(4)


class LifeEvents(NamedTuple):
    """Candidates raised, updated or faded at one close; shapes (k,), features (k, f)."""

    places: Fixed
    side: NDArray[np.int8]
    phase: NDArray[np.int8]
    reason: NDArray[np.int8]
    qualified: Flags
    score: Numbers
    strength: Numbers
    confidence: Numbers
    notional: Numbers
    values: Numbers
    passed: Flags
    names: tuple[str, ...]
    thresholds: tuple[float, ...]


class SignalLives:
    """Leads the lives of one strategy's candidates on.

    Parameters
    ----------
    publish : int
        Buckets between two updates.
    last_bucket : int
        The session's last, counted from 1: what lives then fades.
    """

    def __init__(self, publish: int, last_bucket: int) -> None:
        self._publish = publish
        self._last_bucket = last_bucket
        self._alive = np.zeros(0, np.int8)
        self._raised_at = np.zeros(0, np.int64)
        self._any_alive = False

    def events(self, bucket: int, signals: Checked) -> LifeEvents | None:
        """Return what happened at the close of a bucket of the session, None if nothing did."""
        self._grow(len(signals.side))
        if not (self._any_alive or signals.qualified.any()):
            return None
        alive, side = self._alive, signals.side
        ends = bucket >= self._last_bucket
        fades = (alive != 0) & (~signals.lives | (side != alive) | ends)
        raised = (alive == 0) & signals.qualified & (not ends)
        updated = (alive != 0) & ~fades & ((bucket - self._raised_at) % self._publish == 0)
        places = np.flatnonzero(fades | raised | updated)
        if not len(places):
            return None
        fading = fades[places]
        phase = np.where(fading, _FADED, np.where(raised[places], _RAISED, _UPDATED))
        reason = np.where(fading, _SESSION_ENDED if ends else _SIGNAL_ENDED, _ALIVE)
        events = LifeEvents(
            places=places,
            side=np.where(fading, alive[places], side[places]).astype(np.int8),
            phase=phase.astype(np.int8),
            reason=reason.astype(np.int8),
            qualified=signals.qualified[places] & ~fading,
            score=signals.score[places],
            strength=signals.strength[places],
            confidence=signals.confidence[places],
            notional=signals.notional[places],
            values=_stacked([held.values[places] for held in signals.features.values()], places),
            passed=_stacked([held.passed[places] for held in signals.features.values()], places)
            != 0,
            names=tuple(signals.features),
            thresholds=tuple(float(held.threshold) for held in signals.features.values()),
        )
        alive[fades] = 0
        alive[raised] = side[raised]
        self._raised_at[raised] = bucket
        self._any_alive = bool(alive.any())
        return events

    def follow(self, events: LifeEvents) -> None:
        """Take what happened in another process, so that it can be ended here."""
        if len(events.places):
            self._grow(int(events.places.max()) + 1)
        raised, faded = events.phase == _RAISED, events.phase == _FADED
        self._alive[events.places[raised]] = events.side[raised]
        self._alive[events.places[faded]] = 0

    def ended(self) -> LifeEvents | None:
        """Return the end of all candidates: their strategy is switched off."""
        places = np.flatnonzero(self._alive)
        if not len(places):
            return None
        nothing = np.full(len(places), np.nan)
        events = LifeEvents(
            places=places,
            side=self._alive[places],
            phase=np.full(len(places), _FADED, np.int8),
            reason=np.full(len(places), _STRATEGY_OFF, np.int8),
            qualified=np.zeros(len(places), np.bool_),
            score=nothing,
            strength=nothing,
            confidence=nothing,
            notional=nothing,
            values=np.empty((len(places), 0)),
            passed=np.empty((len(places), 0), np.bool_),
            names=(),
            thresholds=(),
        )
        self._alive[:] = 0
        return events

    def _grow(self, n: int) -> None:
        more = n - len(self._alive)
        if more > 0:
            self._alive = np.concatenate([self._alive, np.zeros(more, np.int8)])
            self._raised_at = np.concatenate([self._raised_at, np.zeros(more, np.int64)])


def _stacked(columns: Sequence[NDArray[Any]], places: Fixed) -> Numbers:
    """Return features side by side, shape (k, f)."""
    if not columns:
        return np.empty((len(places), 0))
    return np.column_stack(columns).astype(np.float64)
