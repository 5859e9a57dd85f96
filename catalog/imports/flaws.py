"""What is wrong with imported rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from catalog.schema import HALT, RESUME, Kind
from engine.domain.fixed_point import (
    MAX_NOTIONAL,
    MAX_PRICE,
    MAX_SIZE,
    PRICE_SCALE,
    is_exact_size,
)
from engine.domain.session import NANOS_PER_SECOND
from engine.domain.symbols import is_symbol

_EARLIEST_NS = 157_766_400_000_000_000
_LATEST_NS = 4_102_444_800_000_000_000
"""1975 and 2100: an integer time outside was not in nanoseconds."""


class Flaw(StrEnum):
    """Why a row is kept out of the catalog."""

    CANCELED = "canceled"
    INCORRECT = "incorrect"
    SUSPICIOUS = "suspicious"
    BAD_LINE = "bad_line"
    NO_SYMBOL = "no_symbol"
    BAD_TIME = "bad_time"
    PRICE_NOT_A_NUMBER = "price_not_a_number"
    PRICE_NOT_POSITIVE = "price_not_positive"
    PRICE_TOO_LARGE = "price_too_large"
    SIZE_NOT_EXACT = "size_not_exact"
    SIZE_NOT_WHOLE = "size_not_whole"
    SIZE_NOT_POSITIVE = "size_not_positive"
    SIZE_TOO_LARGE = "size_too_large"
    NOTIONAL_TOO_LARGE = "notional_too_large"
    ONE_SIDED = "one_sided"
    CROSSED = "crossed"
    OUTSIDE_RANGE = "outside_range"
    UNKNOWN_ACTION = "unknown_action"
    REPEATED = "repeated"


UNPLACED = (Flaw.BAD_LINE, Flaw.NO_SYMBOL, Flaw.BAD_TIME)
"""Flaws that leave a row without a partition."""

_EXPECTED: dict[Flaw, str] = {
    Flaw.CANCELED: "a print that stands",
    Flaw.INCORRECT: "a print that stands",
    Flaw.SUSPICIOUS: "a row its source vouches for",
    Flaw.BAD_LINE: "a line of as many fields as the first, its quotes closed, in UTF-8",
    Flaw.NO_SYMBOL: "a ticker such as KO, BRK.B or BACpL",
    Flaw.BAD_TIME: "UTC nanoseconds between 1975 and 2100 (see --time-unit)",
    Flaw.PRICE_NOT_A_NUMBER: "> 0 USD",
    Flaw.PRICE_NOT_POSITIVE: "> 0 USD in six decimals",
    Flaw.PRICE_TOO_LARGE: f"≤ {MAX_PRICE // PRICE_SCALE:,} USD",
    Flaw.SIZE_NOT_EXACT: "a number of shares with six decimals at most",
    Flaw.SIZE_NOT_WHOLE: "a whole number of shares",
    Flaw.SIZE_NOT_POSITIVE: "> 0 shares",
    Flaw.SIZE_TOO_LARGE: f"≤ {MAX_SIZE:,} shares",
    Flaw.NOTIONAL_TOO_LARGE: f"price × size ≤ {MAX_NOTIONAL // PRICE_SCALE:,} USD",
    Flaw.ONE_SIDED: "a price and a size on both sides",
    Flaw.CROSSED: "bid ≤ ask",
    Flaw.OUTSIDE_RANGE: "low ≤ open, close ≤ high",
    Flaw.UNKNOWN_ACTION: f"{HALT} or {RESUME}",
    Flaw.REPEATED: "a row that had not come before the venue's time went back",
}

FLAWS = tuple(Flaw)
SOUND = -1
"""Code of a row without a flaw; other codes are positions in ``FLAWS``."""

_DISOWNED = (Flaw.CANCELED, Flaw.INCORRECT, Flaw.SUSPICIOUS, Flaw.REPEATED, Flaw.BAD_LINE)
"""Flaws that a source itself tells."""

_LARGEST_SIZE = {Kind.TRADES: MAX_SIZE, Kind.QUOTES: MAX_SIZE, Kind.BARS: 1000 * MAX_SIZE - 1}

_PRICES = {
    Kind.TRADES: ("price",),
    Kind.QUOTES: ("bid", "ask"),
    Kind.BARS: ("open", "high", "low", "close"),
    Kind.STATUSES: (),
}
_SIZES = {
    Kind.TRADES: ("size",),
    Kind.QUOTES: ("bid_size", "ask_size"),
    Kind.BARS: ("volume",),
    Kind.STATUSES: (),
}


def find_flaws(raw: pa.Table, kind: Kind, *, one_sided: bool = False) -> NDArray[np.int8]:
    """Return the first flaw of each row.

    Parameters
    ----------
    raw
        Columns of ``RAW_SCHEMAS[kind]``.
    one_sided
        Accept quotes without a bid or an ask: a venue that withdrew.

    Returns
    -------
    int8 array, shape (n,)
        Positions in ``FLAWS``, ``SOUND`` where there is none.
    """
    flaws = np.full(raw.num_rows, SOUND, dtype=np.int8)

    def mark(flaw: Flaw, rows: NDArray[np.bool_]) -> None:
        flaws[rows & (flaws == SOUND)] = FLAWS.index(flaw)

    for flaw in _DISOWNED if raw["flaw"].null_count < raw.num_rows else ():
        mark(flaw, _true(pc.equal(raw["flaw"], pa.scalar(flaw))))
    mark(Flaw.NO_SYMBOL, ~_are_symbols(raw["symbol"]))
    mark(Flaw.BAD_TIME, ~_in_range(raw["ts_event"]))
    mark(Flaw.BAD_TIME, ~_in_range(pc.coalesce(raw["ts_init"], raw["ts_event"])))

    prices = [_numbers(raw[name]) for name in _PRICES[kind]]
    sizes = [_numbers(raw[name]) for name in _SIZES[kind]]
    for price in prices:
        mark(Flaw.PRICE_NOT_A_NUMBER, ~np.isfinite(price))
        is_low = price < 0 if kind is Kind.QUOTES else _in_millionths(price) <= 0
        mark(Flaw.PRICE_NOT_POSITIVE, is_low)
        mark(Flaw.PRICE_TOO_LARGE, price > MAX_PRICE / PRICE_SCALE)
    for size in sizes:
        if kind is Kind.QUOTES:
            mark(Flaw.SIZE_NOT_WHOLE, ~np.isfinite(size) | (size != np.rint(size)))
        else:
            mark(Flaw.SIZE_NOT_EXACT, ~is_exact_size(size))
        mark(Flaw.SIZE_NOT_POSITIVE, size <= 0 if kind is Kind.TRADES else size < 0)
        mark(Flaw.SIZE_TOO_LARGE, size > _LARGEST_SIZE[kind])
    if kind is Kind.TRADES:
        with np.errstate(invalid="ignore", over="ignore"):  # infinities are marked above
            notional = prices[0] * sizes[0]
        mark(Flaw.NOTIONAL_TOO_LARGE, notional > MAX_NOTIONAL / PRICE_SCALE)
    elif kind is Kind.QUOTES:
        (bid, ask), (bid_size, ask_size) = prices, sizes
        has_bid, has_ask = (_in_millionths(price) > 0 for price in prices)
        both = has_bid & (bid_size > 0) & has_ask & (ask_size > 0)
        if not one_sided:
            mark(Flaw.ONE_SIDED, ~both)
        mark(Flaw.CROSSED, both & (bid > ask))
    elif kind is Kind.BARS:
        opened, high, low, close = prices
        mark(Flaw.OUTSIDE_RANGE, low > np.minimum(opened, close))
        mark(Flaw.OUTSIDE_RANGE, high < np.maximum(opened, close))
    elif kind is Kind.STATUSES:
        mark(Flaw.UNKNOWN_ACTION, ~_true(pc.is_in(raw["action"], pa.array([HALT, RESUME]))))
    return flaws


def _numbers(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """Return a numeric column as floats, NaN where it is null."""
    return column.to_numpy().astype(np.float64, copy=False)


def _true(column: Any) -> NDArray[np.bool_]:
    """Return where a truth column is true, and not null."""
    return pc.fill_null(column, pa.scalar(value=False)).to_numpy()


def _in_millionths(price: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return prices as they would be stored: 0 below half of 1e-6 USD."""
    with np.errstate(invalid="ignore", over="ignore"):
        return np.rint(price * PRICE_SCALE)


