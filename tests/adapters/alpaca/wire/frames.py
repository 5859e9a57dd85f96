"""Beside the wire: rows as a venue would send them, in any legal encoding."""

from __future__ import annotations

import random
import struct
from datetime import UTC, datetime
from typing import Any, cast

import msgpack
import msgspec
from hypothesis import strategies as st

from adapters.alpaca.wire import Frame
from engine.domain.fixed_point import PRICE_SCALE, SIZE_SCALE, json_shares

ARRIVED = 1_790_000_000_000_000_000
"""A moment in September 2026, UTC ns."""

type Row = dict[str, Any]

symbols = st.from_regex(r"[A-Z]{1,6}([./][A-Z]{1,5})?", fullmatch=True)
conditions = st.lists(st.sampled_from(" @ABCFHIKLMNOPQRTUVXZ45679"), max_size=4)
times = st.integers(1_500_000_000_000_000_000, 2_000_000_000_000_000_000)
prices = st.integers(1, 900_000 * PRICE_SCALE)
"""1e-6 USD."""


def usd(price: int) -> float:
    """Return a price as the venue sends it."""
    return price / PRICE_SCALE


@st.composite
def trades(draw: st.DrawFn, *, received: bool = False) -> Row:
    """Return one trade message; its times are UTC ns."""
    price = draw(prices)
    most = min(1_000_000_000, 10**17 // price)
    fractions = st.integers(1, most * SIZE_SCALE).map(json_shares)
    row = {
        "T": "t",
        "i": draw(st.integers(1, 2**63 - 1)),
        "S": draw(symbols),
        "x": draw(st.sampled_from("ACDMNQVZ")),
        "p": usd(price),
        "s": draw(st.integers(1, most) | fractions),
        "c": draw(conditions),
        "t": draw(times),
        "z": draw(st.sampled_from("ABC")),
    }
    return row | ({"r": draw(times)} if received else {})


@st.composite
def quotes(draw: st.DrawFn) -> Row:
    """Return one quote message with both sides."""
    bid = draw(prices)
    return {
        "T": "q",
        "S": draw(symbols),
        "bx": "U",
        "bp": usd(bid),
        "bs": draw(st.integers(1, 1_000_000)),
        "ax": "Q",
        "ap": usd(bid + draw(st.integers(0, 1_000_000))),
        "as": draw(st.integers(1, 1_000_000)),
        "c": ["R"],
        "t": draw(times),
        "z": "C",
    }


def rfc3339(ts: int) -> str:
    """Return UTC ns as the venue writes it: as many digits as it takes."""
    seconds, nanos = divmod(ts, 1_000_000_000)
    fraction = f".{nanos:09d}".rstrip("0") if nanos else ""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}{fraction}Z"


def json_frame(rows: list[Row]) -> str:
    """Return rows as a text frame."""
    return msgspec.json.encode([_timed(row, rfc3339) for row in rows]).decode()


def msgpack_frame(rows: list[Row]) -> bytes:
    """Return rows as a binary frame, as the msgpack package writes it."""
    return to_msgpack([_timed(row, msgpack.Timestamp.from_unix_nano) for row in rows])


def to_msgpack(value: Any) -> bytes:
    """Return the msgpack of a value as the msgpack package writes it."""
    return cast("bytes", msgpack.packb(value))


def odd_frame(rows: list[Row], seed: int) -> bytes:
    """Return rows as a binary frame in formats chosen at random among those that hold them."""
    chance = random.Random(seed)
    timed = [_timed(row, msgpack.Timestamp.from_unix_nano) for row in rows]
    return packed(timed, chance)


def _timed(row: Row, written: Any) -> Row:
    return {
        name: written(value) if name in ("t", "r") and isinstance(value, int) else value
        for name, value in row.items()
    }


