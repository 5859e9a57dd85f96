"""One difference between two runs, and its one cause."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import Any

import msgspec


class Cause(StrEnum):
    """What a difference comes from.

    ``DATA``: a candidate, a quote or a halt was not the same, or was heard only after a gap.
    ``PARAMETER``: other parameters, or another version of them, other strategies, weights or
    parameters of theirs, or another balance to start with.
    ``HUMAN``: a command that only one run was given, or a trade closed at its broker. ``FILL``: the
    same plan, another price or quantity. ``LATENCY``: the same fill at another time, or a host that
    was held up. ``CONSEQUENCE``: an earlier difference had changed what the run held, was worth or
    was waiting for.
    """

    DATA = "data"
    PARAMETER = "parameter"
    HUMAN = "human"
    FILL = "fill"
    LATENCY = "latency"
    CONSEQUENCE = "consequence"
    UNEXPLAINED = "unexplained"


class Kind(StrEnum):
    """What differs, in the order in which things follow from each other."""

    DECISION = "decision"
    PLAN = "plan"
    EXIT = "exit"
    ORDER = "order"
    FILL = "fill"
    TRADE = "trade"


class Values(msgspec.Struct, frozen=True):
    """One value in both runs; None in the run that has nothing there."""

    name: str
    first: Any
    second: Any


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is not the same in both runs.

    Attributes
    ----------
    number : int
        From 1 on, in order of time.
    ts : int
        When the first of the two runs that has it knew of it, UTC ns.
    what : str
        The trade or, of a decision, side and end of the bucket; with the role of an order.
    only_in : str or None
        The run that alone has it; None where both do.
    because : str
        The evidence, in words.
    earlier : int or None
        Number of the difference that a ``CONSEQUENCE`` follows from.
    """

    number: int
    ts: int
    kind: Kind
    symbol: str
    what: str
    trade_id: str | None
    role: str | None
    only_in: str | None
    values: tuple[Values, ...]
    cause: Cause
    because: str
    earlier: int | None = None


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Two runs side by side.

    Attributes
    ----------
    runs : (str, str)
    days : tuple of str
        ISO dates that both played; ``other_days`` are those that only one did.
    decisions, fills : int
        How many of each both runs have; a match of nothing proves nothing.
    fills_apart : int
        Filled orders that are not the same in both runs, or only in one of them.
    judged : bool
        Both runs keep why they did not trade; else only what was approved is compared.
    differences : tuple of Difference
        In order of time.
    """

    runs: tuple[str, str]
    days: tuple[str, ...]
    other_days: tuple[str, ...]
    decisions: int
    fills: int
    fills_apart: int
    judged: bool
    differences: tuple[Difference, ...]

    @property
    def same_decisions(self) -> bool:
        """Whether everything was decided and planned alike."""
        return not any(each.kind in {Kind.DECISION, Kind.PLAN} for each in self.differences)

    @property
    def same_fills(self) -> bool:
        """Whether everything was filled alike, at the same time, and nothing in one run alone."""
        return not self.fills_apart

    @property
    def causes(self) -> dict[Cause, int]:
        """How many differences come from each cause, those without any left out."""
        counts = Counter(each.cause for each in self.differences)
        return {cause: counts[cause] for cause in Cause if counts[cause]}
