"""Facts → numbered versions of the parameters, and which of them holds when."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Self

from engine.domain.errors import JournalError
from engine.domain.facts import AnyPayload, ParamsChanged, ParamsWithdrawn
from engine.domain.parameters import Parameters, parameters_from
from engine.domain.session import Session

FIRST = 1
"""Number of the version that a run or a desk starts with."""

_ALWAYS = 0


@dataclass(frozen=True, slots=True)
class Stretch:
    """A version in force: from the bucket that ends at ``start_ns`` on, until the next stretch."""

    start_ns: int
    version: int
    params: Parameters


@dataclass(frozen=True)
class ParameterHistory:
    """All versions of the parameters, past and scheduled; a fold over facts.

    A version is its changes, laid over whatever is in force when it takes effect: one that is
    scheduled for the close does not undo what was changed at noon. As no version takes effect
    before it is recorded, what was in force at a past instant never changes.

    Parameters
    ----------
    first : Parameters
        Version 1.
    changed : tuple of ParamsChanged
        Versions 2, 3, … by number.
    withdrawn : frozenset of int
        Scheduled versions that were taken back.

    Raises
    ------
    ConfigError
        Some version would break a rule between parameters.
    JournalError
        The versions are not numbered 2, 3, …
    """

    first: Parameters
    changed: tuple[ParamsChanged, ...] = ()
    withdrawn: frozenset[int] = frozenset()
    stretches: tuple[Stretch, ...] = field(init=False)

    def __post_init__(self) -> None:
        found = [change.version for change in self.changed]
        expected = list(range(FIRST + 1, FIRST + 1 + len(found)))
        if found != expected:
            raise JournalError(f"expected parameter versions {expected}, found {found}")
        object.__setattr__(self, "stretches", tuple(self._timeline()))

    @property
    def latest(self) -> int:
        """Number of the newest version, in force or not."""
        return FIRST + len(self.changed)

    def after(self, payload: AnyPayload) -> Self:
        """Return the history after one more fact; most facts are no concern of it."""
        match payload:
            case ParamsChanged():
                return type(self)(self.first, (*self.changed, payload), self.withdrawn)
            case ParamsWithdrawn():
                return type(self)(self.first, self.changed, self.withdrawn | {payload.version})
            case _:
                return self

    def in_force(self, ts: int) -> Stretch:
        """Return the stretch an instant lies in (UTC ns); for a bucket ask at its end."""
        return self.stretches[bisect_right(self._starts, ts) - 1]

    def at(self, ts: int) -> Parameters:
        """Return the parameters in force at an instant (UTC ns); for a bucket ask at its end."""
        return self.in_force(ts).params

    def over(self, start_ns: int, end_ns: int) -> tuple[Stretch, ...]:
        """Return what is in force from ``start_ns`` up to and including ``end_ns``, in order.

        Of versions that take effect at the same instant only the last is ever in force.
        """
        first = self.in_force(start_ns)
        later = {each.start_ns: each for each in self.stretches if start_ns < each.start_ns}
        return (first, *(each for ts, each in later.items() if ts <= end_ns))

    def shaping(self, start_ns: int, end_ns: int) -> tuple[Stretch, ...]:
        """Return the same, less what leaves the candidates as they were before it."""
        first, *later = self.over(start_ns, end_ns)
        hashes = [each.params.scan_hash() for each in (first, *later)]
        is_new = [before != after for before, after in pairwise(hashes)]
        return first, *(each for each, new in zip(later, is_new, strict=True) if new)

    def shaping_day(self, hours: Session) -> tuple[Parameters, tuple[Stretch, ...]]:
        """Return what shapes a day's candidates at its start, and what does from later on."""
        first, *later = self.shaping(hours.pre_market_ns, hours.close_ns)
        return first.params, tuple(later)

    def version(self, number: int) -> Stretch | None:
        """Return a version as it took or will take effect, None if it never does."""
        return next((each for each in self.stretches if each.version == number), None)

    def since(self, number: int) -> tuple[ParamsChanged, ...]:
        """Return the versions above a number."""
        return self.changed[max(0, number - FIRST) :]

    def scheduled(self, now: int) -> tuple[ParamsChanged, ...]:
        """Return the versions that are still to take effect, by number."""
        return tuple(
            change
            for change in self.changed
            if change.effective_ns > now and change.version not in self.withdrawn
        )

    @cached_property
    def _starts(self) -> list[int]:
        return [each.start_ns for each in self.stretches]

    def _timeline(self) -> Iterable[Stretch]:
        params = self.first
        yield Stretch(_ALWAYS, FIRST, params)
        standing = [change for change in self.changed if change.version not in self.withdrawn]
        for change in sorted(standing, key=lambda each: (each.effective_ns, each.version)):
            new = {each.name: each.new for each in change.changes}
            params = parameters_from(params.model_dump(mode="json") | new)
            yield Stretch(change.effective_ns, change.version, params)


def run_history(first: Parameters, payloads: Iterable[AnyPayload]) -> ParameterHistory:
    """Return the history of a run: what it was started with, and its facts on top."""
    history = ParameterHistory(first)
    for payload in payloads:
        if not isinstance(payload, ParamsChanged) or payload.version > FIRST:
            history = history.after(payload)
    return history


def desk_history(payloads: Iterable[AnyPayload]) -> ParameterHistory | None:
    """Return the history of a desk's own journal, None while it is empty.

    Its first ``ParamsChanged`` is version 1 and names every parameter.
    """
    history: ParameterHistory | None = None
    for payload in payloads:
        if history is not None:
            history = history.after(payload)
        elif isinstance(payload, ParamsChanged) and payload.version == FIRST:
            values = {change.name: change.new for change in payload.changes}
            history = ParameterHistory(parameters_from(values))
    return history
