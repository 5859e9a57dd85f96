"""The scene of several tests: a node trades one symbol at a simulator, through the clients."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import msgspec

from catalog import Catalog
from engine.domain.market_data.trades import TradeBatch
from engine.domain.session import NANOS_PER_SECOND, session
from tests.adapters.alpaca.orders.live_desk import LiveDesk
from tests.simulator.server.conftest import DAY
from tests.simulator.server.served import Served

SECOND = NANOS_PER_SECOND
OPEN = session(DAY).open_ns + 1_800 * SECOND
LAST = OPEN + 5_400 * SECOND
CENT = Decimal("0.01")


class Stock(msgspec.Struct, frozen=True):
    """A symbol whose price rises and then falls.

    ``high`` is its highest price in the quarter of an hour after a test begins, at ``peak_ns``;
    ``low`` the lowest in the hour after that. USD.
    """

    symbol: str
    high: Decimal
    peak_ns: int
    low: Decimal


class Scene:
    """A desk at a served simulator that trades one symbol."""

    def __init__(self, served: Served, stock: Stock, **changes: Any) -> None:
        self.served = served
        self.stock = stock
        self.symbol = stock.symbol
        self.desk = LiveDesk(served.address, [stock.symbol], now=OPEN, **changes)

    def play(self, script: Callable[[], Awaitable[None]]) -> None:
        """Run a script in a node of its own."""
        asyncio.run(self.desk.play(script))

    async def price(self) -> Decimal:
        """Return the last print, once there is one."""
        trades = self.desk.puppet.trades
        await self.desk.grant_until(lambda: trades, last=LAST, width_ns=SECOND)
        return trades[-1].price.as_decimal().quantize(CENT)

    async def filled(self, name: str, width_ns: int = 30 * SECOND) -> None:
        """Let time go on until an order is filled."""
        is_so = lambda: self.desk.status(name) == "FILLED"  # noqa: E731
        await self.desk.grant_until(is_so, last=LAST, width_ns=width_ns)

    async def at_peak(self) -> None:
        """Let time go on until the price is highest."""
        peak = self.stock.peak_ns
        await self.desk.grant_until(lambda: self.desk.now >= peak, last=peak, width_ns=LAST)

    async def entered(self, trade: str = "T1") -> Decimal:
        """Enter at the market with exits far away; return the last print then."""
        price = await self.price()
        far = (price * Decimal("0.2")).quantize(CENT)
        self.desk.bracket(self.symbol, trade=trade, target=price + far, stop=price - far)
        await self.filled(f"{trade}-entry")
        return self.desk.puppet.trades[-1].price.as_decimal().quantize(CENT)

    async def chaos(self, **switches: Any) -> None:
        """Turn switches of the simulator."""
        async with self.served.admin() as admin:
            (await admin.post("/sim/chaos", json=switches)).raise_for_status()

    async def resume(self) -> None:
        """Let the tape run."""
        async with self.served.admin() as admin:
            (await admin.post("/sim/resume", json={})).raise_for_status()

    async def strike(self, what: str) -> None:
        """Do something to all sockets."""
        async with self.served.admin() as admin:
            (await admin.post("/sim/chaos/strike", json={"what": what})).raise_for_status()

    def venue_orders(self) -> list[dict[str, Any]]:
        """Return all orders the venue ever had, parents alone."""
        with self.served.rest() as rest:
            query = {"status": "all", "nested": "true", "limit": "500", "direction": "asc"}
            return rest.get("/v2/orders", params=query).json()


def rows(batch: TradeBatch, symbol: str) -> list[tuple[int, int, int]]:
    """Return time, price and size of a symbol's prints, those taken back left out."""
    if symbol not in batch.symbols:
        return []
    taken_back = [codes.startswith("!") for codes in batch.conditions]
    mine = batch.rows(batch.symbol_id == batch.symbols.index(symbol))
    listed = zip(
        mine.ts_event.tolist(), mine.price.tolist(), mine.size.tolist(),
        mine.condition_id.tolist(), strict=True,
    )  # fmt: skip
    return [(ts, price, size) for ts, price, size, codes in listed if not taken_back[codes]]


def is_whole(scene: Scene, market: Catalog) -> bool:
    """Say whether every print of the symbol came once between the first and the last heard."""
    heard = [row for batch in scene.desk.puppet.prints for row in rows(batch, scene.symbol)]
    first, last = heard[0][0], max(row[0] for row in heard)
    day = market.trades(DAY, [scene.symbol], OPEN, OPEN + 3_600 * SECOND)
    printed = [row for row in rows(day, scene.symbol) if first < row[0] < last]
    assert len(printed) > 30
    return sorted(row for row in heard if first < row[0] < last) == sorted(printed)
