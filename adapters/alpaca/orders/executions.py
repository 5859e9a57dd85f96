"""Which shares of a venue order have been accounted for; each once, in whatever order."""

from __future__ import annotations

import base64
import hashlib
from decimal import Decimal
from uuid import UUID

_ID_BYTES = 16
NOTHING = Decimal(0)
_MICRO = Decimal("0.000001")


def trade_id_of(venue_order_id: str, cumulative: Decimal) -> str:
    """Return the id of an execution from its order and the shares filled with it.

    The stream, the list of activities and the order itself all tell these two, so an execution
    has one id whichever way it is learned. Activities are known by ids too long for nautilus
    (36 characters), and whether they hold the stream's execution id is not documented.
    """
    try:
        order = UUID(venue_order_id).bytes
    except ValueError:
        order = hashlib.blake2b(venue_order_id.encode(), digest_size=_ID_BYTES).digest()
    name = base64.b32encode(order).decode().rstrip("=")
    return f"{name}-{cumulative.normalize():f}"


class Executions:
    """The executions of one venue order, as stretches of its quantity.

    An execution of ``quantity`` shares that brought the order to ``cumulative`` is the stretch
    between; a stretch that touches one that is known is the same execution told again.
    """

    def __init__(self) -> None:
        self._stretches: list[tuple[Decimal, Decimal]] = []
        self.quantity = NOTHING
        self.value = NOTHING

    def take(self, quantity: Decimal, price: Decimal, cumulative: Decimal) -> bool:
        """Account for an execution; False when it is known already."""
        start = cumulative - quantity
        if quantity <= 0 or any(a < cumulative and start < b for a, b in self._stretches):
            return False
        self._stretches.append((start, cumulative))
        self.quantity += quantity
        self.value += quantity * price
        return True

    def make_up(self, filled: Decimal, average: Decimal) -> tuple[Decimal, Decimal, Decimal] | None:
        """Account for all that is missing as one execution: its shares, price and where it ends.

        Parameters
        ----------
        filled, average : Decimal
            Shares of the order that are filled, and their mean price in USD.
        """
        quantity = filled - self.quantity
        if quantity <= 0:
            return None
        price = ((filled * average - self.value) / quantity).quantize(_MICRO)
        end = filled
        for a, b in sorted(self._stretches, reverse=True):
            if b < end:
                break
            end = a
        self._stretches = [(NOTHING, filled)]
        self.quantity = filled
        self.value += quantity * price
        return quantity, price, end
