"""The account over REST: balances, settings, positions, history."""

from __future__ import annotations

from typing import Any

from starlette.routing import Route

from simulator.exchange import Account, Fault, Position, close_all, close_position
from simulator.exchange.book.faults import NO_POSITION
from simulator.exchange.wire import (
    account_body,
    configuration_body,
    position_body,
)
from simulator.market_data.requests.query import truth
from simulator.server.equity_log import EquityLog
from simulator.server.routes.desk import Answer, Asked, Desk
from simulator.server.routes.orders import MULTI_STATUS, nested_body
from simulator.server.routes.portfolio_history import stretch, windows


def account_routes(desk: Desk, equity: EquityLog) -> list[Route]:
    """Return the routes of accounts and positions."""

    def history(asked: Asked) -> Answer | Fault:
        equity.note(asked.exchange, asked.now)
        return _history(asked, equity)

    account, one = "/v2/account", "/v2/positions/{symbol:path}"
    return [
        Route(account, desk.endpoint(_account), methods=["GET"]),
        Route(f"{account}/configurations", desk.endpoint(_settings), methods=["GET"]),
        Route(f"{account}/configurations", desk.endpoint(_set), methods=["PATCH"]),
        Route(f"{account}/portfolio/history", desk.endpoint(history), methods=["GET"]),
        Route("/v2/positions", desk.endpoint(_positions), methods=["GET"]),
        Route("/v2/positions", desk.endpoint(_close_all), methods=["DELETE"]),
        Route(one, desk.endpoint(_position), methods=["GET"]),
        Route(one, desk.endpoint(_close), methods=["DELETE"]),
    ]


def _account(asked: Asked) -> Answer | Fault:
    worth = asked.exchange.accounts.balances(asked.account_id)
    return Answer(account_body(_mine(asked), worth))


def _settings(asked: Asked) -> Answer | Fault:
    return Answer(configuration_body(_mine(asked)))


def _set(asked: Asked) -> Answer | Fault:
    changed = asked.exchange.accounts.configure(asked.account_id, asked.body)
    return changed if isinstance(changed, Fault) else Answer(configuration_body(_mine(asked)))


def _positions(asked: Asked) -> Answer | Fault:
    return Answer([_told(asked, each) for each in _mine(asked).positions.values()])


def _position(asked: Asked) -> Answer | Fault:
    position = _found(asked)
    return NO_POSITION if position is None else Answer(_told(asked, position))


def _close(asked: Asked) -> Answer | Fault:
    position = _found(asked)
    if position is None:
        return NO_POSITION
    qty, percentage = asked.query.get("qty"), asked.query.get("percentage")
    exchange, account_id, now = asked.exchange, asked.account_id, asked.now
    order = close_position(
        exchange, account_id, position.symbol, now, qty=qty, percentage=percentage
    )
    return order if isinstance(order, Fault) else Answer(nested_body(exchange, order), placed=True)


def _close_all(asked: Asked) -> Answer | Fault:
    exchange, cancels = asked.exchange, truth(asked.query, "cancel_orders")
    outcomes = close_all(exchange, asked.account_id, asked.now, cancel_orders=cancels)
    said: list[dict[str, Any]] = []
    for outcome in outcomes:
        order = outcome.answer
        if isinstance(order, Fault):
            status, body = order.http_status, order.body
        else:
            status, body = 200, nested_body(exchange, order)
        said.append({"symbol": outcome.name, "status": status, "body": body})
    return Answer(said, MULTI_STATUS)


def _history(asked: Asked, equity: EquityLog) -> Answer | Fault:
    span = stretch(asked.query, asked.now)
    if isinstance(span, Fault):
        return span
    told = windows(equity.minutes(asked.account_id), span)
    base = _mine(asked).last_equity
    gains = [worth - base for worth in told.values()]
    return Answer(
        {
            "timestamp": list(told),
            "equity": [float(worth) for worth in told.values()],
            "profit_loss": [float(gain) for gain in gains],
            "profit_loss_pct": [float(gain / base) if base else 0.0 for gain in gains],
            "base_value": float(base),
            "timeframe": span.timeframe,
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
    held = exchange.accounts.held_for_orders(asked.account_id, position.symbol)
    price = exchange.accounts.price(position)
    return position_body(position, exchange.assets[position.symbol], price, held)
