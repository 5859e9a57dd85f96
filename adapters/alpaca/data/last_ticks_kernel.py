# pyright: basic, reportAttributeAccessIssue=false
"""The compiled step that keeps last quotes and prints, a row at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

PRINT = np.dtype([("price", "i8"), ("ts_event", "i8"), ("ts_init", "i8"), ("size", "i8")])
QUOTE = np.dtype(
    [
        ("bid", "i8"),
        ("ask", "i8"),
        ("bid_size", "i8"),
        ("ask_size", "i8"),
        ("ts_event", "i8"),
        ("ts_init", "i8"),
    ]
)
SYMBOL = np.dtype([("seen_event", "i8"), ("tape", "u1"), ("halted", "?"), ("wanted", "?")])
"""What is known of a symbol beside its last ticks; ``seen_event`` is its newest print's, UTC ns."""

_LAST, _REVERSAL = 2, 8
"""Bits of ``engine.domain.market_data.conditions.Updates``."""


@njit(cache=True, nogil=True)
def keep_prints(  # noqa: PLR0917  (a compiled function takes no names)
    symbols: NDArray[Any],
    last: NDArray[Any],
    updates: NDArray[np.uint8],
    halted: NDArray[np.bool_],
    ids: NDArray[np.int32],
    prices: NDArray[np.int64],
    sizes: NDArray[np.int64],
    ts_event: NDArray[np.int64],
    ts_init: NDArray[np.int64],
    conditions: NDArray[np.int32],
    chosen: NDArray[np.int64],
) -> int:
    """Keep each symbol's last print that may fill an order; note the rows of wanted symbols.

    Parameters
    ----------
    updates : uint8 array, shape (n_tapes, n_conditions)
        See ``updates_table``.
    halted : bool array, shape (n,) or (0,)
        Of each row, where halts came with them; else the symbols' own state holds.
    chosen : int64 array, shape (n,)
        Filled from the left.

    Returns
    -------
    int
        How many rows were chosen.
    """
    n_chosen = 0
    for row in range(len(ids)):
        number = ids[row]
        symbol = symbols[number]
        symbol.seen_event = max(symbol.seen_event, ts_event[row])
        is_halted = halted[row] if len(halted) else symbol.halted
        bits = updates[symbol.tape, conditions[row]]
        if is_halted or not bits & _LAST or bits & _REVERSAL:
            continue
        kept = last[number]
        kept.price = prices[row]
        kept.size = sizes[row]
        kept.ts_event = ts_event[row]
        kept.ts_init = ts_init[row]
        if symbol.wanted:
            chosen[n_chosen] = row
            n_chosen += 1
    return n_chosen


@njit(cache=True, nogil=True)
def keep_quotes(  # noqa: PLR0917  (as above)
    symbols: NDArray[Any],
    last: NDArray[Any],
    ids: NDArray[np.int32],
    bids: NDArray[np.int64],
    asks: NDArray[np.int64],
    bid_sizes: NDArray[np.int64],
    ask_sizes: NDArray[np.int64],
    ts_event: NDArray[np.int64],
    ts_init: NDArray[np.int64],
    chosen: NDArray[np.int64],
) -> int:
    """Keep each symbol's last quote one could fill at; note the rows of wanted symbols.

    The rule is that of ``engine.domain.market_data.eligibility.fillable``.
    """
    n_chosen = 0
    for row in range(len(ids)):
        if bids[row] >= asks[row] or bid_sizes[row] <= 0 or ask_sizes[row] <= 0:
            continue
        number = ids[row]
        kept = last[number]
        kept.bid = bids[row]
        kept.ask = asks[row]
        kept.bid_size = bid_sizes[row]
        kept.ask_size = ask_sizes[row]
        kept.ts_event = ts_event[row]
        kept.ts_init = ts_init[row]
        if symbols[number].wanted:
            chosen[n_chosen] = row
            n_chosen += 1
    return n_chosen