def _are_symbols(column: pa.ChunkedArray) -> NDArray[np.bool_]:
    coded: Any = column.dictionary_encode().combine_chunks()
    known = np.array([*map(is_symbol, coded.dictionary.to_pylist()), False], dtype=np.bool_)
    return known[coded.indices.fill_null(len(known) - 1).to_numpy()]


def _in_range(times: pa.ChunkedArray) -> NDArray[np.bool_]:
    after = pc.greater_equal(times, pa.scalar(_EARLIEST_NS))
    return _true(pc.and_(after, pc.less(times, pa.scalar(_LATEST_NS))))


def describe(kind: Kind, row: Mapping[str, Any], flaw: Flaw) -> str:
    """Return what a raw row is, what is wrong with it and what was expected."""
    values = ", ".join(
        f"{name} {value}"
        for name, value in row.items()
        if value is not None and name not in ("symbol", "tape", "flaw")
    )
    moment = ""
    if flaw not in (Flaw.BAD_TIME, Flaw.BAD_LINE) and row["ts_event"]:
        seconds, nanos = divmod(row["ts_event"], NANOS_PER_SECOND)
        moment = f" at {datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{nanos:09d}Z"
    return (
        f"{kind.removesuffix('s')} of {row['symbol'] or 'no symbol'}{moment} is "
        f"{flaw.replace('_', ' ')} ({values}), expected {_EXPECTED[flaw]}"
    )
