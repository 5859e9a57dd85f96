"""Frames that no venue should send, and some day one does."""

from __future__ import annotations

import msgspec

from simulator.server.streams.codec import Codec, wire_time

FLAWS = ("malformed", "huge", "nan")
"""A frame that breaks off, one that is larger than any real one, and prices that are no number."""

_HUGE_BYTES = 17 << 20
_NAN = float("nan")
_TIME = "2026-09-18T14:00:00Z"


def flawed_market_frame(flaw: str, codec: Codec, symbol: str, now: int) -> str | bytes:
    """Return a frame of market data with a flaw.

    Parameters
    ----------
    symbol : str
        Of the print and quote without a price.
    now : int
        Their time, UTC ns.
    """
    ts = wire_time(codec, now)
    sound = {"T": "t", "S": symbol, "i": 1, "x": "V", "s": 100, "t": ts, "c": [], "z": "C"}
    quote = {"T": "q", "S": symbol, "bx": "V", "bs": 1, "ax": "V", "as": 1, "t": ts, "z": "C"}
    match flaw, codec:
        case "malformed", Codec.MSGPACK:
            return b"\x93\x82\xa1T\xa1t\xa1S"
        case "malformed", _:
            return f'[{{"T":"t","S":"{symbol}","p":'
        case "nan", Codec.MSGPACK:
            rows = [sound | {"p": _NAN}, quote | {"bp": _NAN, "ap": _NAN}]
            return msgspec.msgpack.encode(rows)
        case "nan", _:
            text = msgspec.json.encode([sound | {"p": 0}]).decode()
            return text.replace('"p":0', '"p":NaN')
        case _:
            padded = [{"T": "n", "id": 1, "headline": "x" * _HUGE_BYTES}]
            packed = msgspec.msgpack.encode(padded)
            return packed if codec is Codec.MSGPACK else msgspec.json.encode(padded).decode()


def flawed_trading_frame(flaw: str) -> bytes:
    """Return a frame of ``trade_updates`` with a flaw; it is JSON whatever was agreed."""
    head = f'{{"stream":"trade_updates","data":{{"event":"fill","timestamp":"{_TIME}",'
    match flaw:
        case "malformed":
            return f'{head}"order":{{'.encode()
        case "nan":
            return f'{head}"price":NaN,"qty":"1","order":{{"id":"1","status":"new"}}}}}}'.encode()
        case _:
            return f'{head}"padding":"{"x" * _HUGE_BYTES}"}}}}'.encode()
