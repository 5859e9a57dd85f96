"""Trading pauses, as the exchange announces them, and the gap they end in."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from catalog.synth.accelerations import Acceleration
from catalog.synth.intraday import SLOT_NS, Intraday
from catalog.synth.listings import Listings
from catalog.synth.recipe import Recipe, Stream
from catalog.synth.tickers import INDEX_ETFS
from engine.domain.session import NANOS_PER_SECOND

REASON = "LUDP"
"""Volatility pause under the limit-up limit-down rules, as the listing exchanges code it."""

_LENGTH_NS = 5 * 60 * NANOS_PER_SECOND
_SYMBOLS_PER_HALT = 2_000
_AFTER_PEAK_SECS = (60, 150)
_GAP_PCT = (3.0, 6.0)


class Halt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No prints and no quotes in ``[start_ns, end_ns)``; then the price opens ``gap_pct`` away."""

    symbol: str
    start_ns: int
    end_ns: int
    gap_pct: float


def plan_halts(
    recipe: Recipe, day: Intraday, listed: Listings, planted: Sequence[Acceleration]
) -> list[Halt]:
    """Return the halts of a day, at least one.

    They strike where a backtest is most likely to hold a position: a minute or two after an
    acceleration has peaked. A day without accelerations has its busiest stock halted.
    """
    chance = recipe.chance(Stream.HALTS)
    latest = day.close_ns - 2 * 3600 * NANOS_PER_SECOND
    struck = [made for made in planted if made.peak_ns < latest]
    n = 1 + recipe.symbols // _SYMBOLS_PER_HALT
    picked = chance.permutation(len(struck))[:n]
    moments = [(struck[k].symbol, struck[k].peak_ns) for k in picked]
    if not moments:
        busiest = max(
            (symbol not in INDEX_ETFS, share, symbol)
            for symbol, share in zip(listed.symbols, listed.share, strict=True)
        )
        moments = [(busiest[-1], (day.open_ns + day.close_ns) // 2)]
    return [_halt(chance, day, symbol, moment) for symbol, moment in moments]


def _halt(chance: np.random.Generator, day: Intraday, symbol: str, moment: int) -> Halt:
    after = int(chance.integers(*_AFTER_PEAK_SECS)) * NANOS_PER_SECOND
    start = day.start_ns + day.slot(moment + after) * SLOT_NS
    gap = float(chance.choice([-1.0, 1.0]) * chance.uniform(*_GAP_PCT))
    return Halt(symbol, start, start + _LENGTH_NS, round(gap, 3))
