"""Beside a live process: prints what had to be compiled for a day's data, as JSON.

Run with a catalog's folder and a date; a process of its own, for others compile as they please.
"""

from __future__ import annotations

import gc
import json
import sys
from dataclasses import replace
from datetime import date
from typing import Any

from numba.core.registry import CPUDispatcher

from adapters.alpaca.data.last_ticks import LastTicks
from catalog import Catalog
from engine.domain.parameters import Parameters
from engine.domain.session import session
from engine.pipeline import observe
from engine.signals.compiled import load_compiled
from engine.signals.scanner import Scanner
from engine.tape.repeats import Repeats


def main(root: str, day: date) -> None:
    """Load what is compiled, take a day's prints and quotes, and say what was not loaded."""
    market, params, hours = Catalog(root), Parameters(), session(day)
    tapes = market.tapes(day)
    load_compiled(params, hours)
    ticks, repeats = LastTicks(tapes), Repeats()
    before = compiled()
    letter = min(market.letters(day))
    prints = list(market.trade_batches(day, letter))
    quotes = list(market.quote_batches(day, letter))
    scanner = Scanner(params, hours, tapes, expected=len(tapes))
    ticks.want(prints[0].symbols[0])
    ticks.quotes(as_decoded(quotes[0]))
    ticks.prints(as_decoded(prints[0]))
    repeats.count(prints)
    reports = observe(scanner, quotes, prints, hours.close_ns + 100 * params.bucket_ns)
    more = [name for name, n in compiled().items() if n != before.get(name, 0)]
    sys.stdout.write(json.dumps({"buckets": len(reports), "loaded": len(before), "more": more}))


def compiled() -> dict[str, int]:
    """Return how often each function was compiled or loaded, for different kinds of arguments."""
    found: list[Any] = [each for each in gc.get_objects() if isinstance(each, CPUDispatcher)]
    return {f"{each.py_func}": len(each.signatures) for each in found}


def as_decoded[Batch: Any](batch: Batch) -> Batch:
    """Return a batch as a decoder makes it: its columns can be written."""
    names = [name for name in batch.__slots__ if hasattr(getattr(batch, name), "dtype")]
    return replace(batch, **{name: getattr(batch, name).copy() for name in names})


if __name__ == "__main__":
    main(sys.argv[1], date.fromisoformat(sys.argv[2]))
