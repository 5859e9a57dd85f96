"""Beside the wire: a child that decodes many damaged frames while numba checks every bound.

Run with ``NUMBA_BOUNDSCHECK=1``: reading or writing beyond an array then raises IndexError.
"""

from __future__ import annotations

import random
import sys

from adapters.alpaca.wire import FrameDecoder
from engine.domain.errors import DataError
from tests.adapters.alpaca.wire.frames import ARRIVED, msgpack_frame, odd_frame

ROWS = [
    {"T": "t", "i": 7, "S": "AAPL", "x": "D", "p": 126.55, "s": 100, "c": ["@"], "t": ARRIVED},
    {"T": "q", "S": "BRK.B", "bp": 1.5, "bs": 2, "ap": 2.0, "as": 3, "t": ARRIVED, "r": ARRIVED},
    {"T": "x", "S": "AAPL", "x": "D", "i": 7, "p": 126.55, "s": 100, "a": "C", "t": ARRIVED},
    {"T": "c", "S": "AAPL", "x": "D", "oi": 7, "op": 1.5, "os": 1, "oc": ["A"], "ci": 8, "cp": 2.0,
     "cs": 2, "cc": ["B" * 9, "@"], "t": ARRIVED},
    {"T": "s", "S": "F", "sc": "H", "sm": "x" * 40, "rc": "T1", "rm": "", "t": ARRIVED},
    {"T": "success", "msg": "connected"},
    {"T": "t", "S": "A" * 32, "p": 1, "s": 1, "c": "@" * 31, "t": ARRIVED, "new": [{"b": b""}]},
]  # fmt: skip


def damaged(frame: bytes, chance: random.Random) -> bytes:
    """Return a frame with a few bytes changed, put in, taken out, or its end cut off."""
    data = bytearray(frame)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data) + 1)
        action = chance.randrange(4)
        if action == 0 and at < len(data):
            data[at] = chance.choice((0xC1, 0xC6, 0xC9, 0xDB, 0xDD, 0xDF, chance.randrange(256)))
        elif action == 1:
            data[at:at] = chance.randbytes(chance.randint(1, 5))
        elif action == 2:
            del data[at : at + chance.randint(1, 9)]
        elif action == 3 and chance.random() < 0.5:
            del data[at:]
    return bytes(data)


def main(frames: int) -> None:
    """Decode ``frames`` damaged frames and print how many were read and refused."""
    chance = random.Random(4)
    decoders = FrameDecoder(), FrameDecoder(received_at=True)
    read = refused = 0
    for number in range(frames):
        rows = chance.choices(ROWS, k=chance.randint(0, 5))
        whole = odd_frame(rows, number) if number % 2 else msgpack_frame(rows)
        frame = damaged(whole, chance) if number % 10 else chance.randbytes(chance.randint(1, 60))
        for decoder in decoders:
            try:
                decoder.decode(frame, ARRIVED)
                read += 1
            except DataError:
                refused += 1
    sys.stdout.write(f"{read} {refused}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
