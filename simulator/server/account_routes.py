"""Hop 5, rehearsed: the account over REST: balances, settings, positions, activities, history."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from starlette.routing import Route

from engine.domain.session import day_of
from simulator.exchange import Account, Fault, Position
from simulator.exchange.accounts import Configuration
from simulator.exchange.faults import not_processable, not_understood
from simulator.exchange.life import holdings
from simulator.exchange.numbers import plain
from simulator.exchange.orders import NOTHING
from simulator.exchange.wire import (
    account_body,
    configuration_body,
    fill_body,
    position_body,
)
from simulator.server.desk import Answer, Asked, Desk
from simulator.server.equity_log import EquityLog
from simulator.server.order_routes import cancel_open, instant, nested_body

_NO_POSITION = Fault(404, {"code": 40410000, "message": "position does not exist"})
_BOUNDS = "after", "until"
_PAGE = 100
_MULTI_STATUS = 207
_HUNDRED = Decimal(100)
_MINUTES = {"1Min": 1, "5Min": 5, "15Min": 15, "1H": 60, "1D": 24 * 60}


def account_routes(desk: Desk, equity: EquityLog) -> list[Route]:
    """Return the routes of accounts and positions."""

    def history(asked: Asked) -> Answer | Fault:
        equity.note(asked.exchange, asked.now)
        return _history(asked, equity)

    account, one = "/v2/account", "/v2/positions/{symbol:path}"
    activities = f"{account}/activities"
    return [
        Route(account, desk.endpoint(_account), methods=["GET"]),
        Route(f"{account}/configurations", desk.endpoint(_settings), methods=["GET"]),
        Route(f"{account}/configurations", desk.endpoint(_set), methods=["PATCH"]),
        Route(f"{account}/portfolio/history", desk.endpoint(history), methods=["GET"]),
        Route(activities, desk.endpoint(_activities), methods=["GET"]),
        Route(f"{activities}/{{kind}}", desk.endpoint(_activities), methods=["GET"]),
        Route("/v2/positions", desk.endpoint(_positions), methods=["GET"]),
        Route("/v2/positions", desk.endpoint(_close_all), methods=["DELETE"]),
        Route(one, desk.endpoint(_position), methods=["GET"]),
        Route(one, desk.endpoint(_close), methods=["DELETE"]),
    ]


def _account(asked: Asked) -> Answer | Fault:
    worth = asked.exchange.balances(asked.account_id)
    return Answer(account_body(_mine(asked), worth))


def _settings(asked: Asked) -> Answer | Fault:
    return Answer(configuration_body(_mine(asked)))


def _set(asked: Asked) -> Answer | Fault:
    account = _mine(asked)
    known = msgspec.to_builtins(account.configuration)
    changed = known | {name: asked.body[name] for name in known if name in asked.body}
    try:
        account.configuration = msgspec.convert(changed, Configuration)
    except msgspec.ValidationError as error:
        return not_understood(str(error))
    return Answer(configuration_body(account))


def _positions(asked: Asked) -> Answer | Fault:
    return Answer([_told(asked, each) for each in _mine(asked).positions.values()])


def _position(asked: Asked) -> Answer | Fault:
    position = _found(asked)
    return _NO_POSITION if position is None else Answer(_told(asked, position))


def _close(asked: Asked) -> Answer | Fault:
    position = _found(asked)
    if position is None:
        return _NO_POSITION
    qty, percentage = asked.query.get("qty"), asked.query.get("percentage")
    try:
        if qty is not None:
            shares = Decimal(qty)
        elif percentage is not None:
            shares = abs(position.qty) * Decimal(percentage) / _HUNDRED
        else:
            shares = abs(position.qty)
    except InvalidOperation:
        return not_understood("qty and percentage must be numbers")
    if not shares.is_finite() or not NOTHING < shares <= abs(position.qty):
        return not_processable("qty must be between 0 and the position's")
    order = _exit(asked, position, shares)
    return order if isinstance(order, Fault) else Answer(order, placed=True)


def _close_all(asked: Asked) -> Answer | Fault:
    if asked.query.get("cancel_orders", "").lower() == "true":
        cancel_open(asked)
    said: list[dict[str, Any]] = []
    for position in list(_mine(asked).positions.values()):
        order = _exit(asked, position, abs(position.qty))
        is_refused = isinstance(order, Fault)
        status, body = (order.http_status, order.body) if is_refused else (200, order)
        said.append({"symbol": position.symbol, "status": status, "body": body})
    return Answer(said, _MULTI_STATUS)


def _exit(asked: Asked, position: Position, shares: Decimal) -> dict[str, Any] | Fault:
    """Send a market order against some shares of a position."""
    terms = {
        "symbol": position.symbol,
        "qty": plain(shares),
        "side": "sell" if position.qty > 0 else "buy",
        "type": "market",
        "time_in_force": "day",
    }
    order = asked.exchange.submit(asked.account_id, terms, asked.now)
    return order if isinstance(order, Fault) else nested_body(asked.exchange, order)


def _activities(asked: Asked) -> Answer | Fault:
    query = asked.query
    kinds = asked.path.get("kind") or query.get("activity_types")
    if kinds and "FILL" not in kinds.split(","):
        return Answer([])
    page_size = query.get("page_size", str(_PAGE))
    if not page_size.isdecimal() or not 1 <= int(page_size) <= _PAGE:
        return not_understood(f"invalid page_size: {page_size}, expected 1 to {_PAGE}")
    try:
        since, until = (instant(query[name]) if query.get(name) else None for name in _BOUNDS)
    except (ValueError, OverflowError) as error:
        return not_understood(str(error))
    fills = [
        fill
        for fill in _mine(asked).fills
        if (since is None or fill.ts > since)
        and (until is None or fill.ts < until)
        and query.get("date", "") in {"", day_of(fill.ts).isoformat()}
    ]
    if query.get("direction", "desc") != "asc":
        fills.reverse()
    ids = [fill.id for fill in fills]
    token = query.get("page_token")
    if token:
        start = ids.index(token) + 1 if token in ids else len(ids)
        fills = fills[start:]
    return Answer([fill_body(fill) for fill in fills[: int(page_size)]])


def _history(asked: Asked, equity: EquityLog) -> Answer | Fault:
    timeframe = asked.query.get("timeframe", "1Min")
    if timeframe not in _MINUTES:
        return not_understood(f"invalid timeframe: {timeframe}")
    windows = equity.windows(asked.account_id, _MINUTES[timeframe] * 60)
    base = _mine(asked).last_equity
    gains = [worth - base for worth in windows.values()]
    return Answer(
        {
            "timestamp": list(windows),
            "equity": [float(worth) for worth in windows.values()],
            "profit_loss": [float(gain) for gain in gains],
            "profit_loss_pct": [float(gain / base) if base else 0.0 for gain in gains],
            "base_value": float(base),
            "timeframe": timeframe,
            "cashflow": {},
        }
    )


def _mine(asked: Asked) -> Account:
    return asked.exchange.state.accounts[asked.account_id]


def _found(asked: Asked) -> Position | None:
    """Return the position of a symbol or an asset's id."""
    name, positions = asked.path["symbol"], _mine(asked).positions
    assets = asked.exchange.assets
    for symbol, position in positions.items():
        if name in {symbol, assets[symbol].id}:
            return position
    return None


def _told(asked: Asked, position: Position) -> dict[str, Any]:
    exchange = asked.exchange
    held = sum(holdings(exchange.state, asked.account_id, position.symbol).values(), NOTHING)
    price = exchange.price(position)
    return position_body(position, exchange.assets[position.symbol], price, held)
