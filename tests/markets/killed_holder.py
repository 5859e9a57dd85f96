"""Beside the contract of markets: a process that sends one protected ticket and is killed."""

from __future__ import annotations

import asyncio
import json
import sys
from decimal import Decimal
from pathlib import Path

from catalog import Catalog
from engine.domain.candidate import Side
from engine.domain.markets.market import PlacedOrder
from engine.domain.ticket import Amount, Protections, Ticket, Unit
from simulator.server import Holder
from tests.markets.places import alpaca_market, paper_market


async def main(described: str, symbol: str, target: str, stop: str) -> None:
    """Send a bracket, say so, and wait for the end."""
    where = json.loads(described)
    clock = lambda: where["now"]  # noqa: E731
    if "url" in where:
        market = alpaca_market(where["url"], Holder(where["key"], where["secret"]), clock)
    else:
        market = paper_market(Catalog(where["root"]), Path(where["path"]), clock, clock)
    await market.open()
    answer = await market.submit(
        Ticket(
            ticket_id="T1",
            venue=market.venue,
            symbol=symbol,
            side=Side.LONG,
            amount=Amount(Decimal(10), Unit.BASE),
            protections=Protections(take_profit=Decimal(target), stop_loss=Decimal(stop)),
        )
    )
    sys.stdout.write(f"{'sent' if isinstance(answer, PlacedOrder) else answer}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
