"""One letter's day as a stream of sorted tables, a time slice after the other.

A slice holds about half a million rows whatever the day, so memory does not grow with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from catalog.schema import PRICE, SCHEMAS, Kind
from catalog.synth.codes import CONDITIONS, EXCHANGES
from catalog.synth.intraday import SLOT_NS
from catalog.synth.plan import Courses, DayPlan, courses
from catalog.synth.prints import MEAN_SHARES, PRINT, prints_until
from catalog.synth.quotes import QUOTE, quotes_until
from catalog.synth.recipe import Stream
from catalog.synth.walk import NEVER, OPENING_AUCTION, WALKER, Tables, draw_burst
from engine.domain.fixed_point import whole_sizes
from engine.domain.session import NANOS_PER_SECOND

_SLICE_ROWS = 512 * 1024
_BLOCK_ROWS = 256 * 1024

_OPENS_WITHIN_SECS, _CLOSES_WITHIN_SECS = 3.0, 2.0
_LATEST_OPENING_SECS = 90.0

_PRIMARY = {"A": EXCHANGES.index("N"), "B": EXCHANGES.index("P"), "C": EXCHANGES.index("Q")}

type _Kernel = Callable[..., tuple[int, int]]


def trade_tables(plan: DayPlan, letter: str) -> Iterator[pa.Table]:
    """Yield a letter's prints in order of arrival, with the columns of ``SCHEMAS``."""
    symbols = [plan.listed.symbols[member] for member in plan.members[letter]]
    for rows in _sorted_slices(plan, letter, prints_until, PRINT, Stream.PRINTS):
        columns: list[Any] = [
            _coded(rows["symbol"], symbols),
            np.ascontiguousarray(rows["ts_event"]),
            np.ascontiguousarray(rows["ts_init"]),
            _exact(rows["price"]),
            _exact(whole_sizes(rows["size"])),
            _coded(rows["exchange"], EXCHANGES),
            _coded(rows["condition"], CONDITIONS),
            np.ascontiguousarray(rows["trade_id"]),
        ]
        yield pa.Table.from_arrays([pa.array(c) for c in columns], schema=SCHEMAS[Kind.TRADES])


def quote_tables(plan: DayPlan, letter: str) -> Iterator[pa.Table]:
    """Yield a letter's best bids and offers in order of arrival: the same walk, walked again."""
    symbols = [plan.listed.symbols[member] for member in plan.members[letter]]
    for rows in _sorted_slices(plan, letter, quotes_until, QUOTE, Stream.QUOTES):
        columns: list[Any] = [
            _coded(rows["symbol"], symbols),
            np.ascontiguousarray(rows["ts_event"]),
            np.ascontiguousarray(rows["ts_init"]),
            _exact(rows["bid"]),
            _exact(rows["ask"]),
            np.ascontiguousarray(rows["bid_size"]),
            np.ascontiguousarray(rows["ask_size"]),
            _coded(rows["exchange"], EXCHANGES),
        ]
        yield pa.Table.from_arrays([pa.array(c) for c in columns], schema=SCHEMAS[Kind.QUOTES])


def _sorted_slices(
    plan: DayPlan, letter: str, kernel: _Kernel, dtype: np.dtype[Any], dressing: Stream
) -> Iterator[NDArray[Any]]:
    """Yield rows in order of ``ts_init``; those that arrive after their slice wait for a later."""
    members = plan.members[letter]
    tables = courses(plan, members)
    day = _tables(plan, tables)
    walk_chance = plan.recipe.chance(Stream.WALK, letter)
    chance = plan.recipe.chance(dressing, letter)
    walkers = _walkers(plan, members, tables, day, walk_chance)
    waiting = np.empty(0, dtype)
    for until in _slice_ends(plan, plan.prints_of(letter)):
        blocks = [waiting]
        symbol = 0
        while symbol < len(walkers):
            block = np.empty(_BLOCK_ROWS, dtype)
            symbol, n = kernel(until, symbol, walkers, day, walk_chance, chance, block)
            blocks.append(block[:n])
        rows = np.concatenate(blocks)
        rows = rows[np.argsort(rows["ts_init"], kind="stable")]
        n_ready = int(np.searchsorted(rows["ts_init"], until))
        waiting = rows[n_ready:].copy()
        if n_ready:
            yield rows[:n_ready]


def _slice_ends(plan: DayPlan, prints: int) -> list[int]:
    """Return the ends of the time slices, each of about as many prints; the last is ``NEVER``."""
    n = -(-prints // _SLICE_ROWS)
    edges = np.searchsorted(plan.day.activity, np.arange(1, n) / n)
    return [*(plan.day.start_ns + np.unique(edges) * SLOT_NS).tolist(), NEVER]


def _tables(plan: DayPlan, tables: Courses) -> Tables:
    day = plan.day
    return Tables(
        day.start_ns,
        day.open_ns,
        day.close_ns,
        day.end_ns,
        day.activity,
        day.market,
        tables.rate,
        tables.path,
    )


def _walkers(
    plan: DayPlan,
    members: NDArray[np.int64],
    tables: Courses,
    day: Tables,
    chance: np.random.Generator,
) -> NDArray[Any]:
    """Return the letter's symbols at the start of the day, their first burst drawn."""
    listed, n = plan.listed, len(members)
    walkers = np.zeros(n, WALKER)
    walkers["symbol"] = np.arange(n)
    walkers["primary"] = [_PRIMARY[listed.tapes[member]] for member in members]
    walkers["row"] = tables.row
    walkers["volatility"] = listed.volatility[members]
    walkers["beta"] = listed.beta[members]
    walkers["spread_bps"] = listed.spread_bps[members]
    walkers["prints_left"] = plan.prints[members]
    walkers["day_shares"] = MEAN_SHARES * plan.prints[members]
    walkers["log_price"] = np.log(listed.price[members])
    walkers["halted_from"] = walkers["reopens_at"] = NEVER
    for halt in plan.halts:
        halted = listed.symbols.index(halt.symbol) == members
        walkers["halted_from"][halted] = halt.start_ns
        walkers["reopens_at"][halted] = halt.end_ns
    opening = (0.02 + chance.exponential(_OPENS_WITHIN_SECS, n)).clip(0, _LATEST_OPENING_SECS)
    closing = 0.1 + chance.exponential(_CLOSES_WITHIN_SECS, n)
    walkers["auction"] = OPENING_AUCTION
    walkers["next_auction"] = day.open_ns + (opening * NANOS_PER_SECOND).astype(np.int64)
    walkers["closes_at"] = day.close_ns + (closing * NANOS_PER_SECOND).astype(np.int64)
    for k in range(n):
        draw_burst(walkers[k], day, chance)
    return walkers


def _coded(ids: NDArray[Any], values: Sequence[str]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(ids.astype(np.int32), np.array(values))


def _exact(fixed: NDArray[np.int64]) -> pa.Array:
    """Return fixed-point prices or sizes as they are stored."""
    values = pa.py_buffer(np.ascontiguousarray(fixed))
    return pa.Array.from_buffers(PRICE, len(fixed), [None, values])
