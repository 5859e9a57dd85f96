"""The trading floor of the tests: one exchange, one account, a clock that is told the time."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from engine.domain.fixed_point import PRICE_SCALE
from engine.domain.market_data.quotes import Quote
from engine.domain.market_data.status import TradingStatus
from engine.domain.session import NANOS_PER_SECOND, session
from simulator.exchange import (
    NBBO,
    Asset,
    Exchange,
    Fault,
    FillMode,
    Order,
    OrderEvent,
    Print,
    backtest_fills,
    listed,
)

HOURS = session(date(2026, 9, 18))
TEN = HOURS.at("10:00")
PROMPT = backtest_fills("optimistic")
"""Honest fills without latency."""

STEADY = FillMode("steady", latency_ns=0)
"""The paper model without its dice."""

__all__ = ["HOURS", "NBBO", "PROMPT", "STEADY", "TEN", "Floor"]


class Floor:
    """Seconds count from 10:00 New York of a Friday; every command takes effect at once."""

    def __init__(
        self,
        mode: FillMode = STEADY,
        cash: str = "100000",
        *,
        start: int = TEN,
        pdt: bool = False,
        **asset: Any,
    ) -> None:
        self.quotes: dict[str, Quote] = {}
        self.prints: dict[str, Print] = {}
        assets = listed(["ABC", "XYZ"])
        if asset:
            assets["ABC"] = Asset(id="a", symbol="ABC", **asset)
        self.exchange = Exchange(
            mode, assets, 5, last_quote=self.quotes.get, last_print=self.prints.get, pdt=pdt
        )
        self.start = self.now = start
        self.account = self.exchange.accounts.open(Decimal(cash), start)
        self.events: list[OrderEvent] = []

    def at(self, second: float) -> None:
        """Let time pass."""
        self.now = self.start + round(second * NANOS_PER_SECOND)
        self._over()

    def quote(self, bid: float, ask: float, size: int = 1_000, symbol: str = "ABC") -> None:
        """Quote a stock now."""
        fixed = round(bid * PRICE_SCALE), round(ask * PRICE_SCALE)
        self.exchange.feed.quote(symbol, *fixed, size, size, self.now)
        self.quotes[symbol] = Quote(*fixed, size, size, self.now)
        self._over()

    def print(self, price: float, symbol: str = "ABC") -> None:
        """Print a stock now."""
        fixed = round(price * PRICE_SCALE)
        self.exchange.feed.print(symbol, fixed, 100, self.now)
        self.prints[symbol] = Print(fixed, 100, self.now)
        self._over()

    def halt(self, *, halted: bool = True) -> None:
        """Halt the stock, or let it trade again."""
        self.exchange.feed.status(TradingStatus("ABC", self.now, self.now, halted, ""))

    def band(self, down: float, up: float, symbol: str = "ABC") -> None:
        """Set the price band of a stock now; 0 lifts a side."""
        fixed = round(down * PRICE_SCALE), round(up * PRICE_SCALE)
        self.exchange.feed.luld(symbol, *fixed, self.now)

    def send(self, **body: Any) -> Order | Fault:
        """Send an order for 10 shares of ABC, day, unless the body says otherwise."""
        common = {"symbol": "ABC", "side": "buy", "type": "market", "time_in_force": "day"}
        if "notional" not in body:
            common["qty"] = "10"
        answer = self.exchange.submit(self.account.id, common | body, self.now)
        self._over()
        return answer

    def order(self, **body: Any) -> Order:
        """Send an order that must be taken."""
        answer = self.send(**body)
        assert isinstance(answer, Order), answer
        return answer

    def refused(self, **body: Any) -> Fault:
        """Send an order that must be refused."""
        answer = self.send(**body)
        assert isinstance(answer, Fault), answer
        return answer

    def bracket(self, **body: Any) -> tuple[Order, Order, Order]:
        """Send a bracket around 100 and return entry, target and stop."""
        exits = {
            "order_class": "bracket",
            "take_profit": {"limit_price": "103"},
            "stop_loss": {"stop_price": "98"},
        }
        entry = self.order(**(exits | body))
        target, stop = self.legs(entry)
        return entry, target, stop

    def legs(self, order: Order) -> list[Order]:
        """Return the legs of an order."""
        return self.exchange.state.legs_of(order)

    def replace(self, order: Order, **body: Any) -> Order | Fault:
        """Ask for an order to be replaced."""
        answer = self.exchange.replace(self.account.id, order.id, body, self.now)
        self._over()
        return answer

    def replaced(self, order: Order, **body: Any) -> Order:
        """Replace an order, which must be possible."""
        answer = self.replace(order, **body)
        assert isinstance(answer, Order), answer
        return answer

    def cancel(self, order: Order) -> Order | Fault:
        """Ask for an order to be canceled."""
        answer = self.exchange.cancel(self.account.id, order.id, self.now)
        self._over()
        return answer

    def told(self, order: Order) -> list[str]:
        """Return what ``trade_updates`` told of an order."""
        return [event.event for event in self.events if event.order.id == order.id]

    def held(self, symbol: str = "ABC") -> Decimal:
        """Return the signed position."""
        return self.account.held(symbol)

    def _over(self) -> None:
        self.exchange.advance(self.now)
        self.events += self.exchange.take_events()
