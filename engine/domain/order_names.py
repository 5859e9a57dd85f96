"""Names of trades and of their orders: made here, read back here, the same in every run.

A trade of the acceleration strategy in Alpaca's main account is ``YYYYMMDD-SYMBOL-HHMMSS``: the end
of its bucket in New York, with an ``f`` behind it in the hour that clocks there show a second time.
A trade of anything else says so behind that: ``-strategy:VENUE:account``. An order is its trade's
name and its role, ``-entry``, and from the second exit on a number, ``-exit-2``.

No two names are alike: a role ends a name and holds no ``:``; the last three words are a strategy,
a venue and an account exactly when nothing behind their ``:`` holds a ``-``; dates and times have
fixed widths; the symbol is what is left, whatever it is made of.
"""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import datetime

import msgspec

from engine.domain.account import ACCELERATION, ALPACA_MAIN, TradingAccount, expect_name
from engine.domain.errors import DataError
from engine.domain.facts import OrderRole
from engine.domain.session import NANOS_PER_SECOND, NEW_YORK

_WORD = "[a-z][a-z0-9_]*"
_TRADE = re.compile(
    r"(?P<day>[0-9]{8})-(?P<symbol>.+)-(?P<time>[0-9]{6})(?P<fold>f?)"
    rf"(?:-(?P<strategy>{_WORD}):(?P<venue>[A-Z][A-Z0-9_]*):(?P<account>{_WORD}))?",
    re.DOTALL,
)
_ORDER = re.compile(
    rf"(?P<trade>.+)-(?P<role>{'|'.join(OrderRole)})(?:-(?P<number>[0-9]+))?", re.DOTALL
)
_SHORT_BYTES = 10
"""80 bits: that two of a million orders are alike has odds of one in 2 × 10^12."""


class TradeName(msgspec.Struct, frozen=True):
    """What the id of a trade says; ``ts_event`` is the end of its bucket, UTC ns."""

    symbol: str
    ts_event: int
    strategy_id: str
    venue: str
    account: str


class OrderName(msgspec.Struct, frozen=True):
    """What the id of an order says; ``number`` counts a trade's exits from 1."""

    trade_id: str
    role: OrderRole
    number: int


def trade_id(symbol: str, ts_event: int, strategy_id: str, account: TradingAccount) -> str:
    """Return the id of the trade that a strategy makes of a bucket.

    Raises
    ------
    DataError
        The bucket does not end on a whole second.
    ConfigError
        The strategy's name cannot stand in an id.
    """
    secs, rest = divmod(ts_event, NANOS_PER_SECOND)
    if rest:
        raise DataError(f"expected a bucket of {symbol} to end on a whole second, found {ts_event}")
    moment = datetime.fromtimestamp(secs, tz=NEW_YORK)
    name = f"{moment:%Y%m%d}-{symbol}-{moment:%H%M%S}{'f' * moment.fold}"
    if is_unmarked(strategy_id, account.venue, account.name):
        return name
    expect_name("a strategy", strategy_id)
    return f"{name}-{strategy_id}:{account.venue}:{account.name}"


def is_unmarked(strategy_id: str, venue: str, account: str) -> bool:
    """Say whether ids and digests go without these names, as they did before there were others."""
    return (strategy_id, venue, account) == (ACCELERATION, ALPACA_MAIN.venue, ALPACA_MAIN.name)


def trade_name(trade_id: str) -> TradeName | None:
    """Return what an id from ``trade_id`` says, None for any other word."""
    found = _TRADE.fullmatch(trade_id)
    if found is None:
        return None
    try:
        moment = datetime.strptime(found["day"] + found["time"], "%Y%m%d%H%M%S")  # noqa: DTZ007
    except ValueError:
        return None
    local = moment.replace(tzinfo=NEW_YORK, fold=len(found["fold"]))
    return TradeName(
        symbol=found["symbol"],
        ts_event=int(local.timestamp()) * NANOS_PER_SECOND,
        strategy_id=found["strategy"] or ACCELERATION,
        venue=found["venue"] or ALPACA_MAIN.venue,
        account=found["account"] or ALPACA_MAIN.name,
    )


def order_id(role: OrderRole, trade_id: str) -> str:
    """Return the client order id of a trade's order; of its exits, the first."""
    return f"{trade_id}-{role.value}"


def exit_id(trade_id: str, number: int) -> str:
    """Return the client order id of the ``number``-th order that closes a trade, from 1."""
    first = order_id(OrderRole.EXIT, trade_id)
    return first if number <= 1 else f"{first}-{number}"


def order_name(client_order_id: str) -> OrderName | None:
    """Return what an id from ``order_id`` or ``exit_id`` says, None for any other word."""
    found = _ORDER.fullmatch(client_order_id)
    if found is None:
        return None
    role, number = OrderRole(found["role"]), found["number"]
    if number is not None and (role is not OrderRole.EXIT or number[0] == "0" or number == "1"):
        return None
    return OrderName(found["trade"], role, int(number or 1))


def trade_of(client_order_id: str) -> str:
    """Return the trade that an order's id names.

    Raises
    ------
    DataError
        It is no id that ``order_id`` or ``exit_id`` gave.
    """
    name = order_name(client_order_id)
    if name is None:
        raise DataError(f"expected an order called '<trade>-<role>', found {client_order_id!r}")
    return name.trade_id


def is_entry_id(client_order_id: str) -> bool:
    """Say whether an order's id names the entry of a trade."""
    name = order_name(client_order_id)
    return name is not None and name.role is OrderRole.ENTRY


def is_entry(client_order_id: str, trade_id: str) -> bool:
    """Say whether an order is the entry of a trade, by either of its ids."""
    entry = order_id(OrderRole.ENTRY, trade_id)
    return client_order_id in {entry, short_order_id(entry)}


def short_order_id(client_order_id: str) -> str:
    """Return the id of an order for markets that take few characters: ``t`` and 16 of base32.

    It cannot be read back: ``OrderSubmitted`` keeps it beside the trade, role and number it names.
    """
    digest = hashlib.blake2b(client_order_id.encode(), digest_size=_SHORT_BYTES).digest()
    return "t" + base64.b32encode(digest).decode().lower()
