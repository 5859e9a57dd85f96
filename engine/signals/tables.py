"""The kernel's rows as Arrow tables, in the one order everyone reads them in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engine.domain.candidate import ALL_GATES, FadeReason, Gate, Phase
from engine.domain.fixed_point import json_shares
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.parameters import Parameters
from engine.signals import kernel
from engine.signals.settings import Settings
from engine.signals.state import Records

QUOTE_MEMORY_NS = 60_000_000_000
"""A candidate shows no quote older than this at its close."""

PHASES = {
    kernel.RAISED: Phase.RAISED,
    kernel.UPDATED: Phase.UPDATED,
    kernel.FADED: Phase.FADED,
}
FADE_REASONS = {
    kernel.AO_TURNED: FadeReason.AO_TURNED,
    kernel.FLAT_LINED: FadeReason.FLAT_LINED,
    kernel.SESSION_ENDED: FadeReason.SESSION_ENDED,
}
EXACT_TYPE = pa.decimal64(18, 6)
VOLUMES = ("volume", "run_volume", "session_volume")
"""Columns of shares, exact decimals; the other decimals are prices in USD."""

QUOTE_COLUMNS = ("bid", "ask", "bid_size", "ask_size", "quote_ts")

MEASURED = (
    "ao",
    "ac",
    "ao_bps",
    "ac_bps",
    "sigma_bps",
    "ac_z",
    "volume",
    "volume_mean",
    "run_volume",
    "run_notional",
    "session_volume",
    "vwap",
    "vwap_slope",
    "gates",
)
"""Columns of ``rows_table`` that are the kernel's own, as it wrote them."""


def gate_column(gate: Gate) -> str:
    """Return the name of the column that holds a gate's value."""
    return f"gate_{gate.name.lower()}"


def values(table: pa.Table, name: str) -> list[Any]:
    """Return a column as Python values."""
    return table.column(name).to_pylist()


def exact_array(fixed: NDArray[np.int64]) -> pa.Array[Any]:
    """Return fixed-point prices or sizes as exact decimals, without a copy."""
    values = np.ascontiguousarray(fixed, dtype=np.int64)
    return pa.Array.from_buffers(EXACT_TYPE, len(values), [None, pa.py_buffer(values)])


def fixed_column(table: pa.Table, name: str) -> NDArray[np.int64]:
    """Return a decimal column without nulls as fixed point."""
    if not len(table):
        return np.empty(0, np.int64)
    column: Any = table.column(name).combine_chunks()
    fixed = np.frombuffer(column.buffers()[1], np.int64)
    return fixed[column.offset : column.offset + len(column)]


def told_rows(table: pa.Table) -> list[dict[str, Any]]:
    """Return rows as Python values, volumes as numbers of shares: an int where it is whole."""
    names = [name for name in VOLUMES if name in table.column_names]
    told = {name: map(json_shares, fixed_column(table, name).tolist()) for name in names}
    rows: list[dict[str, Any]] = table.to_pylist()
    for name, column in told.items():
        for row, shares in zip(rows, column, strict=True):
            row[name] = shares
    return rows


def rows_table(rows: Records, symbols: Sequence[str], p: Settings) -> pa.Table:
    """Return candidates' events or near misses, ordered by bucket and symbol.

    Columns: ``ts_event`` (end of the bucket), ``ts_init`` (its closing instant), ``symbol``,
    ``side`` (1 or -1), ``phase``, ``fade_reason``, ``qualified``, the kernel's values as in
    ``Candidate`` (prices and ``VOLUMES`` exact decimals), and the value behind each gate.
    """
    names, rank = _names(rows, symbols)
    order = np.lexsort((rank, rows["bucket"]))
    names, rows = names[order], rows[order]
    ts_event = p.first_ns + (rows["bucket"].astype(np.int64) + 1) * p.width_ns
    columns: dict[str, Any] = {
        "ts_event": pa.array(ts_event),
        "ts_init": pa.array(ts_event + p.grace_ns),
        "symbol": pa.array(names, pa.string()),
        "side": pa.array(rows["side"]),
        "phase": pa.array([PHASES.get(phase) for phase in rows["phase"].tolist()], pa.string()),
        "fade_reason": pa.array(
            [FADE_REASONS.get(reason) for reason in rows["fade_reason"].tolist()], pa.string()
        ),
        "qualified": pa.array((rows["gates"] == ALL_GATES) & (rows["phase"] != kernel.FADED)),
        "last": exact_array(rows["last"]),
    }
    columns |= {
        name: exact_array(rows[name])
        if name in VOLUMES
        else pa.array(np.ascontiguousarray(rows[name]))
        for name in MEASURED
    }
    behind = rows["values"]
    columns |= {gate_column(gate): pa.array(np.ascontiguousarray(behind[:, gate])) for gate in Gate}
    return pa.table(columns)


