"""The rare messages of the market-data stream: bars, halts, bands, news, and control.

Prices are 1e-6 USD, times UTC nanoseconds, ``ts_init`` the arrival.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import msgspec
from msgspec.msgpack import Ext

from adapters.alpaca.wire.instants import nanoseconds
from engine.domain.fixed_point import MAX_PRICE, PRICE_SCALE, SIZE_SCALE, Shares, exact_shares
from engine.domain.market_data.status import TradingStatus

_HALTS = frozenset("2HP")
_RESUMES = frozenset("3T")
"""Status codes of tapes A and B (digits) and of C and O (letters). Q lets quotes in, not trades."""

_Time = Ext | str


class Bar(msgspec.Struct, frozen=True):
    """One bar of a symbol; ``ts_event`` is its start, ``updated`` a minute sent again."""

    symbol: str
    ts_event: int
    ts_init: int
    span: Literal["minute", "updated", "day"]
    open: int
    high: int
    low: int
    close: int
    volume: Shares
    vwap: int
    trade_count: int


class PriceBand(msgspec.Struct, frozen=True):
    """Limits up and down between which a symbol may trade (LULD)."""

    symbol: str
    ts_event: int
    ts_init: int
    limit_up: int
    limit_down: int
    indicator: str


class Imbalance(msgspec.Struct, frozen=True):
    """Price at which the orders of an auction would cross."""

    symbol: str
    ts_event: int
    ts_init: int
    price: int


class News(msgspec.Struct, frozen=True):
    """One article; ``ts_event`` is when it was last changed."""

    news_id: int
    symbols: tuple[str, ...]
    ts_event: int
    ts_init: int
    created_at: int
    headline: str
    summary: str
    author: str
    source: str
    url: str
    content: str


class Notice(msgspec.Struct, frozen=True):
    """A status that neither halts nor resumes: an indication, an imbalance, quotes resumed."""

    symbol: str
    ts_event: int
    ts_init: int
    code: str
    text: str
    reason_code: str
    reason_text: str


type MarketMessage = Bar | PriceBand | Imbalance | News | Notice


class Connected(msgspec.Struct, frozen=True):
    """The socket is open and waits for keys."""


class Authenticated(msgspec.Struct, frozen=True):
    """The keys are good."""


class StreamError(msgspec.Struct, frozen=True):
    """The server refuses something; codes are the stream's (402 auth failed, 406 limit …)."""

    code: int
    message: str


class Subscription(msgspec.Struct, frozen=True):
    """The whole set of subscriptions as the server has it now, symbols by channel."""

    trades: tuple[str, ...] = ()
    quotes: tuple[str, ...] = ()
    bars: tuple[str, ...] = ()
    updated_bars: tuple[str, ...] = ()
    daily_bars: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    lulds: tuple[str, ...] = ()
    corrections: tuple[str, ...] = ()
    cancel_errors: tuple[str, ...] = ()
    imbalances: tuple[str, ...] = ()
    news: tuple[str, ...] = ()


class Clock(msgspec.Struct, frozen=True):
    """Simulated time is now ``ts``; ``updates`` trade updates were sent so far. Simulator only."""

    ts: int
    updates: int


type Control = Connected | Authenticated | StreamError | Subscription | Clock
type Rare = TradingStatus | MarketMessage | Control


class _Typed(msgspec.Struct, frozen=True):
    T: str


class _Bar(msgspec.Struct, frozen=True, rename={"low": "l"}):
    T: str
    S: str
    t: _Time
    o: float
    h: float
    low: float
    c: float
    v: float
    vw: float | None = None
    n: int | None = None


class _Status(msgspec.Struct, frozen=True):
    S: str
    t: _Time
    sc: str
    sm: str | None = None
    rc: str | None = None
    rm: str | None = None


class _Band(msgspec.Struct, frozen=True):
    S: str
    t: _Time
    u: float
    d: float
    i: str | None = None


class _Imbalance(msgspec.Struct, frozen=True):
    S: str
    t: _Time
    p: float


class _News(msgspec.Struct, frozen=True):
    id: int
    created_at: _Time
    updated_at: _Time
    headline: str | None = None
    summary: str | None = None
    author: str | None = None
    source: str | None = None
    url: str | None = None
    content: str | None = None
    symbols: tuple[str, ...] | None = None


class _Success(msgspec.Struct, frozen=True):
    msg: str


class _Error(msgspec.Struct, frozen=True):
    code: int
    msg: str = ""


