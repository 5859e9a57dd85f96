"""What became of an order, a replacement or a cancel that was sent."""

from __future__ import annotations

import msgspec

from adapters.alpaca.wire.rest import VenueFault, VenueOrder


class Accepted(msgspec.Struct, frozen=True):
    """The venue has the order.

    ``was_there`` is true when an earlier request with the same client order id had brought it.
    """

    order: VenueOrder
    was_there: bool = False


class CancelRequested(msgspec.Struct, frozen=True):
    """The venue will cancel if it still can; only a trade update or a look-up tells."""


class Rejected(msgspec.Struct, frozen=True):
    """The venue refused, certainly; nothing came of the request."""

    fault: VenueFault


class Unknown(msgspec.Struct, frozen=True):
    """It may or may not have happened: leave the order as it is and look again later.

    Never to be taken for a rejection, and an order or a change never to be sent again; a cancel
    may be: asked for twice, an order is canceled once.
    """

    reason: str


type Outcome = Accepted | Rejected | Unknown
type CancelOutcome = CancelRequested | Rejected | Unknown