def buckets_table(rows: Records, symbols: Sequence[str], p: Settings) -> pa.Table:
    """Return the buckets of candidates' windows, ordered by symbol and time.

    Columns: ``symbol``, ``ts`` (end of the bucket), ``high``, ``low`` (0 where carried), ``last``,
    ``volume`` (shares), ``ao``, ``ac`` (USD).
    """
    names, rank = _names(rows, symbols)
    order = np.lexsort((rows["bucket"], rank))
    names, rows = names[order], rows[order]
    again = (rows["bucket"][1:] == rows["bucket"][:-1]) & (names[1:] == names[:-1])
    if again.any():  # several strategies may have an eye on a symbol
        once = np.concatenate([[True], ~again])
        names, rows = names[once], rows[once]
    return pa.table(
        {
            "symbol": pa.array(names, pa.string()),
            "ts": pa.array(p.first_ns + (rows["bucket"].astype(np.int64) + 1) * p.width_ns),
            "high": exact_array(rows["high"]),
            "low": exact_array(rows["low"]),
            "last": exact_array(rows["last"]),
            "volume": exact_array(rows["volume"]),
            "ao": pa.array(np.ascontiguousarray(rows["ao"])),
            "ac": pa.array(np.ascontiguousarray(rows["ac"])),
        }
    )


def _names(rows: Records, symbols: Sequence[str]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return each row's symbol, and its place among the rows' symbols in order of name."""
    ids, own = np.unique(rows["symbol_id"], return_inverse=True)
    names = np.array([symbols[k] for k in ids.tolist()], dtype=object)
    rank = np.argsort(np.argsort(names)) if len(names) else np.empty(0, np.int64)
    return names[own], rank[own]


def breadth_table(
    counts: NDArray[np.int32],
    readings: NDArray[np.float64],
    params: Parameters,
    p: Settings,
    *,
    first: int = 0,
) -> pa.Table:
    """Return the whole tape's counts and the indices' readings by bucket, from bucket ``first``.

    Columns: ``ts``, ``live``, ``rising``, ``falling`` and ``‹INDEX›_ao_bps``, ``‹INDEX›_ac_z``.
    """
    buckets = np.arange(first, first + len(counts), dtype=np.int64)
    columns: dict[str, Any] = {"ts": pa.array(p.first_ns + (buckets + 1) * p.width_ns)}
    for k, name in enumerate(("live", "rising", "falling")):
        columns[name] = pa.array(np.ascontiguousarray(counts[:, k]))
    for k, index in enumerate(params.index_symbols):
        columns[f"{index}_ao_bps"] = pa.array(np.ascontiguousarray(readings[:, k, 0]))
        columns[f"{index}_ac_z"] = pa.array(np.ascontiguousarray(readings[:, k, 1]))
    return pa.table(columns)


def rows_at(table: pa.Table, places: NDArray[np.intp]) -> pa.Table:
    """Return the rows of a table at some places, in their order."""
    taken: Any = table
    return taken.take(pa.array(places)).combine_chunks()


def with_columns(table: pa.Table, further: pa.Table) -> pa.Table:
    """Return a table with the columns of another of as many rows."""
    for name in further.column_names:
        table = table.append_column(name, further.column(name))
    return table


def with_quotes(table: pa.Table, quotes: QuoteBatch) -> pa.Table:
    """Return a candidates table with the last quote before each qualified row's closing instant.

    Columns ``bid``, ``ask``, ``bid_size``, ``ask_size``, ``quote_ts``; null where the row is not
    qualified or no quote arrived within ``QUOTE_MEMORY_NS`` before.
    """
    found = _last_quotes(table, quotes)
    missing = found < 0
    shown = (quotes.bid, quotes.ask, quotes.bid_size, quotes.ask_size, quotes.ts_init)
    for name, column in zip(QUOTE_COLUMNS, shown, strict=True):
        taken = np.zeros(len(found), np.int64)
        taken[~missing] = column[found[~missing]]
        table = table.append_column(name, pa.array(taken, pa.int64(), mask=missing))
    return table


def _last_quotes(table: pa.Table, quotes: QuoteBatch) -> NDArray[np.int64]:
    found = np.full(len(table), -1, np.int64)
    qualified: list[int] = np.flatnonzero(np.asarray(table.column("qualified"))).tolist()
    if not len(quotes) or not qualified:
        return found
    closes: list[int] = values(table, "ts_init")
    of_symbol = {name: k for k, name in enumerate(quotes.symbols)}
    by_symbol = np.argsort(quotes.symbol_id, kind="stable")
    starts = np.searchsorted(quotes.symbol_id[by_symbol], np.arange(len(quotes.symbols) + 1))
    names: list[str] = values(table, "symbol")
    for row in qualified:
        symbol = of_symbol.get(names[row])
        if symbol is None:
            continue
        own = by_symbol[starts[symbol] : starts[symbol + 1]]
        arrived = quotes.ts_init[own]
        position = int(np.searchsorted(arrived, closes[row])) - 1
        if position >= 0 and arrived[position] >= closes[row] - QUOTE_MEMORY_NS:
            found[row] = own[position]
    return found
