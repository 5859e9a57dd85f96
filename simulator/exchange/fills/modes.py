"""How an order at the look-alike meets the market: as in our backtest, or at the quote."""

from __future__ import annotations

import msgspec

from engine.domain.errors import ConfigError
from engine.domain.markets.fill_assumptions import FILL_ASSUMPTIONS, FillAssumptions, assumptions

_SECOND_NS = 1_000_000_000


class FillMode(msgspec.Struct, frozen=True):
    """What decides about fills.

    Attributes
    ----------
    assumed : FillAssumptions, optional
        The fill assumptions of a backtest; without them orders fill as in Alpaca's paper accounts:
        against the best bid and offer alone, at any size.
    latency_ns : int
        From a command's arrival over REST to its effect.
    stale_quote_ns : int
        A quote counts until prints have gone on for longer than this without a newer one.
    partial_chance : float
        How often an order at the quote that could fill whole gets a random part first.
    size_limited : bool
        An order fills up to what the quote shows and waits for the next quote with the rest.
    refuses_in_halt : bool
        A new order that reaches a halted symbol is rejected; else it waits for the reopening.
    """

    name: str
    latency_ns: int
    assumed: FillAssumptions | None = None
    stale_quote_ns: int = 2 * _SECOND_NS
    partial_chance: float = 0.0
    size_limited: bool = False
    refuses_in_halt: bool = False

    @property
    def is_backtest(self) -> bool:
        """Whether fills are those of the backtest's venue."""
        return self.assumed is not None


def backtest_fills(name: str, stale_quote_ns: int = 2 * _SECOND_NS) -> FillMode:
    """Return fills under one of the backtest's assumptions, equal to the backtest's.

    The backtest's venue refuses orders in a halt, so this does, too. What is refused for where its
    prices lie is Alpaca's to say in every mode: a rehearsal is to show it.
    """
    assumed = assumptions(name)
    return FillMode(assumed.name, assumed.latency_ns, assumed, stale_quote_ns, refuses_in_halt=True)


NBBO = FillMode("nbbo", latency_ns=0, partial_chance=0.1)
"""As Alpaca's paper accounts fill: at the best bid or offer, one order in ten in parts."""

SIZE_LIMITED = FillMode("size_limited", latency_ns=0, size_limited=True)
"""At the best bid or offer without chance, and no more shares than the quote shows."""

MODES = (*FILL_ASSUMPTIONS, NBBO.name, SIZE_LIMITED.name)

_RENAMED = {"paper": NBBO.name}
"""Names of earlier versions: ``paper`` is now said of accounts alone."""


def mode_name(name: str) -> str:
    """Return a mode's name, also by the one it had in an earlier version."""
    return _RENAMED.get(name, name)


def fill_mode(name: str) -> FillMode:
    """Return a mode by its name, also by the one it had in an earlier version.

    Raises
    ------
    ConfigError
        There is no such mode.
    """
    for mode in (NBBO, SIZE_LIMITED):
        if mode_name(name) == mode.name:
            return mode
    if name not in FILL_ASSUMPTIONS:
        raise ConfigError(f"unknown fills {name!r}: choose one of {', '.join(MODES)}")
    return backtest_fills(name)