_CHANNELS = ("trades", "quotes", "bars", "updatedBars", "dailyBars", "statuses", "lulds",
             "corrections", "cancelErrors", "imbalances", "news")  # fmt: skip

_Subscription = msgspec.defstruct(
    "_Subscription", [(name, tuple[str, ...] | None, None) for name in _CHANNELS], frozen=True
)


class _Clock(msgspec.Struct, frozen=True):
    t: _Time
    u: int


def _bar(data: bytes, ts_init: int) -> Bar:
    raw = _decode(data, _Bar)
    spans: dict[str, Literal["minute", "updated", "day"]]
    spans = {"b": "minute", "u": "updated", "d": "day"}
    if not (math.isfinite(raw.v) and raw.v >= 0):
        raise ValueError(f"volume is {raw.v}, expected 0 shares or more")
    return Bar(
        _ticker(raw.S), nanoseconds(raw.t), ts_init, spans[raw.T],
        _price(raw.o), _price(raw.h), _price(raw.low), _price(raw.c),
        exact_shares(round(raw.v * SIZE_SCALE)),
        _price(raw.c if raw.vw is None else raw.vw), raw.n or 0,
    )  # fmt: skip


def _status(data: bytes, ts_init: int) -> TradingStatus | Notice:
    raw = _decode(data, _Status)
    symbol, ts_event = _ticker(raw.S), nanoseconds(raw.t)
    if raw.sc in _HALTS or raw.sc in _RESUMES:
        reason = raw.rc or raw.rm or raw.sm or ""
        return TradingStatus(symbol, ts_event, ts_init, halted=raw.sc in _HALTS, reason=reason)
    return Notice(
        symbol, ts_event, ts_init, raw.sc, raw.sm or "", raw.rc or "", raw.rm or ""
    )  # fmt: skip


def _band(data: bytes, ts_init: int) -> PriceBand:
    raw = _decode(data, _Band)
    up, down = _price(raw.u), _price(raw.d)
    return PriceBand(_ticker(raw.S), nanoseconds(raw.t), ts_init, up, down, raw.i or "")


def _imbalance(data: bytes, ts_init: int) -> Imbalance:
    raw = _decode(data, _Imbalance)
    return Imbalance(_ticker(raw.S), nanoseconds(raw.t), ts_init, _price(raw.p))


def _news(data: bytes, ts_init: int) -> News:
    raw = _decode(data, _News)
    return News(
        raw.id, raw.symbols or (), nanoseconds(raw.updated_at), ts_init,
        nanoseconds(raw.created_at), raw.headline or "", raw.summary or "", raw.author or "",
        raw.source or "", raw.url or "", raw.content or "",
    )  # fmt: skip


def _success(data: bytes, _: int) -> Connected | Authenticated | None:
    said = _decode(data, _Success).msg
    return {"connected": Connected(), "authenticated": Authenticated()}.get(said)


def _error(data: bytes, _: int) -> StreamError:
    raw = _decode(data, _Error)
    return StreamError(raw.code, raw.msg)


def _subscription(data: bytes, _: int) -> Subscription:
    raw = _decode(data, _Subscription)
    return Subscription(*(getattr(raw, name) or () for name in _CHANNELS))


def _clock(data: bytes, _: int) -> Clock:
    raw = _decode(data, _Clock)
    return Clock(nanoseconds(raw.t), raw.u)


_READERS: dict[str, Callable[[bytes, int], Rare | None]] = {
    **dict.fromkeys("bud", _bar),
    "s": _status,
    "l": _band,
    "i": _imbalance,
    "n": _news,
    "success": _success,
    "error": _error,
    "subscription": _subscription,
    "clock": _clock,
}


def rare_message(data: bytes, ts_init: int) -> Rare | None:
    """Return one message that is no print or quote from its msgpack; None for an unknown one.

    Raises
    ------
    ValueError
        The message is of a known type but its fields are not; ``msgspec.MsgspecError`` is one.
    """
    read = _READERS.get(_decode(data, _Typed).T)
    return read(data, ts_init) if read else None


def _decode[M: msgspec.Struct](data: bytes, message: type[M]) -> M:
    return msgspec.msgpack.decode(data, type=message)


def _ticker(symbol: str) -> str:
    if not symbol.strip():
        raise ValueError("symbol is blank, expected a ticker")
    return symbol


def _price(price: float) -> int:
    if not (math.isfinite(price) and 0 <= price <= MAX_PRICE / PRICE_SCALE):
        raise ValueError(f"price is {price}, expected 0 to {MAX_PRICE // PRICE_SCALE:,} USD")
    return round(price * PRICE_SCALE)
