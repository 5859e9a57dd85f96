"""What showing a running day costs the process that trades it, in one run: with frames and without.

Two parts. What the close of a bucket takes on the whole market, from the beat to the report at the
strategy, with frames made and written for other processes and without, in turns in one run. And
what a frame itself takes: built, packed and written.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np

from app.display.publisher import FramePublisher
from benchmarks.child import measure
from catalog import Catalog
from engine.decision import BucketDecision
from engine.display import Counts, FrameBuilder, FrameHeading, Sight, packed
from engine.domain.parameters import parameters_from
from engine.domain.parameters.versions import ParameterHistory
from engine.domain.session import NANOS_PER_SECOND, session
from engine.hub import Desk
from engine.journal import MemoryJournal
from engine.signals import Scanner

_FRAMES = 200
_LOOSE = ("min_ac_z=2", "vol_surge_multiplier=1.5", "vol_floor=100", "max_price=1000")


def closes(root: str, day: date, stretch: tuple[str, ...]) -> dict[str, dict[str, float]]:
    """Return what a close takes while the day shows itself and while it does not, in one run."""
    found = measure("benchmarks.live_day", root, str(day), *stretch, "--frames").result
    return {"with": found["shown"], "without": found["unseen"]}


def frames(root: str, day: date, until: str) -> dict[str, float]:
    """Return what a frame of the whole market takes, in ms, and how long it is."""
    market, hours, params = Catalog.open(root), session(day), parameters_from({}, _LOOSE)
    scanner = Scanner(params, hours, market.tapes(day))
    tape = market.trades(day, sorted(market.tapes(day)), hours.open_ns, hours.at(until))
    scanner.step(tape)
    scanner.advance(hours.at(until) + params.grace_ns)
    report = [each for each in scanner.reports() if each.candidates][-1]
    desk = Desk(ParameterHistory(params), MemoryJournal(), Decimal(100_000))
    desk.start_day(hours, "", hours.open_ns)
    builder = FrameBuilder(
        FrameHeading(run_id="bench", epoch=0, venue="sim", sends=True), desk.books, str
    )
    built: list[float] = []
    coded: list[float] = []
    size = 0
    with tempfile.TemporaryDirectory() as place, FramePublisher(Path(place), "bench") as shows:
        for _ in range(_FRAMES):
            began = time.perf_counter()
            builder.radar.look(report, [BucketDecision()])
            frame = builder.frame(
                Sight(
                    now=report.ts_init + NANOS_PER_SECOND,
                    report=report,
                    scores=scanner.scores(),
                    strips=scanner.strips(),
                    symbols=scanner.symbols,
                    view=lambda _: None,  # pyright: ignore[reportArgumentType]  (nothing is held)
                    equity=Decimal(100_000),
                    health=(),
                    counts=Counts(0, 0, 0, 0, None),
                    issues={},
                )
            )
            built.append(1e3 * (time.perf_counter() - began))
            shows.slot.put(frame)
            began = time.perf_counter()
            size = len(packed(frame))
            coded.append(1e3 * (time.perf_counter() - began))
    return {
        "symbols": len(scanner.symbols),
        "rows": len(report.candidates),
        "built_ms": statistics.median(built),
        "built_p99_ms": float(np.percentile(built, 99)),
        "packed_ms": statistics.median(coded),
        "bytes": size,
    }


def main() -> None:
    """Measure both and print them."""
    parser = argparse.ArgumentParser(description="Measure what showing a running day costs")
    parser.add_argument("catalog")
    parser.add_argument("day", type=date.fromisoformat)
    parser.add_argument("--start", default="10:00")
    parser.add_argument("--until", default="10:15")
    options = parser.parse_args()
    stretch = ("--start", options.start, "--until", options.until)
    one = frames(options.catalog, options.day, options.until)
    print(json.dumps(closes(options.catalog, options.day, stretch) | {"frame": one}))


if __name__ == "__main__":
    main()
