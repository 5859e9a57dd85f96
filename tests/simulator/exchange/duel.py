"""One stock's tape and a few commands, played by nautilus's venue and by the look-alike.

Orders in a second stock may come due at nautilus's venue meanwhile; they are none of the first's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from nautilus_trader.common import DataActor
from nautilus_trader.model import (
    AggressorSide,
    ClientOrderId,
    OrderSide,
    OrderType,
    QuoteTick,
    TimeInForce,
    TradeId,
    TradeTick,
    TriggerType,
)
from nautilus_trader.trading import Strategy

from engine.domain.account import ALPACA_MAIN
from engine.domain.fixed_point import PRICE_SCALE
from engine.domain.market_data.halts import Halts
from engine.domain.market_data.quotes import Quote
from engine.domain.market_data.status import TradingStatus
from engine.domain.markets.fill_assumptions import assumptions
from engine.domain.markets.instrument import ALPACA_STOCKS
from engine.domain.session import NANOS_PER_SECOND
from engine.runtime import Failures
from engine.runtime.backtest.simulation import Simulation
from engine.runtime.bridge.ticks import status_data
from engine.runtime.bridge.values import decimal_of, instrument_id, price_from, quantity_of
from simulator.exchange import Exchange, Order, Print, backtest_fills, listed
from tests.runtime.stage import HOURS, TEN

NAMES = {"entry": "t-entry", "target": "t-take_profit", "stop": "t-stop_loss", "exit": "t-exit"}
ROLES = {name: role for role, name in NAMES.items()}

STALE_NS = 2 * NANOS_PER_SECOND
SYMBOL = "ABC"
OTHER = "XYZ"

type Filled = tuple[str, Decimal, int]
"""Role, price, millisecond."""


@dataclass(frozen=True)
class Row:
    """One event of the tape: a quote (bid and ask), a print (bid = ask), a halt or a resume."""

    ms: int
    bid: Decimal = Decimal(0)
    ask: Decimal = Decimal(0)
    halted: bool | None = None


@dataclass(frozen=True)
class Say:
    """One command: ``enter``, ``exit``, ``cancel ROLE``, or ``move ROLE`` to a price."""

    ms: int
    word: str
    role: str = "entry"
    price: Decimal | None = None


@dataclass(frozen=True)
class Plan:
    """What ``enter`` sends."""

    buys: bool
    limit: Decimal | None
    target: Decimal
    stop: Decimal
    shares: int = 10


def at(ms: int) -> int:
    """Return a millisecond of the scene in UTC nanoseconds."""
    return TEN + ms * 1_000_000


class Puppet(Strategy):
    """Does as it is told."""

    plan: Plan
    says: Sequence[Say]
    latency_ns: int
    elsewhere: Sequence[int]
    filled: list[Filled]
    bought_elsewhere: int = 0

    def on_start(self) -> None:
        """Set an alert for each command and for its arrival."""
        for n, say in enumerate(self.says):
            self.clock.set_time_alert_ns(f"say-{n}", at(say.ms), lambda _, say=say: self.do(say))
            arrival = at(say.ms) + self.latency_ns
            self.clock.set_time_alert_ns(f"arrival-{n}", arrival, lambda _: None)
        for n, ms in enumerate(self.elsewhere):
            self.clock.set_time_alert_ns(f"elsewhere-{n}", at(ms), lambda _: self.buy_other())
            arrival = at(ms) + self.latency_ns
            self.clock.set_time_alert_ns(f"other-arrival-{n}", arrival, lambda _: None)

    def buy_other(self) -> None:
        """Buy a share of the other stock."""
        one = quantity_of(1)
        self.submit_order(
            self.order_factory.market(
                instrument_id(OTHER, ALPACA_MAIN.venue), OrderSide.BUY, one, tags=["other"]
            )
        )

    def do(self, say: Say) -> None:
        """Give one command, if its order is there to take it."""
        plan = self.plan
        if say.word == "enter":
            self.submit_order_list(self.bracket())
            return
        order = self.cache.order(ClientOrderId(NAMES[say.role]))
        if say.word == "exit":
            if self.cache.orders_open() or not self.cache.positions_open():
                return
            side = OrderSide.SELL if plan.buys else OrderSide.BUY
            self.submit_order(
                self.order_factory.market(
                    instrument_id(SYMBOL, ALPACA_MAIN.venue),
                    side,
                    quantity_of(plan.shares),
                    reduce_only=True,
                    client_order_id=ClientOrderId("t-exit"),
                    tags=["exit", "t"],
                )
            )
        elif order is not None and order.is_open and not order.is_inflight:
            if say.word == "cancel":
                self.cancel_order(order.client_order_id)
            elif say.price is not None:
                price = price_from(say.price)
                if say.role == "stop":
                    self.modify_order(order.client_order_id, trigger_price=price)
                else:
                    self.modify_order(order.client_order_id, price=price)

    def bracket(self) -> list[Any]:
        """Return the orders of the plan."""
        plan = self.plan
        return self.order_factory.bracket(
            instrument_id(SYMBOL, ALPACA_MAIN.venue),
            OrderSide.BUY if plan.buys else OrderSide.SELL,
            quantity_of(plan.shares),
            time_in_force=TimeInForce.DAY,
            entry_order_type=OrderType.MARKET if plan.limit is None else OrderType.LIMIT,
            entry_price=None if plan.limit is None else price_from(plan.limit),
            entry_client_order_id=ClientOrderId("t-entry"),
            entry_tags=["entry", "t"],
            tp_price=price_from(plan.target),
            tp_time_in_force=TimeInForce.DAY,
            tp_post_only=False,
            tp_client_order_id=ClientOrderId("t-take_profit"),
            tp_tags=["take_profit", "t"],
            sl_trigger_price=price_from(plan.stop),
            sl_trigger_type=TriggerType.LAST_PRICE,
            sl_time_in_force=TimeInForce.DAY,
            sl_client_order_id=ClientOrderId("t-stop_loss"),
            sl_tags=["stop_loss", "t"],
        )

    def on_order_filled(self, event: Any) -> None:
        """Note a fill of the stock in question; one of the other shows that it did come due."""
        if event.instrument_id == instrument_id(OTHER, ALPACA_MAIN.venue):
            self.bought_elsewhere += 1
            return
        ms = (event.ts_event - TEN) // 1_000_000
        self.filled.append((ROLES[event.client_order_id.value], decimal_of(event.last_px), ms))


def by_nautilus(
    plan: Plan, tape: Sequence[Row], says: Sequence[Say], fills: str, elsewhere: Sequence[int] = ()
) -> list[Filled]:
    """Return what nautilus's venue fills, with orders in another stock at some milliseconds."""
    assumed, failures = assumptions(fills), Failures()
    puppet = Puppet()
    puppet.plan, puppet.says, puppet.latency_ns = plan, says, assumed.latency_ns
    puppet.filled, puppet.elsewhere = [], elsewhere
    simulation = Simulation(
        assumed,
        account=ALPACA_MAIN,
        instruments=ALPACA_STOCKS,
        equity=Decimal(100_000),
        stale_quote_ns=STALE_NS,
        failures=failures,
    )
    try:
        simulation.add(DataActor(), puppet)
        simulation.list_symbols([SYMBOL, OTHER])
        simulation.play(until=HOURS.open_ns)
        halts = [row for row in tape if row.halted is not None]
        stretches = Halts(_announced(halts))
        traded = [row for row in tape if not stretches.is_halted(SYMBOL, at(row.ms))]
        simulation.play(
            status_data(_announced(halts), ALPACA_STOCKS),
            [_quote(Row(tape[0].ms, Decimal(50), Decimal("50.01")), OTHER)],
            [_quote(row) for row in traded if row.halted is None and row.bid < row.ask],
            [_print(row) for row in traded if row.halted is None and row.bid == row.ask],
            until=at(100_000),
        )
    finally:
        simulation.close()
    failures.raise_first()
    assert puppet.bought_elsewhere == len(elsewhere)
    return puppet.filled


