"""Whatever is late or lost, of two hubs at most one trades, whatever their clocks say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.journal.lease import (
    BEAT_SECS,
    HELD_SECS,
    TERM_SECS,
    HeldLease,
    HolderBeat,
    StandbyBeat,
    WatchedLease,
)

_PACE = 0.01
"""How much faster or slower than true time a clock may go."""


@dataclass
class _Clock:
    """A clock that never jumps; where it began and how fast it goes is its own affair."""

    origin: float
    pace: float

    def at(self, true: float) -> float:
        return self.origin + true * self.pace


_clocks = st.builds(_Clock, st.floats(-1e6, 1e6), st.floats(1 - _PACE, 1 + _PACE))
_ALONE = StandbyBeat(None, 0)


class _Play:
    """Holder and standby at one row, with statements that are slow, refused or not answered.

    From some time on the holder hears nothing any more, and then or a beat later nothing hears it.
    """

    def __init__(self, own: _Clock, other: _Clock, chance: Random) -> None:
        self.own, self.other, self.chance = own, other, chance
        self.deaf_from = chance.uniform(0, 6)
        self.mute_from = self.deaf_from + chance.choice((0, BEAT_SECS))
        self.flaws = chance.choice((0, 0, 0.1))
        self.held, self.watched = HeldLease(own.at(0)), WatchedLease()
        self.held.kept(own.at(0), said_fenced=False, heard=_ALONE)
        self.row, self.looks = HolderBeat(0, 0, "a", is_fenced=False), 0
        self.taken: float | None = None
        self._due: list[tuple[float, int, Callable[[float], None]]] = []
        self._number = 0

    def go(self, statements: int) -> None:
        self._at(0, self._beat)
        self._at(self.chance.uniform(0, BEAT_SECS), self._look)
        while self._number < 6 * statements and self.taken is None:
            true, _, do = heappop(self._due)
            do(true)

    def _at(self, true: float, do: Callable[[float], None]) -> None:
        self._number += 1
        heappush(self._due, (true, self._number, do))

    def _slow(self) -> float:
        longest = self.chance.choice((0.3, 3.0, 6.0)) if self.chance.random() < self.flaws else 0
        return self.chance.uniform(0, longest)

    def _beat(self, true: float) -> None:
        began, answer, luck = self.own.at(true), self._slow(), self.chance.random()
        fenced = self.held.next_beat(began)

        def arrives(true: float) -> None:
            heard = StandbyBeat("b", self.looks) if self.looks else _ALONE
            if luck >= self.flaws and true < self.mute_from:
                self.row = replace(self.row, count=self.row.count + 1, is_fenced=fenced)

            def answered(true: float) -> None:
                if luck >= 2 * self.flaws and true < self.deaf_from:
                    self.held.kept(began, said_fenced=fenced, heard=heard)
                self._at(true + BEAT_SECS, self._beat)

            self._at(true + answer, answered)

        self._at(true + self._slow(), arrives)

    def _look(self, true: float) -> None:
        asked, answer, luck = self.other.at(true), self._slow(), self.chance.random()

        def arrives(true: float) -> None:
            self.looks += luck >= self.flaws
            seen = self.row if luck >= 2 * self.flaws else None

            def answered(true: float) -> None:
                is_over = self.watched.look(seen, asked, self.other.at(true))
                if is_over and self.row == seen and self.row.is_fenced:  # what the claim checks
                    self.taken = true
                self._at(true + BEAT_SECS, self._look)

            self._at(true + answer, answered)

        self._at(true + self._slow(), arrives)


@given(_clocks, _clocks, st.randoms(use_true_random=False), st.integers(20, 120))
def test_a_standby_begins_only_when_the_holder_may_send_no_more(
    own: _Clock, other: _Clock, chance: Random, statements: int
) -> None:
    play = _Play(own, other, chance)
    play.go(statements)
    if play.taken is not None:
        assert not play.held.may_send(own.at(play.taken))


def test_most_holders_that_hear_nothing_lose_their_run() -> None:
    plays = [_Play(_Clock(0, 1), _Clock(9, 1), Random(seed)) for seed in range(50)]
    for play in plays:
        play.go(120)
    assert sum(play.taken is not None for play in plays) > len(plays) / 2


def test_the_two_terms_are_reached_at_all() -> None:
    held, watched = HeldLease(0), WatchedLease()
    held.kept(0, said_fenced=held.next_beat(0), heard=StandbyBeat("b", 1))
    assert held.next_beat(0.5)
    held.kept(0.5, said_fenced=True, heard=StandbyBeat("b", 2))
    assert held.may_send(0.5 + HELD_SECS - 0.01)
    seen = HolderBeat(0, 2, "a", is_fenced=True)
    looks = [watched.look(seen, at / 10, at / 10) for at in range(0, 35, 5)]
    assert looks == [at >= 10 * TERM_SECS for at in range(0, 35, 5)]
    assert not held.may_send(0.5 + HELD_SECS)
    held.kept(5.0, said_fenced=True, heard=StandbyBeat("b", 3))
    assert not held.may_send(5.0)


@pytest.mark.parametrize("heard", [_ALONE, StandbyBeat("b", 7)])
def test_exits_may_leave_without_a_database_where_no_standby_lives(heard: StandbyBeat) -> None:
    held = HeldLease(0)
    held.kept(0, said_fenced=False, heard=heard)
    for at in range(1, 40):
        held.kept(at, said_fenced=held.next_beat(at), heard=heard)
    assert held.may_send(1e6)


def test_a_standby_that_was_away_or_heard_nothing_counts_anew() -> None:
    seen = HolderBeat(0, 2, "a", is_fenced=True)
    for gap in (None, seen):
        watched = WatchedLease()
        steps = [0.0, 0.5, 1.0, 1.5] if gap is None else [0.0, 0.5]
        for at in steps:
            watched.look(seen, at, at)
        start = 2.0 if gap is None else 20.0
        assert not watched.look(gap, start, start)
        for at in range(1, 6):
            assert not watched.look(seen, start + at / 2, start + at / 2)
