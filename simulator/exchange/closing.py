"""Commands that stand for many: cancel everything, close a position, close them all."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

import msgspec

from serving import exact
from simulator.exchange.book import faults
from simulator.exchange.book.faults import Fault
from simulator.exchange.book.numbers import plain
from simulator.exchange.book.orders import Order, Side, Status
from simulator.exchange.exchange import Exchange

_BILLIONTH = Decimal("0.000000001")
_HUNDRED = Decimal(100)


class Outcome(msgspec.Struct, frozen=True):
    """What one of many commands came to; ``name`` is an order's id or a symbol."""

    name: str
    answer: Order | Fault


def cancel_all(exchange: Exchange, account_id: str, now: int) -> list[Outcome]:
    """Ask for every open order of an account to be canceled; legs asleep go with their entry."""
    return [
        Outcome(order.id, exchange.cancel(account_id, order.id, now))
        for order in exchange.orders_of(account_id)
        if not (order.is_closed or order.is_asleep or order.is_pending or order.is_on_its_way)
    ]


def close_position(
    exchange: Exchange,
    account_id: str,
    symbol: str,
    now: int,
    *,
    qty: str | None = None,
    percentage: str | None = None,
) -> Order | Fault:
    """Send a market order that closes a position, or some of it.

    Parameters
    ----------
    qty, percentage : str, optional
        Shares, or percent of the shares held; without either all of it.
    """
    held = exchange.state.accounts[account_id].held(symbol)
    if not held:
        return faults.NO_POSITION
    if qty is not None and percentage is not None:
        return faults.not_understood("qty and percentage are mutually exclusive")
    try:
        shares = abs(held) if qty is None else exact(qty)
        if percentage is not None:
            share = exact(percentage)
            if not 0 < share <= _HUNDRED:
                return faults.not_processable("percentage must be between 0 and 100")
            shares = (abs(held) * share / _HUNDRED).quantize(_BILLIONTH, ROUND_DOWN)
    except ValueError:
        return faults.not_understood("qty and percentage must be numbers")
    body = {
        "symbol": symbol,
        "qty": plain(shares) if shares.is_finite() else str(shares),
        "side": Side.SELL if held > 0 else Side.BUY,
        "type": "market",
        "time_in_force": "day",
    }
    return exchange.submit(account_id, body, now)


def close_all(
    exchange: Exchange, account_id: str, now: int, *, cancel_orders: bool = False
) -> list[Outcome]:
    """Close every position; with ``cancel_orders`` no open order is left to hold its shares."""
    if cancel_orders:
        exchange.advance(now - 1)
        for order in exchange.orders_of(account_id):
            exchange.life.end(order, Status.CANCELED, now)
    symbols = list(exchange.state.accounts[account_id].positions)
    return [
        Outcome(symbol, close_position(exchange, account_id, symbol, now)) for symbol in symbols
    ]
