"""Orders over REST: placed, found, listed, replaced, canceled."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from starlette.routing import Route

from simulator.chaos import Switchboard
from simulator.exchange import Exchange, Fault, Order, cancel_all
from simulator.exchange.book.faults import order_not_found
from simulator.exchange.book.orders import NOTHING, Side, fixed
from simulator.exchange.wire import order_body
from simulator.market_data.requests.clock_times import time_of
from simulator.market_data.requests.query import one_of, truth, whole_number, words_of
from simulator.server.routes.desk import Answer, Asked, Desk

_LIMIT, _MOST = 50, 500
_BOUNDS = "after", "until"
_STATUSES = ("open", "closed", "all")
_ASSET_CLASSES = frozenset(
    [
        "us_equity",
        "us_option",
        "crypto",
        "crypto_perp",
        "treasury",
        "corporate",
        "global_equity",
        "us_index",
        "us_equity_chain",
        "ipo",
        "all",
    ]
)
_OURS = frozenset({"us_equity", "all"})
NO_CONTENT, MULTI_STATUS = 204, 207


def order_routes(desk: Desk, chaos: Switchboard) -> list[Route]:
    """Return the routes of orders."""

    def replace_order(asked: Asked) -> Answer | Fault:
        return _replace(asked, filled_first=chaos.on.fill_during_replace > 0, chaos=chaos)

    one = "/v2/orders/{order_id}"
    return [
        Route("/v2/orders", desk.endpoint(_place), methods=["POST"]),
        Route("/v2/orders", desk.endpoint(_list), methods=["GET"]),
        Route("/v2/orders", desk.endpoint(_cancel_all), methods=["DELETE"]),
        Route("/v2/orders:by_client_order_id", desk.endpoint(_by_client_id), methods=["GET"]),
        Route(one, desk.endpoint(_find), methods=["GET"]),
        Route(one, desk.endpoint(replace_order), methods=["PATCH"]),
        Route(one, desk.endpoint(_cancel), methods=["DELETE"]),
    ]


def nested_body(exchange: Exchange, order: Order) -> dict[str, Any]:
    """Return an order with its legs."""
    return order_body(order, exchange.state.legs_of(order))


def _place(asked: Asked) -> Answer | Fault:
    order = asked.exchange.submit(asked.account_id, asked.body, asked.now)
    if isinstance(order, Fault):
        return order
    return Answer(nested_body(asked.exchange, order), placed=True)


def _find(asked: Asked) -> Answer | Fault:
    order = asked.exchange.order(asked.account_id, asked.path["order_id"])
    if order is None:
        return order_not_found(asked.path["order_id"])
    is_nested = truth(asked.query, "nested")
    return Answer(nested_body(asked.exchange, order) if is_nested else order_body(order))


def _by_client_id(asked: Asked) -> Answer | Fault:
    client_order_id = asked.query.get("client_order_id", "")
    order = asked.exchange.order_by_client_id(asked.account_id, client_order_id)
    if order is None:
        return order_not_found(client_order_id)
    return Answer(nested_body(asked.exchange, order))


def _replace(asked: Asked, *, filled_first: bool, chaos: Switchboard) -> Answer | Fault:
    exchange, order_id = asked.exchange, asked.path["order_id"]
    new = exchange.replace(asked.account_id, order_id, asked.body, asked.now)
    if isinstance(new, Fault):
        return new
    told = order_body(new)
    if filled_first and chaos.strikes("fill_during_replace"):
        _fill(exchange, exchange.state.orders[order_id], asked.now)
    return Answer(told, placed=True)


def _fill(exchange: Exchange, order: Order, now: int) -> None:
    """Fill what is left of an order at its limit, its stop or the last price."""
    price = order.limit_price or order.stop_price
    market = exchange.state.markets.get(order.symbol)
    units = fixed(price) if price is not None else market.last if market is not None else 0
    if units and order.leaves_qty > NOTHING:
        exchange.life.fill(order, units, order.leaves_qty, now)


def _cancel(asked: Asked) -> Answer | Fault:
    answer = asked.exchange.cancel(asked.account_id, asked.path["order_id"], asked.now)
    return answer if isinstance(answer, Fault) else Answer(None, NO_CONTENT)


def _cancel_all(asked: Asked) -> Answer | Fault:
    said: list[dict[str, Any]] = []
    for outcome in cancel_all(asked.exchange, asked.account_id, asked.now):
        answer = outcome.answer
        if isinstance(answer, Fault):
            said.append({"id": outcome.name, "status": answer.http_status, "body": answer.body})
        else:
            said.append({"id": outcome.name, "status": 200, "body": order_body(answer)})
    return Answer(said, MULTI_STATUS)


def _list(asked: Asked) -> Answer | Fault:
    query = asked.query
    most = min(whole_number(query, "limit", _LIMIT, sys.maxsize), _MOST)
    since, until = (time_of(query, name) for name in _BOUNDS)
    status = one_of(query, "status", _STATUSES, "open")
    side = one_of(query, "side", tuple(Side), None)
    classes = words_of(query, "asset_class", _ASSET_CLASSES)
    is_nested = truth(query, "nested")
    found = [
        order
        for order in asked.exchange.orders_of(asked.account_id)
        if status in {"all", "closed" if order.is_closed else "open"}
        and side in {"", order.side.value}
        and (not classes or classes & _OURS)
        and _is_among(order.symbol, query.get("symbols"))
        and _lies_between(order, query, asked)
        and (since is None or order.submitted_at > since)
        and (until is None or order.submitted_at < until)
    ]
    found.sort(key=lambda order: order.submitted_at)  # stable: as they were sent
    if one_of(query, "direction", ("asc", "desc"), "desc") == "desc":
        found.reverse()
    if not is_nested:
        return Answer([order_body(order) for order in found[:most]])
    ids = {order.id for order in found}
    roots = [order for order in found if order.parent_id not in ids]
    return Answer([nested_body(asked.exchange, each) for each in roots[:most]])


def _lies_between(order: Order, query: Mapping[str, str], asked: Asked) -> bool:
    """Say whether an order was sent between two others, by their ids."""
    ids = asked.exchange.state.accounts[asked.account_id].order_ids
    before, after = query.get("before_order_id"), query.get("after_order_id")
    if before and (before not in ids or ids.index(order.id) >= ids.index(before)):
        return False
    return not after or (after in ids and ids.index(order.id) > ids.index(after))


def _is_among(name: str, names: str | None) -> bool:
    return not names or name in names.split(",")
