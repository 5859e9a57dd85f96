"""Positions and open orders at the venue → which shares a stop covers, and which none.

Only what the venue itself attests counts. A stop that sleeps behind an entry covers nothing before
that entry is wholly filled; a target takes profits and covers nothing; of a one-cancels-other pair
one of the two fills, so both share the same shares.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal

from adapters.alpaca.wire.rest import VenueOrder, VenuePosition
from engine.domain.facts import OrderRole
from engine.domain.markets.attested import Attested, Leg, LegRole, Protection

_LIVE = frozenset({"new", "accepted", "partially_filled", "pending_replace"})
"""An order of which the venue says so works, or waits for its session."""

_ENDED = frozenset({"filled", "canceled", "expired", "replaced", "rejected", "done_for_day"})

_ASLEEP = "held"
"""A leg: behind its entry, or, once that is filled, the stop that waits beside its target."""

_STOPS = frozenset({"stop", "stop_limit", "trailing_stop"})
_EXITS = {"long": "sell", "short": "buy"}
_OURS = re.compile(rf"[^.]+\.\d+\..+-(?:{'|'.join(OrderRole)})(?:-\d+)?(?:~[1-9]\d*)?", re.ASCII)
"""How ``OrderIds`` of any run names an order."""


def attested(positions: Iterable[VenuePosition], orders: Iterable[VenueOrder]) -> Attested:
    """Return what protects each position.

    Parameters
    ----------
    orders : iterable of VenueOrder
        All open ones with their legs nested. A leg without its parent belongs to an entry that is
        filled: an open parent would be there, and one that ended otherwise takes its legs along.
    """
    open_orders = tuple(orders)
    held = {each.symbol: each for each in positions if each.qty}
    legs = list(_legs(open_orders, held))
    return Attested(
        tuple(
            _protection(position, tuple(each for each in legs if each.symbol == symbol))
            for symbol, position in sorted(held.items())
        ),
        tuple(each for each in legs if each.symbol not in held),
    )


def _protection(position: VenuePosition, legs: tuple[Leg, ...]) -> Protection:
    shares = abs(position.qty)
    protected = min(shares, sum((each.covers for each in legs), Decimal(0)))
    return Protection(
        symbol=position.symbol,
        side=position.side,
        shares=shares,
        avg_entry_price=position.avg_entry_price,
        market_value=position.market_value,
        protected=protected,
        unprotected=shares - protected,
        legs=legs,
    )


def _legs(orders: tuple[VenueOrder, ...], held: dict[str, VenuePosition]) -> Iterator[Leg]:
    """Yield every open order once; one that is about to replace another counts as that one does."""
    nested = {leg.id for order in orders for leg in order.legs}
    working = {each.id for order in orders for each in (order, *order.legs) if each.status in _LIVE}
    for order in orders:
        if order.id in nested:
            continue
        position = held.get(order.symbol)
        is_exit = _is_exit(order, position)
        asleep = bool(order.legs) and not is_exit and not _is_filled(order)
        if order.status not in _ENDED:
            yield _leg(order, position, working, asleep=False, parent=None)
        for leg in order.legs:
            if leg.status not in _ENDED:
                yield _leg(leg, position, working, asleep=asleep, parent=order)


def _leg(
    order: VenueOrder,
    position: VenuePosition | None,
    working: set[str],
    *,
    asleep: bool,
    parent: VenueOrder | None,
) -> Leg:
    left = max((order.qty or Decimal(0)) - order.filled_qty, Decimal(0))
    is_exit = _is_exit(order, position)
    # the stop of a pair is shown as held while its target works: it covers all the same
    works = order.status in _LIVE or (order.status == _ASLEEP and _is_leg(order))
    role = _role(order) if position is None or is_exit else LegRole.OTHER
    covers = is_exit and role is not LegRole.TARGET
    counted = covers and works and not asleep and order.replaces not in working
    return Leg(
        order_id=order.id,
        client_order_id=order.client_order_id,
        symbol=order.symbol,
        role=role,
        type=order.type or order.order_type,
        side=order.side,
        status=order.status,
        quantity=left,
        covers=left if counted else Decimal(0),
        price=order.limit_price if order.stop_price is None else order.stop_price,
        is_foreign=_is_foreign(order, parent),
    )


def _is_exit(order: VenueOrder, position: VenuePosition | None) -> bool:
    return position is not None and order.side == _EXITS.get(position.side)


def _is_filled(order: VenueOrder) -> bool:
    return order.status == "filled" or (order.qty is not None and order.filled_qty >= order.qty)


def _is_leg(order: VenueOrder) -> bool:
    return order.order_class in {"bracket", "oco", "oto"}


def _role(order: VenueOrder) -> LegRole:
    kind = order.type or order.order_type
    if kind in _STOPS:
        return LegRole.STOP
    return LegRole.CLOSING if kind == "market" else LegRole.TARGET


def _is_foreign(order: VenueOrder, parent: VenueOrder | None) -> bool | None:
    """Say whether an order is nobody's of ours; a leg is whose its parent is."""
    if _OURS.fullmatch(order.client_order_id):
        return False
    if parent is not None:
        return _is_foreign(parent, None)
    return None if _is_leg(order) and not order.legs else True
