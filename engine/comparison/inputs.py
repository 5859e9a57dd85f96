"""What two runs were given that may differ: parameters, money, commands, trouble."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from engine.comparison.story import Asked, Story
from engine.domain.commands import AnyCommand
from engine.domain.counted import counted
from engine.domain.ensemble_values import ensemble_differences
from engine.domain.facts import ExitReason, GapBackfilled
from engine.domain.parameters import Parameters, parameter_extra
from engine.domain.parameters.changes import differences
from engine.domain.session import NANOS_PER_SECOND, NEW_YORK

SCANNED = frozenset(name for name in Parameters.model_fields if parameter_extra(name)["scan"])
"""Parameters that shape candidates."""

QUOTED = frozenset({"stale_quote_secs"})
"""Parameters that choose between quote and print."""

_TOLD = 12
"""Digits of a hash that tell two apart."""


class Inputs:
    """Two runs, and what only one of them was given."""

    def __init__(self, first: Story, second: Story) -> None:
        self.first = first
        self.second = second
        known = [_known(story.commands) for story in (first, second)]
        self._own = [
            [each for each in story.commands if not _is_in(each, known[1 - n])]
            for n, story in enumerate((first, second))
        ]

    def parameters(self, ts: int, among: Collection[str] | None = None) -> str | None:
        """Return in words which parameters differ at an instant (UTC ns), None if none does.

        Parameters
        ----------
        among : collection of str, optional
            Only these count. Where a run keeps no more than a hash, any may differ.
        """
        one, two = self.first.params, self.second.params
        if one is None or two is None:
            return self._hashes()
        a, b = one.in_force(ts), two.in_force(ts)
        changes = [
            f"{each.name} {each.old} against {each.new}"
            for each in differences(a.params, b.params)
            if among is None or each.name in among
        ]
        if not changes:
            return None
        versions = "" if a.version == b.version else f" (version {a.version} against {b.version})"
        return ", ".join(changes) + versions

    def versions(self, ts: int) -> str | None:
        """Return in words that the numbers of the versions differ at an instant, else None."""
        one, two = self.first.params, self.second.params
        if one is None or two is None:
            return None
        a, b = one.in_force(ts).version, two.in_force(ts).version
        return None if a == b else f"version {a} against {b} of the parameters"

    def strategies(self, ts_event: int, strategy_id: str | None = None) -> str | None:
        """Return in words which strategies, weights or parameters of theirs differ at a bucket.

        Parameters
        ----------
        strategy_id : str, optional
            Only whether this one is on, and its own parameters.
        """
        one, two = (story.ensemble_at(ts_event) for story in (self.first, self.second))
        changes = {
            name: values
            for name, values in ensemble_differences(one, two).items()
            if strategy_id is None or name.partition(".")[0] == strategy_id
        }
        if not changes:
            return None
        named = (f"{name} {_shown(a)} against {_shown(b)}" for name, (a, b) in changes.items())
        failed = (
            f"{story.run_id} had switched it off: {because}"
            for story, _ in self._both
            for name in changes
            if (because := story.switched_off(ts_event, name)) is not None
        )
        return "; ".join((", ".join(named), *dict.fromkeys(failed)))

    def is_off(self, ts_event: int, strategy_id: str) -> bool:
        """Say whether a strategy is not on in one of the runs at a bucket."""
        return not all(
            story.ensemble_at(ts_event).is_on(strategy_id) for story in (self.first, self.second)
        )

    def balance(self, day: str) -> str | None:
        """Return in words that a day was started with other money, None if with the same."""
        one, two = self.first.day_equity.get(day), self.second.day_equity.get(day)
        return None if one == two else f"{day} started with {one} against {two} USD"

    def data(self, day: str) -> str | None:
        """Return in words that two recorded days are not the same, None where nobody knows."""
        one, two = self.first.day_data.get(day), self.second.day_data.get(day)
        if not one or not two or one == two:
            return None
        return f"the recorded day is another: {one[:_TOLD]} against {two[:_TOLD]}"

    def command(self, ts: int, kinds: tuple[type[AnyCommand], ...], **about: str) -> str | None:
        """Return in words the last command of these kinds, before an instant, of one run alone.

        Parameters
        ----------
        about : str
            ``symbol`` and ``trade_id``: a command that names another one does not count.
        """
        found = [
            (asked.ts, story.run_id, asked)
            for story, own in zip((self.first, self.second), self._own, strict=True)
            for asked in own
            if asked.ts <= ts and isinstance(asked.command, kinds) and _concerns(asked, about)
        ]
        if not found:
            return None
        _, run_id, asked = max(found, key=lambda each: each[0])
        kind = str(asked.command.__struct_config__.tag)
        return f"{asked.who} gave {kind} to {run_id} (command {asked.command_id})"

    def trouble(self, ts: int) -> str | None:
        """Return in words what held entries back in one run alone before an instant."""
        return _last(
            (at, f"{story.run_id} held entries: {held.trouble}, {held.detail}")
            for story, other in self._both
            for at, held in story.held
            if at <= ts and (at, held) not in other.held
        )

    def lock(self, ts: int, symbol: str) -> str | None:
        """Return in words why a symbol was locked in one run alone before an instant."""
        return _last(
            (at, f"{story.run_id} locked {symbol}: {lock.reason}")
            for story, other in self._both
            for at, lock in story.locks
            if at <= ts and lock.symbol == symbol and (at, lock) not in other.locks
        )

    def late(self, ts: int) -> str | None:
        """Return in words what one run alone heard late, or never, that tells at a bucket.

        A gap that it fetched later, or its start after the open.
        """
        gap = _last(
            (gap.end_ns, f"{story.run_id} had {_gap(gap)}")
            for story, other in self._both
            if (gap := story.gap_at(ts)) is not None and gap not in other.gaps
        )
        return gap or _last(
            (began, f"{story.run_id} began at {_clock(began)} New York, after the open")
            for story, other in self._both
            if (began := story.late_start_at(ts)) is not None and began != other.late_start_at(ts)
        )

    def silent(self, ts: int) -> str | None:
        """Return in words which slots one run alone had to decide a bucket without."""
        return _last(
            (ts, f"{story.run_id} decided the bucket without slot {', '.join(slots)}")
            for story, other in self._both
            if (slots := story.silent.get(ts)) is not None and ts not in other.silent
        )

    def closed_by_hand(self, trade_id: str) -> list[str]:
        """Return the runs in which somebody closed a trade at the broker."""
        ends = [(story.run_id, story.trades.get(trade_id)) for story in (self.first, self.second)]
        by_hand = ExitReason.CLOSED_BY_HAND
        return [run for run, end in ends if end is not None and end[1].exit_reason is by_hand]

    def stopped(self, ts: int) -> str | None:
        """Return in words that one run was not there any more at an instant."""
        for story, _ in self._both:
            if story.ended_ns is not None and story.ended_ns < ts:
                return f"{story.run_id} stopped before, in the middle of its day"
        return None

    @property
    def _both(self) -> tuple[tuple[Story, Story], tuple[Story, Story]]:
        return (self.first, self.second), (self.second, self.first)

    def _hashes(self) -> str | None:
        one, two = self.first.started, self.second.started
        if one is None or two is None or one.params_hash == two.params_hash:
            return None
        return f"parameters {one.params_hash} against {two.params_hash}"


def _shown(value: object) -> str:
    return "absent" if value is None else str(value)


def _known(commands: Collection[Asked]) -> tuple[set[str], list[tuple[int, AnyCommand]]]:
    return {each.command_id for each in commands}, [(each.ts, each.command) for each in commands]


def _is_in(asked: Asked, known: tuple[set[str], list[tuple[int, AnyCommand]]]) -> bool:
    """Say whether the other run was given the same: under the same id, or at the same time."""
    ids, commands = known
    return asked.command_id in ids or (asked.ts, asked.command) in commands


def _concerns(asked: Asked, about: dict[str, str]) -> bool:
    return all(getattr(asked.command, name, value) == value for name, value in about.items())


def _gap(gap: GapBackfilled) -> str:
    """Return a gap in words."""
    start, end = _clock(gap.start_ns), _clock(gap.end_ns)
    how = "fetched later" if gap.complete else "fetched later in part"
    return f"no data from {start} to {end} New York, {how}: {counted(gap.trades, 'trade')}"


def _clock(ts: int) -> str:
    return datetime.fromtimestamp(ts // NANOS_PER_SECOND, NEW_YORK).strftime("%H:%M:%S")


def _last(found: Iterable[tuple[int, str]]) -> str | None:
    in_order = sorted(found, key=lambda each: each[0])
    return in_order[-1][1] if in_order else None
