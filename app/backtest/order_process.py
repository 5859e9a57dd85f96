"""A process that runs one ordered backtest: the order on stdin, a JSON object a line on stdout.

::

    in    {"order": …, "places": …}
    out   {"progress": 12.5}, …, then {"result": …} or {"error": …, "kind": …}

It ends as Ctrl-C ends a backtest, what was done is kept, on SIGINT and when its stdin closes:
whoever ordered it is gone then.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from threading import Thread
from typing import Any

import msgspec

from app.backtest.ordered import BacktestOrder, BacktestPlaces, run_order
from app.redaction import secrets_hidden
from engine.domain.errors import TradectlError

_EACH_SECS = 0.2
"""Progress is told no more often."""


class Ordered(msgspec.Struct, frozen=True):
    """What is read from stdin."""

    order: BacktestOrder
    places: BacktestPlaces


def main() -> None:
    """Run the order that stands on the first line of stdin."""
    asked = msgspec.json.decode(sys.stdin.buffer.readline(), type=Ordered)
    Thread(target=_watch, daemon=True).start()
    last = 0.0

    def progress(done: float, total: float) -> None:
        nonlocal last
        if time.monotonic() - last >= _EACH_SECS:
            last = time.monotonic()
            _say({"progress": 100 * done / total if total else 0.0})

    try:
        _say({"result": run_order(asked.order, asked.places, progress)})
    except KeyboardInterrupt:
        _say({"error": "it was cancelled before a day was done", "kind": "Cancelled"})
    except TradectlError as error:
        _say({"error": secrets_hidden(str(error)), "kind": type(error).__name__})


def _say(told: dict[str, Any]) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(told) + b"\n")
    sys.stdout.buffer.flush()


def _watch() -> None:
    """End as by Ctrl-C when nobody holds the other end of stdin any more."""
    while sys.stdin.buffer.read(1):
        pass
    os.kill(os.getpid(), signal.SIGINT)
