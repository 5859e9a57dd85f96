"""What happens to an order and its group: it wakes, fills, is canceled, expires."""

from __future__ import annotations

import copy
from decimal import Decimal

from engine.domain.fixed_point import decimal_price
from simulator.exchange.book.accounts import Fill
from simulator.exchange.book.orders import NOTHING, Order, OrderClass, Role, Status
from simulator.exchange.book.state import OrderEvent, State
from simulator.instants import activity_stamp

_ENDS = {
    Status.CANCELED: ("canceled", "canceled_at"),
    Status.EXPIRED: ("expired", "expired_at"),
    Status.REJECTED: ("rejected", "failed_at"),
}


class OrderLife:
    """Moves orders of one state through their lives and reports it.

    Parameters
    ----------
    tells_siblings : bool
        Whether the end of the leg that lost is told on ``trade_updates``; Alpaca does not
        (alpaca-py#198), it can only be seen over REST.
    """

    def __init__(self, state: State, *, tells_siblings: bool = False) -> None:
        self._state = state
        self.tells_siblings = tells_siblings

    def tell(self, order: Order, event: str, ts: int) -> None:
        """Tell that something other than a fill happened to an order."""
        self._state.events.append(
            OrderEvent(order.account_id, event, copy.copy(order), ts, self._legs(order))
        )

    def begin(self, order: Order, ts: int) -> None:
        """Let the market reach an order; the stop of a group stays ``held`` while it waits."""
        order.is_working = order.has_arrived = True
        if not order.is_pending:
            order.status = order.live_status
        order.updated_at = ts
        if order.status is Status.NEW:
            self.tell(order, "new", ts)
        if order.order_class is OrderClass.OCO:
            for leg in self._state.legs_of(order):
                self.begin(leg, ts)

    def fill(self, order: Order, price: int, qty: Decimal, ts: int) -> None:
        """Fill some of an order at a price in 1e-6 USD, and see to its group."""
        state, paid = self._state, decimal_price(price).normalize()
        account = state.accounts[order.account_id]
        order.filled_qty += qty
        order.filled_value += qty * paid
        leaves = NOTHING if order.qty is None else order.leaves_qty
        position = account.take_fill(order.symbol, qty if order.is_buy else -qty, paid)
        order.filled_at = order.updated_at = ts
        if not leaves:
            order.status = Status.FILLED
            self._leave(order)
        elif not order.is_pending:
            order.status = Status.PARTIALLY_FILLED
        execution = state.new_id()
        kind = "partial_fill" if leaves else "fill"
        account.fills.append(
            Fill(
                f"{activity_stamp(ts)}::{execution}",
                order.id,
                order.symbol,
                order.side.value if order.is_buy or not order.is_opening else "sell_short",
                paid,
                qty,
                order.filled_qty,
                leaves,
                ts,
                order.status.value,
            )
        )
        state.events.append(
            OrderEvent(
                order.account_id,
                kind,
                copy.copy(order),
                ts,
                self._legs(order),
                paid,
                qty,
                position,
                execution,
            )
        )
        self._settle_group(order, qty, ts)

    def end(self, order: Order, status: Status, ts: int, *, told: bool = True) -> None:
        """End an order without a fill, and with it what cannot live without it."""
        if order.is_closed:
            return
        event, field = _ENDS[status]
        order.status, order.updated_at = status, ts
        setattr(order, field, ts)
        self._leave(order)
        if told:
            self.tell(order, event, ts)
        dependants = [*self._state.legs_of(order), *self._state.siblings_of(order)]
        for other in dependants:
            self.end(other, status, ts)

    def replace(self, old: Order, new: Order, ts: int) -> None:
        """Put an order in another's place."""
        old.status, old.replaced_at, old.updated_at = Status.REPLACED, ts, ts
        old.replaced_by = new.id
        new.has_arrived, new.is_working = True, old.is_working
        new.is_elected, new.leg_ids = old.is_elected, old.leg_ids
        self._leave(old)
        for leg in self._state.legs_of(new):
            leg.parent_id = new.id
        if new.parent_id is not None:
            parent = self._state.orders[new.parent_id]
            parent.leg_ids = [new.id if leg == old.id else leg for leg in parent.leg_ids]
        old.leg_ids = []
        new.status, new.updated_at = new.live_status, ts
        self.tell(old, "replaced", ts)
        if new.status is not Status.HELD:
            self.tell(new, "new", ts)

    def admit(self, order: Order) -> None:
        """Let an order into the books."""
        account = self._state.accounts[order.account_id]
        self._state.orders[order.id] = order
        self._state.open_ids.setdefault(order.symbol, []).append(order.id)
        account.order_ids.append(order.id)
        account.client_ids[order.client_order_id] = order.id

    def _settle_group(self, order: Order, qty: Decimal, ts: int) -> None:
        siblings = [other for other in self._state.siblings_of(order) if not other.is_closed]
        if not order.is_closed:
            for other in siblings:
                if other.qty is not None:
                    other.qty -= qty
            return
        for other in siblings:
            self._lose(other, order, ts)
        if order.role is Role.ENTRY:
            self._wake_legs(order, ts)

    def _lose(self, loser: Order, winner: Order, ts: int) -> None:
        """End the leg whose sibling has filled; a target becomes what its stop replaced it by."""
        if winner.role is Role.STOP:
            loser.status, loser.replaced_at = Status.REPLACED, ts
            loser.replaced_by = winner.id
        else:
            loser.status, loser.canceled_at = Status.CANCELED, ts
        loser.updated_at = ts
        self._leave(loser)
        if self.tells_siblings:
            self.tell(loser, "canceled", ts)

    def _wake_legs(self, entry: Order, ts: int) -> None:
        """Wake the legs of a filled entry, for no more shares than there are to protect."""
        account = self._state.accounts[entry.account_id]
        free = abs(account.held(entry.symbol)) - held_for_orders(self._state, entry)
        for leg in self._state.legs_of(entry):
            if leg.is_closed:
                continue
            if free <= 0:
                self.end(leg, Status.CANCELED, ts)
                return
            leg.qty = free if leg.qty is None else min(leg.qty, free)
            self.begin(leg, ts)

    def _leave(self, order: Order) -> None:
        """Take an order out of the market."""
        order.is_working = False
        ids = self._state.open_ids.get(order.symbol, [])
        if order.id in ids:
            ids.remove(order.id)
        if not ids:
            self._state.open_ids.pop(order.symbol, None)

    def _legs(self, order: Order) -> tuple[Order, ...]:
        return tuple(copy.copy(leg) for leg in self._state.legs_of(order))


def held_for_orders(state: State, example: Order) -> Decimal:
    """Return how many shares the open exits of an order's account hold in its stock."""
    return sum(holdings(state, example.account_id, example.symbol).values(), NOTHING)


def holdings(state: State, account_id: str, symbol: str) -> dict[str, Decimal]:
    """Return how many shares each group of open exits holds, by the id it goes by.

    Legs of which only one can fill hold the same shares; those asleep hold none, and neither do
    replacements on their way.
    """
    held = state.accounts[account_id].held(symbol)
    groups: dict[str, Decimal] = {}
    for order in state.open_orders(symbol):
        reduces = order.is_buy if held < 0 else held > 0 and not order.is_buy
        is_idle = order.is_asleep or order.is_on_its_way
        if order.account_id == account_id and reduces and not is_idle:
            group = order.parent_id or order.id
            groups[group] = max(groups.get(group, NOTHING), order.leaves_qty)
    return groups