def by_the_look_alike(
    plan: Plan, tape: Sequence[Row], says: Sequence[Say], fills: str
) -> list[Filled]:
    """Return what the look-alike fills; of a halt the tape remembers no last quote or print."""
    halts = Halts(_announced([row for row in tape if row.halted is not None]))
    quotes: dict[str, Quote] = {}
    prints: dict[str, Print] = {}
    exchange = Exchange(
        backtest_fills(fills, STALE_NS),
        listed([SYMBOL]),
        seed=3,
        last_quote=quotes.get,
        last_print=prints.get,
    )
    account = exchange.accounts.open(Decimal(100_000), TEN).id
    current: dict[str, str] = {}
    filled: list[Filled] = []

    def note() -> None:
        for event in exchange.take_events():
            order = event.order
            name = next((name for name, known in current.items() if known == order.id), None)
            if event.event == "replaced" and name is not None and order.replaced_by:
                current[name] = order.replaced_by
            if event.price is not None:
                ms = (event.ts - TEN) // 1_000_000
                filled.append((name or "?", event.price, ms))

    ordered = [*((row.ms, n, row) for n, row in enumerate(_in_turn(tape)))]
    ordered += [(say.ms, len(tape) + n, say) for n, say in enumerate(says)]
    for ms, _, each in sorted(ordered, key=lambda item: item[:2]):
        if isinstance(each, Say):
            exchange.advance(at(ms) - 1)
            note()
            _say(exchange, account, plan, each, current)
            exchange.advance(at(ms))
        elif each.halted is not None:
            exchange.feed.status(TradingStatus(SYMBOL, at(ms), at(ms), each.halted, ""))
        elif each.bid == each.ask:
            printed = Print(int(each.bid * PRICE_SCALE), 1, at(ms))
            exchange.feed.print(SYMBOL, printed.price, 1, at(ms))
            if not halts.is_halted(SYMBOL, at(ms)):
                prints[SYMBOL] = printed
        else:
            bid, ask = int(each.bid * PRICE_SCALE), int(each.ask * PRICE_SCALE)
            exchange.feed.quote(SYMBOL, bid, ask, 100, 100, at(ms))
            if not halts.is_halted(SYMBOL, at(ms)):
                quotes[SYMBOL] = Quote(bid, ask, 100, 100, at(ms))
        note()
    exchange.advance(at(100_000))
    note()
    return filled


