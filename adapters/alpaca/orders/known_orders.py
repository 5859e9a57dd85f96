"""Our orders by our ids and the venue's: what is asked of them."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from adapters.alpaca.orders.own_order import OwnOrder


class KnownOrders:
    """All our orders as far as they are known; ``OwnOrders`` keeps them so.

    Attributes
    ----------
    orders : dict
        By our client order id.
    by_venue : dict
        By each id under which the venue has or had them.
    """

    def __init__(self) -> None:
        self.orders: dict[str, OwnOrder] = {}
        self.by_venue: dict[str, OwnOrder] = {}

    def find(self, venue_order_id: str) -> OwnOrder | None:
        """Return our order of a venue id."""
        return self.by_venue.get(venue_order_id)

    def group(self, client_order_id: str) -> list[OwnOrder]:
        """Return an order with its legs, the order first."""
        legs = (order for order in self.orders.values() if order.parent == client_order_id)
        return [self.orders[client_order_id], *legs]

    def open_orders(self, symbol: str) -> list[OwnOrder]:
        """Return our orders in a stock that may still fill."""
        return [order for order in self.orders.values() if order.symbol == symbol and order.is_open]

    def held(self, symbol: str) -> Decimal:
        """Return our shares of a stock by our own executions, short ones negative."""
        return sum(
            (
                order.filled if order.side == "buy" else -order.filled
                for order in self.orders.values()
                if order.symbol == symbol
            ),
            Decimal(0),
        )

    def misses_fills(self) -> list[OwnOrder]:
        """Return the orders of whose executions some did not come."""
        return [order for order in self.orders.values() if order.misses_fills]

    def unsettled(self) -> set[str]:
        """Return the venue ids of brackets of which one leg has ended and another has not."""
        legs: defaultdict[str, list[OwnOrder]] = defaultdict(list)
        for order in self.orders.values():
            if order.parent is not None:
                legs[order.parent].append(order)
        parents = (
            self.orders.get(parent)
            for parent, group in legs.items()
            if any(leg.is_open for leg in group) and any(leg.is_closed for leg in group)
        )
        return {each.current.venue.id for each in parents if each is not None and each.current}

    def may_change(self, venue_order_id: str) -> bool:
        """Say whether a look at an order can tell anything: it is strange or not wholly over.

        All of a bracket that is over was told when it was seen with its legs.
        """
        order = self.by_venue.get(venue_order_id)
        if order is None:
            return True
        group = self.group(order.parent or order.client_order_id)
        return not all(each.is_closed for each in group)

    def unknown_past(self) -> list[str]:
        """Return the venue orders that our first ones replaced, as far as they are not known."""
        firsts = (order.links[0].venue.replaces for order in self.orders.values() if order.links)
        return [each for each in firsts if each is not None and each not in self.by_venue]

    @staticmethod
    def venue_id(order: OwnOrder) -> str:
        """Return the id under which the venue has an order now, empty before it is known."""
        return order.current.venue.id if order.current else ""
