"""Entries that another process may still send late are made impossible at the venue."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from decimal import Decimal

from adapters.alpaca.http.outcomes import Rejected, Unknown
from adapters.alpaca.http.rest import AlpacaRest
from adapters.alpaca.orders.own_orders import OwnOrders
from adapters.alpaca.orders.requests import OrderRequest
from adapters.transport.token_bucket import Priority
from engine.domain.errors import VenueUnavailable

_OUT_OF_REACH = Decimal("0.01")
"""USD: nobody sells for it, and it is canceled at once."""

_log = logging.getLogger(__name__)


class StaleEntries:
    """Uses up the ids of entries that were meant to be sent and are not at the venue.

    A process that was stopped between its plan and its request sends when it wakes, and the venue
    knows nothing of journals. But it takes an id once, of an order that was canceled, too: so under
    each id a share is asked for at a price at which nobody sells, and canceled.

    Parameters
    ----------
    symbols : mapping of str to str
        By client order id.
    """

    def __init__(self, rest: AlpacaRest, own: OwnOrders, symbols: Mapping[str, str]) -> None:
        self._rest = rest
        self._own = own
        self._symbols = dict(symbols)

    async def void(self) -> bool:
        """Use up every id that the venue does not know; say whether none came to light meanwhile.

        Raises
        ------
        VenueUnavailable
            It is not certain of one of them; the same may be asked again.
        """
        is_so = True
        for client_order_id, symbol in list(self._symbols.items()):
            if client_order_id not in self._own.orders:
                is_so &= await self._void(client_order_id, symbol)
            del self._symbols[client_order_id]
        return is_so

    async def _void(self, client_order_id: str, symbol: str) -> bool:
        request = OrderRequest(
            client_order_id=self._own.ids.venue_id(client_order_id),
            symbol=symbol,
            side="buy",
            type="limit",
            time_in_force="day",
            qty=Decimal(1),
            limit_price=_OUT_OF_REACH,
        )
        self._own.voided.add(request.client_order_id)
        outcome = await self._rest.submit(request, Priority.CANCEL)
        if isinstance(outcome, Rejected):
            self._own.voided.discard(request.client_order_id)
            known = await self._rest.order_by_client_id(request.client_order_id, Priority.CANCEL)
            if known is None:
                fault = outcome.fault
                _log.error(
                    "the id of %s is not used up, HTTP %d: %s; should the order come, it is ours",
                    client_order_id, fault.http_status, fault.message,
                )  # fmt: skip
            return known is None
        if isinstance(outcome, Unknown):
            raise VenueUnavailable(f"the id of {client_order_id} is not used up: {outcome.reason}")
        canceled = await self._rest.cancel(outcome.order.id)
        if isinstance(canceled, Unknown):
            raise VenueUnavailable(f"{client_order_id} is not canceled: {canceled.reason}")
        _log.warning("the id of %s, which was not sent, is used up", client_order_id)
        return True