def last_print(tape: Sequence[Row]) -> Decimal:
    """Return what was printed last when the plan is sent; of a halt nothing counts."""
    halts = Halts(_announced([row for row in tape if row.halted is not None]))
    printed = [
        row.bid
        for row in tape
        if row.ms <= 0
        and row.halted is None
        and row.bid == row.ask
        and not halts.is_halted(SYMBOL, at(row.ms))
    ]
    return printed[-1]


def _say(exchange: Exchange, account: str, plan: Plan, say: Say, current: dict[str, str]) -> None:
    side, other = ("buy", "sell") if plan.buys else ("sell", "buy")
    common = {"symbol": SYMBOL, "qty": str(plan.shares), "time_in_force": "day"}
    now = at(say.ms)
    if say.word == "enter":
        body: dict[str, Any] = common | {
            "side": side,
            "type": "market" if plan.limit is None else "limit",
            "order_class": "bracket",
            "take_profit": {"limit_price": str(plan.target)},
            "stop_loss": {"stop_price": str(plan.stop)},
        }
        if plan.limit is not None:
            body["limit_price"] = str(plan.limit)
        order = exchange.submit(account, body, now)
        assert isinstance(order, Order), order
        current.update(zip(("entry", "target", "stop"), [order.id, *order.leg_ids], strict=True))
        return
    if say.word == "exit":
        if exchange.state.open_ids or not exchange.state.accounts[account].positions:
            return
        order = exchange.submit(account, common | {"side": other, "type": "market"}, now)
        assert isinstance(order, Order), order
        current["exit"] = order.id
        return
    order = exchange.state.orders.get(current.get(say.role, ""))
    if order is None or order.is_closed or order.is_pending or not order.is_working:
        return
    if say.word == "cancel":
        exchange.cancel(account, order.id, now)
    elif say.price is not None:
        name = "stop_price" if say.role == "stop" else "limit_price"
        assert isinstance(exchange.replace(account, order.id, {name: str(say.price)}, now), Order)


def _in_turn(tape: Sequence[Row]) -> list[Row]:
    return sorted(tape, key=lambda row: (row.ms, row.halted is None, row.bid == row.ask))


def _quote(row: Row, symbol: str = SYMBOL) -> QuoteTick:
    size = quantity_of(100)
    bid, ask = price_from(row.bid), price_from(row.ask)
    return QuoteTick(
        instrument_id(symbol, ALPACA_MAIN.venue), bid, ask, size, size, at(row.ms), at(row.ms)
    )


def _print(row: Row) -> TradeTick:
    return TradeTick(
        instrument_id(SYMBOL, ALPACA_MAIN.venue),
        price_from(row.bid),
        quantity_of(1),
        AggressorSide.NO_AGGRESSOR,
        TradeId("0"),
        at(row.ms),
        at(row.ms),
    )


def _announced(halts: Sequence[Row]) -> list[TradingStatus]:
    return [TradingStatus(SYMBOL, at(row.ms), at(row.ms), bool(row.halted), "") for row in halts]
