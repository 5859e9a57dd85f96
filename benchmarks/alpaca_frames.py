"""What it costs to decode Alpaca's trade frames, beside alpaca-py's parsed stream.

Both read the same msgpack arrays in turns, a round of one after a round of the other; the best
round of each counts, since others work on the machine, too.
"""

from __future__ import annotations

import asyncio
import json
import random
import string
import sys
import time
import warnings
from collections.abc import Callable
from itertools import batched
from typing import cast

import msgpack

from adapters.alpaca.wire import FrameDecoder

TRADES_PER_FRAME = 100
SYMBOLS = 3_000
ROUNDS = 7
CODES = ([" "], ["@"], ["@", "I"], ["@", "F"], ["@", "F", "T", "I"])
START_NS = 1_789_738_200_000_000_000


def frames(n: int) -> list[bytes]:
    """Return ``n`` frames of made-up trades, as the venue packs them."""
    chance = random.Random(4)
    symbols = ["".join(chance.choices(string.ascii_uppercase, k=4)) for _ in range(SYMBOLS)]
    trades = (_trade(chance, symbols, number) for number in range(n * TRADES_PER_FRAME))
    return [
        cast("bytes", msgpack.packb(batch))
        for batch in batched(trades, TRADES_PER_FRAME, strict=True)
    ]


def _trade(chance: random.Random, symbols: list[str], number: int) -> dict[str, object]:
    ts = START_NS + number * 1_000_000 + chance.randrange(1_000_000)
    return {
        "T": "t", "S": chance.choice(symbols), "i": 52_983_525_033_527 + number,
        "x": chance.choice("DNQV"), "p": round(chance.uniform(1, 500), 2),
        "s": chance.randint(1, 900), "c": chance.choice(CODES),
        "t": msgpack.Timestamp.from_unix_nano(ts), "z": "C",
    }  # fmt: skip


def ours(sent: list[bytes]) -> Callable[[], int]:
    """Return a round of our decoder, which counts the trades it read."""
    decoder = FrameDecoder()

    def run() -> int:
        read = 0
        for frame in sent:
            batch = decoder.decode(frame, START_NS).trades
            read += 0 if batch is None else len(batch)
        return read

    return run


def theirs(sent: list[bytes]) -> Callable[[], int]:
    """Return a round of alpaca-py's stream, past its socket: unpack, cast, call the handler."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from alpaca.data.live import StockDataStream  # noqa: PLC0415  (it imports what is deprecated)
    stream = StockDataStream("key", "secret")
    read = 0

    async def count(_: object) -> None:
        nonlocal read
        read += 1

    stream.subscribe_trades(count, "*")

    async def consume() -> None:
        for frame in sent:
            for message in msgpack.unpackb(frame):
                await stream._dispatch(message)  # noqa: SLF001  (what its socket loop calls)

    def run() -> int:
        nonlocal read
        read = 0
        asyncio.run(consume())
        return read

    return run


def best(n: int) -> dict[str, float]:
    """Measure both on ``n`` frames; trades per second of one core."""
    sent = frames(n)
    few = sent[: max(1, n // 10)]
    sides = {"ours": (ours(sent), sent), "theirs": (theirs(few), few)}
    fastest = dict.fromkeys(sides, 0.0)
    for _ in range(ROUNDS):
        for side, (run, part) in sides.items():
            started = time.process_time()
            read = run()
            rate = read / (time.process_time() - started)
            assert read == len(part) * TRADES_PER_FRAME
            fastest[side] = max(fastest[side], rate)
    return {
        "trades_per_sec": fastest["ours"],
        "alpaca_py_per_sec": fastest["theirs"],
        "ratio": fastest["ours"] / fastest["theirs"],
    }


if __name__ == "__main__":
    print(json.dumps(best(int(sys.argv[1]))))
