"""An order and its legs made from a request, and the order that stands in for another."""

from __future__ import annotations

from simulator.exchange.book.accounts import Account
from simulator.exchange.book.assets import Asset
from simulator.exchange.book.hours import gtc_expiry, hours_at
from simulator.exchange.book.orders import (
    Order,
    OrderClass,
    OrderType,
    Role,
    Side,
    Status,
    TimeInForce,
)
from simulator.exchange.book.state import State
from simulator.exchange.intake.admission import intent
from simulator.exchange.intake.request import OrderRequest, ReplaceRequest

_OTHER = {Side.BUY: Side.SELL, Side.SELL: Side.BUY}


def orders_from(
    request: OrderRequest, account: Account, asset: Asset, state: State, now: int
) -> list[Order]:
    """Return the order a request asks for and its legs, none of them in the books yet.

    The target of an OCO is the parent and its stop the leg; of a bracket and an OTO the entry is.
    """
    group = request.order_class
    exits = request.side if group is OrderClass.OCO else _OTHER[request.side]
    is_oco = group is OrderClass.OCO
    limit = (request.take_profit or request.limit_price) if is_oco else request.limit_price
    parent = Order(
        id=state.new_id(),
        account_id=account.id,
        client_order_id=request.client_order_id or state.new_id(),
        symbol=request.symbol,
        asset_id=asset.id,
        side=request.side,
        type=request.type,
        time_in_force=request.time_in_force,
        order_class=group,
        qty=request.qty,
        notional=request.notional,
        limit_price=limit,
        stop_price=request.stop_price,
        trail_price=request.trail_price,
        trail_percent=request.trail_percent,
        extended_hours=request.extended_hours,
        position_intent=intent(request.side, account.held(request.symbol)),
        role=_role_of_parent(group),
        planned_price=limit if is_oco else None,
        created_at=now,
        updated_at=now,
        submitted_at=now,
        expires_at=_expiry(request.time_in_force, now, extended=request.extended_hours),
    )
    legs: list[Order] = []
    if request.take_profit is not None and not is_oco:
        target = _leg(parent, exits, Role.TARGET, OrderType.LIMIT, state)
        target.limit_price = target.planned_price = request.take_profit
        legs.append(target)
    if request.stop_loss is not None:
        stop_type = (
            OrderType.STOP if request.stop_loss.limit_price is None else OrderType.STOP_LIMIT
        )
        stop = _leg(parent, exits, Role.STOP, stop_type, state)
        stop.stop_price = request.stop_loss.stop_price
        stop.limit_price = request.stop_loss.limit_price
        legs.append(stop)
    parent.leg_ids = [leg.id for leg in legs]
    return [parent, *legs]


def replacement_of(old: Order, change: ReplaceRequest, state: State, now: int) -> Order:
    """Return the order that is to stand in for another, not in the books yet."""
    tif = change.time_in_force or old.time_in_force
    trails = change.trail is not None
    return Order(
        id=state.new_id(),
        account_id=old.account_id,
        client_order_id=change.client_order_id or state.new_id(),
        symbol=old.symbol,
        asset_id=old.asset_id,
        side=old.side,
        type=old.type,
        time_in_force=tif,
        order_class=old.order_class,
        qty=change.qty or old.leaves_qty,
        limit_price=change.limit_price or old.limit_price,
        stop_price=change.stop_price or old.stop_price,
        trail_price=change.trail if trails and old.trail_price is not None else old.trail_price,
        trail_percent=change.trail
        if trails and old.trail_percent is not None
        else old.trail_percent,
        hwm=old.hwm,
        extended_hours=old.extended_hours,
        position_intent=old.position_intent,
        replaces=old.id,
        parent_id=old.parent_id,
        role=old.role,
        planned_price=old.planned_price,
        unit_cost=old.unit_cost,
        created_at=now,
        updated_at=now,
        submitted_at=now,
        expires_at=_expiry(tif, old.created_at, extended=old.extended_hours),
    )


def _leg(parent: Order, side: Side, role: Role, kind: OrderType, state: State) -> Order:
    return Order(
        id=state.new_id(),
        account_id=parent.account_id,
        client_order_id=state.new_id(),
        symbol=parent.symbol,
        asset_id=parent.asset_id,
        side=side,
        type=kind,
        time_in_force=parent.time_in_force,
        order_class=parent.order_class,
        qty=parent.qty,
        position_intent=f"{side}_to_close",
        status=Status.HELD,
        parent_id=parent.id,
        role=role,
        created_at=parent.created_at,
        updated_at=parent.created_at,
        submitted_at=parent.created_at,
        expires_at=parent.expires_at,
    )


def _role_of_parent(group: OrderClass) -> Role | None:
    if group is OrderClass.SIMPLE:
        return None
    return Role.TARGET if group is OrderClass.OCO else Role.ENTRY


def _expiry(tif: TimeInForce, created_ns: int, *, extended: bool) -> int | None:
    """Return when an order is given up by itself."""
    if tif is TimeInForce.GTC:
        return gtc_expiry(created_ns)
    hours = hours_at(created_ns)
    if extended:
        return hours.end_ns
    if created_ns >= hours.close_ns:
        hours = hours_at(hours.end_ns)
    return hours.close_ns
