"""How fast the simulator sends a stored day to a client that only reads it off."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import msgpack
from websockets.sync.client import connect

from adapters.alpaca.wire import FrameDecoder
from engine.domain.session import NANOS_PER_SECOND, session
from tests.forked_processes import CONTROL
from tests.resume.venue import KEYS, simulated

_GRANT_NS = 5 * NANOS_PER_SECOND


def streamed(root: Path, day: date, minutes: int) -> dict[str, float]:
    """Take some minutes of the whole tape in grants of a bucket each; rows per second of wall."""
    begin = session(day).at("10:00")
    decoder = FrameDecoder()
    rows = sent = 0
    with simulated(root, day, "--stepped", "--start", "10:00") as venue:
        url = f"{venue.url.replace('http', 'ws', 1)}/v2/sip"
        packed = {"Content-Type": "application/msgpack"}
        with connect(url, additional_headers=packed, proxy=None, max_size=None) as socket:

            def say(**message: object) -> None:
                socket.send(msgpack.packb(message) or b"")

            socket.recv()
            say(action="auth", key=KEYS[0], secret=KEYS[1])
            socket.recv()
            say(action="subscribe", trades=["*"], quotes=["*"], statuses=["*"])
            socket.recv()
            say(action="advance", until=begin + _GRANT_NS)  # what is compiled is loaded here
            _clock(socket.recv)
            started = time.perf_counter()
            for grant in range(2, 12 * minutes + 2):
                say(action="advance", until=begin + grant * _GRANT_NS)
                for frame in _clock(socket.recv):
                    sent += len(frame)
                    found = decoder.decode(frame, begin)
                    rows += len(found.trades or ()) + len(found.quotes or ())
            secs = time.perf_counter() - started
    return {
        "rows": rows,
        "secs": secs,
        "rows_per_sec": rows / secs,
        "bytes_per_sec": sent / secs,
        "times_real_time": minutes * 60 / secs,
    }


def _clock(receive: Callable[[], str | bytes]) -> list[str | bytes]:
    """Return the frames up to the one that tells the time."""
    frames: list[str | bytes] = []
    while True:
        frame = receive()
        if len(frame) < 64 and msgpack.unpackb(frame)[0].get("T") == "clock":
            return frames
        frames.append(frame)


if __name__ == "__main__":
    os.environ.update(CONTROL)  # what the simulator goes by, so that it can be asked
    found = streamed(Path(sys.argv[1]), date.fromisoformat(sys.argv[2]), int(sys.argv[3]))
    print(json.dumps(found))
