"""Beside the tests of the clients: a node with a strategy that does what a scene tells it to."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Awaitable, Callable
from decimal import Decimal
from time import time_ns
from typing import Any, Self

from nautilus_trader.common import CacheConfig, Environment, LoggerConfig
from nautilus_trader.live import LiveExecutionEngineConfig, LiveNode, LiveRiskEngineConfig
from nautilus_trader.model import (
    ClientOrderId,
    OrderSide,
    TimeInForce,
    TraderId,
    TriggerType,
)
from nautilus_trader.trading import Strategy, StrategyConfig

from adapters.alpaca.config import AlpacaConfig
from adapters.alpaca.credentials import Credentials
from adapters.alpaca.venue import AlpacaVenue
from adapters.transport.kept_socket import Patience
from engine.domain.errors import VenueError
from engine.domain.facts import GapBackfilled
from engine.domain.market_data.trades import TradeBatch
from engine.runtime.bridge.messages import PRINTS
from engine.runtime.bridge.values import instrument_id, price_from, quantity_of
from engine.runtime.live.venue import Grant

EAGER = Patience(first_retry_secs=0.05, longest_retry_secs=0.2, auth_retry_secs=0.05)
_LONG_SECS = 120.0


class Watch:
    """Hears of trouble.

    Attributes
    ----------
    troubles : dict
        What is wrong now.
    told : list
        All that was ever wrong.
    refusals : list
        Why nothing could begin.
    strangers : list
        Symbols and details of orders of others.
    by_hand : list
        Trades and details of what others closed.
    gaps : list
        What was fetched of gaps.
    """

    def __init__(self) -> None:
        self.troubles: dict[str, str] = {}
        self.told: list[tuple[str, str]] = []
        self.refusals: list[str] = []
        self.strangers: list[tuple[str, str]] = []
        self.by_hand: list[tuple[str, str]] = []
        self.gaps: list[GapBackfilled] = []

    def issue_raised(self, what: str, detail: str) -> None:
        """Keep it."""
        self.troubles[what] = detail
        self.told.append((what, detail))

    def issue_cleared(self, what: str) -> None:
        """Forget it."""
        self.troubles.pop(what, None)

    def refused(self, error: VenueError) -> None:
        """Keep it."""
        self.refusals.append(str(error))

    def avoid(self, symbol: str, detail: str) -> None:
        """Keep it."""
        self.strangers.append((symbol, detail))

    def backfilled(self, gap: GapBackfilled) -> None:
        """Keep it."""
        self.gaps.append(gap)

    def closed_by_hand(self, trade_id: str, detail: str) -> None:
        """Keep it."""
        self.by_hand.append((trade_id, detail))


class Puppet(Strategy):
    """Keeps what it hears; a scene gives its orders."""

    def __new__(cls, *_: object) -> Self:
        """Keep the arguments from nautilus."""
        return super().__new__(cls)

    def __init__(self, claims: list[str]) -> None:
        super().__init__(
            StrategyConfig(
                order_id_tag="001",
                external_order_instrument_ids=[
                    instrument_id(symbol, "ALPACA") for symbol in claims
                ],
            )
        )
        self.claims = claims
        self.has_started = False
        self.events: list[Any] = []
        self.trades: list[Any] = []
        self.prints: list[TradeBatch] = []

    def on_start(self) -> None:
        """Ask for everything."""
        self.has_started = True
        self.subscribe_data(PRINTS)
        for symbol in self.claims:
            self.subscribe_trades(instrument_id(symbol, "ALPACA"))

    def on_trade(self, trade: Any) -> None:
        """Keep it."""
        self.trades.append(trade)

    def on_data(self, data: Any) -> None:
        """Keep it."""
        self.prints.append(data.data.batch)

    def on_order_event(self, event: Any) -> None:
        """Keep it."""
        self.events.append(event)


class LiveDesk:
    """A node on an Alpaca venue, and the hands of whoever tests it.

    Parameters
    ----------
    address : str
        Host and port of the simulator.
    """

    def __init__(
        self,
        address: str,
        symbols: list[str],
        *,
        now: int,
        stepped: bool = True,
        secret: str = "alice-secret",
        connect_secs: int = 30,
        **changes: Any,
    ) -> None:
        os.environ["TRADECTL_SIM_URL"] = f"http://{address}"
        self.now = now
        self.connect_secs = connect_secs
        self.watch = Watch()
        settings = {"venue": "alpaca-sim", "stepped": stepped, "run_id": "r1"}
        settings["clock_off_secs"] = 1e9  # its time is the wall's, on whatever day is played
        self.venue = AlpacaVenue(
            AlpacaConfig.of(**(settings | changes)),
            self.watch,
            (lambda: self.now) if stepped else time_ns,
            credentials=Credentials("ALICE", secret),
            patience=EAGER,
        )
        self.puppet = Puppet(symbols)
        self.cache: Any = None

    async def play(self, scene: Callable[[], Awaitable[None]]) -> None:
        """Run the node, and a scene once it trades; what the scene raises is raised."""
        gc.collect()
        node = (
            LiveNode.builder("TEST", TraderId("TEST-001"), Environment.LIVE)
            .with_logging(LoggerConfig(bypass_logging=True))
            .with_cache_config(CacheConfig(tick_capacity=4, bar_capacity=4))
            .with_exec_engine_config(
                LiveExecutionEngineConfig(
                    inflight_check_interval_ms=0, reconciliation_startup_delay_secs=0
                )
            )
            .with_risk_engine_config(LiveRiskEngineConfig(bypass=True))
            .with_delay_post_stop_secs(0)
            .with_timeout_connection(self.connect_secs)
            .add_data_client(self.venue.name, *self.venue.data_client())
            .add_exec_client(self.venue.name, *self.venue.execution_client())
            .build()
        )
        node.add_strategy(self.puppet)
        handle, self.cache = node.handle(), node.cache
        running = asyncio.create_task(node.run_async())
        try:
            await self.until(lambda: self.puppet.has_started or running.done())
            if not running.done():
                await self.venue.begin()
                async with asyncio.timeout(300):
                    await scene()
        finally:
            if not running.done():
                handle.stop()
            try:
                await running
            finally:
                await self.venue.close()
                node.dispose()
                del node, handle
                gc.collect()  # parts of nautilus must not be collected by the server's thread

    async def until(self, is_so: Callable[[], object]) -> None:
        """Wait until something is so."""
        async with asyncio.timeout(_LONG_SECS):
            while not is_so():  # noqa: ASYNC110  (nautilus has no event for it)
                await asyncio.sleep(0.005)

    async def settle(self) -> None:
        """Wait until no command is on its way and the node has handled all there is."""
        for _ in range(3):
            await asyncio.sleep(0.004)
            await self.until(lambda: self.venue.idle)

    async def grant(self, until: int) -> Grant:
        """Let time go on, to the next update at most, and hand that over."""
        await self.settle()
        grant = await self.venue.advance(until)
        self.now = grant.ts
        await self.venue.deliver(grant.updates)
        await self.settle()
        return grant

    async def grant_until(self, is_so: Callable[[], object], *, last: int, width_ns: int) -> None:
        """Let time go on until something is so."""
        while not is_so():
            assert self.now < last, [str(event)[:300] for event in self.puppet.events[3:]]
            await self.grant(min(last, self.now + width_ns))

    def bracket(
        self,
        symbol: str,
        *,
        trade: str,
        target: Decimal,
        stop: Decimal,
        limit: Decimal | None = None,
        shares: int = 100,
    ) -> None:
        """Send a bracket."""
        from nautilus_trader.model import OrderType

        puppet = self.puppet
        orders = puppet.order_factory.bracket(
            instrument_id(symbol, "ALPACA"),
            OrderSide.BUY,
            quantity_of(shares),
            time_in_force=TimeInForce.DAY,
            entry_order_type=OrderType.MARKET if limit is None else OrderType.LIMIT,
            entry_price=None if limit is None else price_from(limit),
            entry_client_order_id=ClientOrderId(f"{trade}-entry"),
            tp_price=price_from(target),
            tp_time_in_force=TimeInForce.DAY,
            tp_post_only=False,
            tp_client_order_id=ClientOrderId(f"{trade}-take_profit"),
            sl_trigger_price=price_from(stop),
            sl_trigger_type=TriggerType.LAST_PRICE,
            sl_time_in_force=TimeInForce.DAY,
            sl_client_order_id=ClientOrderId(f"{trade}-stop_loss"),
        )
        puppet.submit_order_list(orders)

    def sell(self, symbol: str, *, name: str, shares: int) -> None:
        """Send a market order that closes."""
        puppet = self.puppet
        puppet.submit_order(
            puppet.order_factory.market(
                instrument_id(symbol, "ALPACA"),
                OrderSide.SELL,
                quantity_of(shares),
                time_in_force=TimeInForce.DAY,
                reduce_only=True,
                client_order_id=ClientOrderId(name),
            )
        )

    def modify(
        self, name: str, *, price: Decimal | None = None, trigger: Decimal | None = None
    ) -> None:
        """Change an order."""
        self.puppet.modify_order(
            ClientOrderId(name),
            price=None if price is None else price_from(price),
            trigger_price=None if trigger is None else price_from(trigger),
        )

    def cancel(self, name: str) -> None:
        """Cancel an order."""
        self.puppet.cancel_order(ClientOrderId(name))

    def order(self, name: str) -> Any:
        """Return an order as nautilus has it."""
        return self.cache.order(ClientOrderId(name))

    def status(self, name: str) -> str:
        """Return the state of an order as nautilus has it."""
        order = self.order(name)
        return "" if order is None else order.status.name

    def heard(self, name: str) -> list[str]:
        """Return what the strategy heard of an order."""
        return [
            type(event).__name__.removeprefix("Order")
            for event in self.puppet.events
            if event.client_order_id.value == name
        ]
