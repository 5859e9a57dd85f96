"""A recipe worked out: who trades how often, when, and along which path."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from catalog.synth.accelerations import (
    Acceleration,
    plan_accelerations,
    price_path,
    surge_shape,
)
from catalog.synth.halts import Halt, plan_halts
from catalog.synth.intraday import Intraday, intraday
from catalog.synth.listings import Listings, listings
from catalog.synth.recipe import Recipe, Stream
from engine.domain.market_data.recorded import letter_of
from engine.domain.session import session


@dataclass(frozen=True, slots=True, eq=False)
class DayPlan:
    """All that a letter's generator must know.

    Attributes
    ----------
    prints : int64 array, shape (n_symbols,)
        Ordinary and planted prints of each symbol; they sum to ``recipe.trades``.
    members : dict of int64 arrays
        Positions of each letter's symbols, letters ascending.
    """

    recipe: Recipe
    day: Intraday
    listed: Listings
    planted: tuple[Acceleration, ...]
    halts: tuple[Halt, ...]
    prints: NDArray[np.int64]
    members: dict[str, NDArray[np.int64]]

    def prints_of(self, letter: str) -> int:
        """Return how many prints a letter's symbols have together."""
        return int(self.prints[self.members[letter]].sum())


def plan_day(recipe: Recipe) -> DayPlan:
    """Return the plan of a recipe.

    Raises
    ------
    ConfigError
        The exchange is closed on that day.
    """
    day = intraday(recipe, session(recipe.day))
    listed = listings(recipe)
    planted = plan_accelerations(recipe, day, listed)
    halts = plan_halts(recipe, day, listed, planted)
    extra = np.zeros(len(listed.symbols), dtype=np.int64)
    for made in planted:
        extra[listed.symbols.index(made.symbol)] += made.prints
    chance = recipe.chance(Stream.PRINTS)
    usual = chance.multinomial(recipe.trades - extra.sum() - len(extra), listed.share)
    prints = 1 + usual + extra
    letters = np.array([letter_of(symbol) for symbol in listed.symbols])
    members = {str(letter): np.flatnonzero(letters == letter) for letter in np.unique(letters)}
    return DayPlan(recipe, day, listed, tuple(planted), tuple(halts), prints, members)


@dataclass(frozen=True, slots=True, eq=False)
class Courses:
    """Rates and price paths of one letter's symbols; most share the first row.

    Attributes
    ----------
    row : int64 array, shape (n_members,)
        Each member's row of the tables.
    rate : float64 array, shape (n_rows, n_slots + 1)
        Share of a symbol's prints before each slot edge, from 0 to 1.
    path : float64 array, shape (n_rows, n_slots + 1)
        What planted moves and gaps add to the logarithm of the price.
    """

    row: NDArray[np.int64]
    rate: NDArray[np.float64]
    path: NDArray[np.float64]


def courses(plan: DayPlan, members: NDArray[np.int64]) -> Courses:
    """Return the tables of some symbols; those with nothing planted share row 0."""
    day = plan.day
    planted = {made.symbol: made for made in plan.planted}
    halts = {halt.symbol: halt for halt in plan.halts}
    row = np.zeros(len(members), dtype=np.int64)
    rates, paths = [day.activity], [np.zeros(day.n_slots + 1)]
    for k, member in enumerate(members):
        symbol = plan.listed.symbols[member]
        made, halt = planted.get(symbol), halts.get(symbol)
        if made is None and halt is None:
            continue
        row[k] = len(rates)
        density, path = np.diff(day.activity), np.zeros(day.n_slots + 1)
        if made is not None:
            extra = made.prints / plan.prints[member]
            density = (1 - extra) * density + extra * surge_shape(made, day)
            path += price_path(made, day)
        if halt is not None:
            first, last = day.slot(halt.start_ns), day.slot(halt.end_ns)
            density[first : last + 1] = 0.0
            path[last:] += np.log1p(halt.gap_pct / 100)
        rates.append(np.concatenate([[0.0], np.cumsum(density) / density.sum()]))
        paths.append(path)
    return Courses(row, np.array(rates), np.array(paths))
