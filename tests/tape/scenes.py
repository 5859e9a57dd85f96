"""A small tape that something happens to, played at some speed of the market's time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np

from engine.domain.market_data.trades import TradeBatch
from engine.domain.parameters import Parameters
from engine.domain.session import NANOS_PER_SECOND, session
from engine.signals import Scanner
from engine.tape import Flaw, TapeLimits, TapeMonitor
from tests.signals.tapes import DAY

SYMBOLS, BUCKETS = 40, 60
BROKEN, MENDED = 20, 40
"""Buckets at whose start something breaks, and is mended."""

PARAMS = Parameters()
LIMITS = TapeLimits.of(PARAMS)
OPENS_NS = session(DAY).open_ns
WIDTH_NS = PARAMS.bucket_ns

type Fault = Callable[[TradeBatch], TradeBatch]


def tape(seed: int = 1) -> TradeBatch:
    """Return two prints of each symbol in each bucket, on their way for some milliseconds."""
    random = np.random.default_rng(seed)
    n = SYMBOLS * BUCKETS * 2
    ts = np.sort(random.integers(0, BUCKETS * WIDTH_NS, n)) + OPENS_NS
    zero = np.zeros(n, np.int32)
    return TradeBatch(
        random.integers(0, SYMBOLS, n).astype(np.int32),
        tuple(f"S{k:02}" for k in range(SYMBOLS)),
        ts,
        ts + 20_000_000,
        100_000_000 + 10_000 * random.integers(0, 50, n),
        np.full(n, 100_000_000),
        zero,
        ("",),
    )


def breaks(batch: TradeBatch) -> np.ndarray:
    """Say which prints happen while something is broken."""
    bucket = (batch.ts_event - OPENS_NS) // WIDTH_NS
    return (bucket >= BROKEN) & (bucket < MENDED)


def arrives(secs: float) -> Fault:
    """Let prints arrive later, or before they happen."""

    def fault(batch: TradeBatch) -> TradeBatch:
        shift = np.where(breaks(batch), round(secs * NANOS_PER_SECOND), 0)
        return in_order(replace(batch, ts_init=batch.ts_init + shift))

    return fault


def only(symbols: int) -> Fault:
    """Let some symbols alone be heard."""
    return lambda batch: batch.rows(~breaks(batch) | (batch.symbol_id < symbols))


def again(batch: TradeBatch) -> TradeBatch:
    """Let prints come a second time, half a second later."""
    later = batch.rows(breaks(batch))
    later = replace(later, ts_init=later.ts_init + NANOS_PER_SECOND // 2)
    columns = {
        name: np.concatenate([getattr(batch, name), getattr(later, name)])
        for name in ("symbol_id", "ts_event", "ts_init", "price", "size", "condition_id")
    }
    return in_order(replace(batch, **columns))


def stuck(batch: TradeBatch) -> TradeBatch:
    """Let each symbol print the same price over and over."""
    return replace(batch, price=np.where(breaks(batch), 100_000_000, batch.price))


def in_order(batch: TradeBatch) -> TradeBatch:
    """Return a batch in order of arrival."""
    return batch.rows(np.argsort(batch.ts_init, kind="stable"))


def at_speed(batch: TradeBatch, speed: int) -> TradeBatch:
    """Return a batch as a host stamps it whose wall clock counts the market's time so fast."""
    wall = (batch.ts_init - OPENS_NS) // speed
    return replace(batch, ts_init=OPENS_NS + wall * speed)


def flaws(batch: TradeBatch, cuts: tuple[int, ...] = ()) -> list[frozenset[Flaw]]:
    """Return what is wrong at each close; what arrives is handed over in frames cut at rows."""
    scanner, monitor = Scanner(PARAMS, session(DAY), {}), TapeMonitor(OPENS_NS)
    edges = [0, *sorted(cuts), len(batch)]
    frames = [batch.rows(slice(*edge)) for edge in pairwise(edges)]
    found, closed = [], 0
    for bucket in range(1, BUCKETS + 1):
        now = OPENS_NS + bucket * WIDTH_NS + PARAMS.grace_ns
        since = now - WIDTH_NS if bucket > 1 else 0
        arrived = [
            rows
            for frame in frames
            if len(rows := frame.rows((frame.ts_init >= since) & (frame.ts_init < now)))
        ]
        for rows in arrived:
            scanner.step(rows)
        scanner.advance(now)
        standing = monitor.close(scanner.closed_prices(closed), arrived, [], now, LIMITS)
        closed = scanner.closed
        found.append(frozenset(standing))
    return found