def packed(value: Any, chance: random.Random) -> bytes:
    """Return the msgpack of a value in one of the formats that hold it."""
    if isinstance(value, msgpack.Timestamp):
        return _timestamp(value, chance)
    if isinstance(value, str):
        return _sized(value.encode(), chance, (0xA0, 31), (0xD9, 0xDA, 0xDB))
    if isinstance(value, list):
        content = b"".join(packed(item, chance) for item in value)
        return _counted(len(value), content, chance, 0x90, 0xDC)
    if isinstance(value, dict):
        pairs = list(value.items())
        chance.shuffle(pairs)
        content = b"".join(packed(k, chance) + packed(v, chance) for k, v in pairs)
        return _counted(len(pairs), content, chance, 0x80, 0xDE)
    if isinstance(value, float) and chance.random() < 0.5 and value == _single(value):
        return struct.pack(">Bf", 0xCA, value)
    if isinstance(value, float) and chance.random() < 0.5 and value == int(value):
        return packed(int(value), chance)
    if isinstance(value, int) and not isinstance(value, bool):
        return _integer(value, chance)
    return to_msgpack(value)


def _single(value: float) -> float:
    return struct.unpack(">f", struct.pack(">f", value))[0]


def _integer(value: int, chance: random.Random) -> bytes:
    forms = [to_msgpack(value)]
    for first, form in zip(
        (0xCC, 0xCD, 0xCE, 0xCF, 0xD0, 0xD1, 0xD2, 0xD3), "BHIQbhiq", strict=True
    ):
        try:
            forms.append(bytes([first]) + struct.pack(f">{form}", value))
        except struct.error:
            continue
    return chance.choice(forms)


def _timestamp(value: msgpack.Timestamp, chance: random.Random) -> bytes:
    wide = struct.pack(">Iq", value.nanoseconds, value.seconds)
    forms = [to_msgpack(value), b"\xc7\x0c\xff" + wide, b"\xc8\x00\x0c\xff" + wide]
    if value.seconds < 2**34:
        bits = struct.pack(">Q", value.nanoseconds << 34 | value.seconds)
        forms += [b"\xd7\xff" + bits, b"\xc9\x00\x00\x00\x08\xff" + bits]
    return chance.choice(forms)


def _sized(
    data: bytes, chance: random.Random, short: tuple[int, int], long: tuple[int, int, int]
) -> bytes:
    forms = [struct.pack(">BI", long[2], len(data))]
    if len(data) <= short[1]:
        forms.append(bytes([short[0] | len(data)]))
    if len(data) < 2**8:
        forms.append(struct.pack(">BB", long[0], len(data)))
    if len(data) < 2**16:
        forms.append(struct.pack(">BH", long[1], len(data)))
    return chance.choice(forms) + data


def _counted(n: int, content: bytes, chance: random.Random, short: int, long: int) -> bytes:
    forms = [struct.pack(">BI", long + 1, n), struct.pack(">BH", long, n)]
    if n < 16:
        forms.append(bytes([short | n]))
    return chance.choice(forms) + content


def prints_of(frame: Frame) -> list[tuple[str, int, int, int, float, str]]:
    """Return the prints of a frame: symbol, times, price, shares, conditions."""
    batch = frame.trades
    if batch is None:
        return []
    return [
        (
            batch.symbols[batch.symbol_id[k]],
            int(batch.ts_event[k]),
            int(batch.ts_init[k]),
            int(batch.price[k]),
            json_shares(batch.size[k]),
            batch.conditions[batch.condition_id[k]],
        )
        for k in range(len(batch))
    ]


def quotes_of(frame: Frame) -> list[tuple[str, int, int, int, int, int, int]]:
    """Return the quotes of a frame: symbol, times, bid, ask and their sizes."""
    batch = frame.quotes
    if batch is None:
        return []
    return [
        (
            batch.symbols[batch.symbol_id[k]],
            int(batch.ts_event[k]),
            int(batch.ts_init[k]),
            int(batch.bid[k]),
            int(batch.ask[k]),
            int(batch.bid_size[k]),
            int(batch.ask_size[k]),
        )
        for k in range(len(batch))
    ]


def said_print(row: Row, arrived: int) -> tuple[str, int, int, int, float, str]:
    """Return what a trade message says, as ``prints_of`` has it."""
    price = round(row["p"] * PRICE_SCALE)
    return row["S"], row["t"], arrived, price, row["s"], "".join(row["c"])


def said_quote(row: Row, arrived: int) -> tuple[str, int, int, int, int, int, int]:
    """Return what a quote message says, as ``quotes_of`` has it."""
    bid, ask = (round(row[name] * PRICE_SCALE) for name in ("bp", "ap"))
    return row["S"], row["t"], arrived, bid, ask, row["bs"], row["as"]
