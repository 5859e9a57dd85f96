"""The grids on which orders may be priced, as data with dates (SEC rule 612 is one of them).

A grid is a list of bands: from a price on, a step. What a venue answers to anything finer is its
own: Alpaca says "sub-penny increment does not fulfill minimum pricing criteria".
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Self

import msgspec

from engine.domain.candidate import Side
from engine.domain.errors import ConfigError
from engine.domain.fixed_point import PRICE_SCALE


class PriceBand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From a price on, included, orders are priced in multiples of ``tick``; quote currency."""

    start: Decimal
    tick: Decimal


class TickGrid(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One grid: bands in ascending order, the first from 0 on.

    All amounts are in the instrument's quote currency.
    """

    bands: tuple[PriceBand, ...]

    @classmethod
    def of(cls, *bands: tuple[str, str]) -> Self:
        """Return the grid of bands given as texts: start and tick.

        Raises
        ------
        ConfigError
            The first band does not start at 0, starts do not ascend, a tick is not above 0, or a
            start is no price of the band that it begins or of the one that it ends.
        """
        made = tuple(PriceBand(Decimal(start), Decimal(tick)) for start, tick in bands)
        starts = [band.start for band in made]
        if not made or starts[0] != 0 or starts != sorted(set(starts)):
            raise ConfigError(f"expected price bands that ascend from 0, found {list(bands)}")
        if any(band.tick <= 0 for band in made):
            raise ConfigError(f"expected price steps above 0, found {list(bands)}")
        for below, band in pairwise(made):
            if band.start % below.tick or band.start % band.tick:
                raise ConfigError(
                    f"a price band starts at {band.start}, expected a multiple of {below.tick} and "
                    f"of {band.tick}"
                )
        return cls(made)

    def tick(self, price: Decimal) -> Decimal:
        """Return the price step of an order at this price."""
        return self._band(price, below=False).tick

    def fixed_tick(self, price: int) -> int:
        """Return the price step of an order at this price, both in 1e-6 of the currency."""
        return int(self.tick(Decimal(price).scaleb(-6)) * PRICE_SCALE)

    def holds(self, price: Decimal) -> bool:
        """Say whether a price is above 0 and on the grid."""
        return price.is_finite() and price > 0 and not price % self.tick(price)

    def round_with(self, price: Decimal, side: Side) -> Decimal:
        """Return the nearest grid price in the trade's direction: up for a long, else down."""
        tick = self.tick(price)
        floor = price // tick
        if floor * tick > price:  # ``//`` cuts towards zero
            floor -= 1
        return (floor + 1 if side is Side.LONG and floor * tick < price else floor) * tick

    def round_against(self, price: Decimal, side: Side) -> Decimal:
        """Return the nearest grid price against the trade: down for a long, up for a short."""
        return self.round_with(price, Side(-side))

    def next_tick(self, price: Decimal, side: Side) -> Decimal:
        """Return the first grid price strictly beyond any price in the trade's direction."""
        rounded = self.round_with(price, side)
        if rounded != price:
            return rounded
        return price + side * self._band(price, below=side is Side.SHORT).tick

    def _band(self, price: Decimal, *, below: bool) -> PriceBand:
        """Return the band of a price; ``below``, of what is just beneath it."""
        cut = bisect_left if below else bisect_right
        return self.bands[max(0, cut(self.bands, price, key=_start) - 1)]


class GridVersion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A grid and the day it comes into force."""

    since: date
    grid: TickGrid


class PriceGrid(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The grids of an instrument through time, the oldest first."""

    versions: tuple[GridVersion, ...]

    @classmethod
    def always(cls, grid: TickGrid) -> Self:
        """Return a grid that never changed."""
        return cls((GridVersion(date.min, grid),))

    @classmethod
    def dated(cls, *versions: tuple[date, TickGrid]) -> Self:
        """Return grids by the day each comes into force; the first holds before it, too.

        Raises
        ------
        ConfigError
            There is none, or the days do not ascend.
        """
        days = [since for since, _ in versions]
        if not days or days != sorted(set(days)):
            raise ConfigError(f"expected price grids by days that ascend, found {days}")
        return cls(tuple(GridVersion(*version) for version in versions))

    def on(self, day: date) -> TickGrid:
        """Return the grid in force on a day of the instrument's calendar."""
        found = bisect_right(self.versions, day, key=_since)
        return self.versions[max(0, found - 1)].grid


def _start(band: PriceBand) -> Decimal:
    return band.start


def _since(version: GridVersion) -> date:
    return version.since


RULE_612 = TickGrid.of(("0", "0.0001"), ("1", "0.01"))
"""US stocks: cents from 1 USD on, hundredths of a cent below it."""

US_STOCK_PRICES = PriceGrid.always(RULE_612)
"""The SEC has adopted half pennies for tightly quoted stocks and put them off: once they are in
force for a stock, its instrument has a second version."""
