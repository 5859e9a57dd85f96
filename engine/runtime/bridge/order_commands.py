"""What the hub wants done at the venue, as commands of a nautilus strategy."""

from __future__ import annotations

from decimal import Decimal

from nautilus_trader.common import TimeEvent
from nautilus_trader.model import ClientOrderId
from nautilus_trader.trading import Strategy

from engine.domain.bracket import Approved, BracketPlan
from engine.domain.facts import OrderRole
from engine.domain.markets.instrument import Instruments
from engine.domain.order_names import order_id
from engine.runtime.bridge.orders import bracket_orders, exit_order
from engine.runtime.bridge.values import instrument_id, price_from


class OrderCommands:
    """Gives orders in the name of a nautilus strategy.

    Parameters
    ----------
    host : nautilus Strategy
    instruments : Instruments
        What is traded.
    latency_ns : int
        A simulated venue looks into its inbox when time moves; every command sets an alert for
        the instant at which it arrives, so that fills do not wait for the next tick. Live: 0.

    Attributes
    ----------
    unsent : set of str
        Orders that were given to nautilus and have not left it, by client order id.
    """

    def __init__(self, host: Strategy, instruments: Instruments, latency_ns: int) -> None:
        self.unsent: set[str] = set()
        self._host = host
        self._instruments = instruments
        self._latency_ns = latency_ns

    def enter(self, approved: Approved[BracketPlan], now: int) -> None:
        """Send a plan as a bracket: entry, stop and target, the legs asleep until it is filled."""
        plan = approved.value
        self._host.subscribe_trades(instrument_id(plan.symbol, plan.venue))
        self._expect_arrival(now)
        instrument = self._instruments.find(plan.symbol)
        orders = bracket_orders(self._host.order_factory, approved, instrument)
        self.unsent.update(order.client_order_id.value for order in orders)
        self._host.submit_order_list(orders)

    def cancel_entry(self, plan: BracketPlan, now: int) -> None:
        """Cancel what is left of an entry."""
        self._expect_arrival(now)
        self._host.cancel_order(_name(OrderRole.ENTRY, plan))

    def move_stop(self, plan: BracketPlan, price: Decimal, now: int) -> None:
        """Move the stop of a trade."""
        self._expect_arrival(now)
        self._host.modify_order(_name(OrderRole.STOP_LOSS, plan), trigger_price=price_from(price))

    def reprice_target(self, plan: BracketPlan, price: Decimal, now: int) -> None:
        """Move the target of a trade."""
        self._expect_arrival(now)
        self._host.modify_order(_name(OrderRole.TAKE_PROFIT, plan), price=price_from(price))

    def send_exit(self, plan: BracketPlan, shares: Decimal, number: int, now: int) -> None:
        """Send the ``number``-th market order that closes a trade."""
        self._expect_arrival(now)
        instrument = self._instruments.find(plan.symbol)
        order = exit_order(self._host.order_factory, plan, instrument, shares, number)
        self.unsent.add(order.client_order_id.value)
        self._host.submit_order(order)

    def _expect_arrival(self, now: int) -> None:
        if self._latency_ns:
            arrival = now + self._latency_ns
            self._host.clock.set_time_alert_ns(f"arrival-{arrival}", arrival, _let_time_pass)


def _name(role: OrderRole, plan: BracketPlan) -> ClientOrderId:
    return ClientOrderId(order_id(role, plan.trade_id))


def _let_time_pass(_event: TimeEvent) -> None:
    """Do nothing: the alert itself moves the venue's clock."""
