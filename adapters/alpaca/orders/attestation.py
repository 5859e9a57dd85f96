"""Positions and open orders read so that they fit together, and what protects what."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from adapters.alpaca.http.rest import AlpacaRest
from adapters.alpaca.orders.protection import attested
from adapters.alpaca.wire.rest import VenuePosition
from engine.domain.markets.attested import Attested

_READINGS = 3
"""Attempts at positions that do not move while the orders are read."""


async def read_attested(rest: AlpacaRest) -> tuple[Attested, list[str]]:
    """Return what protects what, and the rows of the venue that cannot be read.

    Raises
    ------
    VenueError
        The venue does not tell.
    """
    held, readings = await rest.positions(), 0
    while True:
        before, readings = held, readings + 1
        orders, held = await rest.open_orders(), await rest.positions()
        if readings == _READINGS or _held(before.rows) == _held(held.rows):
            return attested(held.rows, orders.rows), [*held.skipped, *orders.skipped]


def _held(rows: Sequence[VenuePosition]) -> dict[str, Decimal]:
    return {each.symbol: each.qty for each in rows}
