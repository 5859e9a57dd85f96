"""LEAN's rows of one side each as quotes of two sides, over blocks of rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_SIDES = ("bid", "ask")
type _LastSides = dict[str, dict[str, tuple[float, float]]]
"""Price in USD and size of each exchange's last quote, by side."""


class QuotePairs:
    """Raw rows of one side each, made into quotes block by block.

    A row with a bid alone and the row after it, with an ask alone and of the same time, are one
    quote at the bid's exchange. A row that comes alone is completed with the last quote of the
    other side at its exchange, 0 before there is one.
    """

    def __init__(self) -> None:
        self._held: pa.Table | None = None
        self._last: _LastSides = {side: {} for side in _SIDES}

    def paired(self, rows: pa.Table) -> pa.Table:
        """Return the quotes of a block of raw rows; a bid at its end waits for the next block."""
        if self._held is not None:
            rows = pa.concat_tables([self._held, rows])
        ends = rows.num_rows - 1
        waits = rows.num_rows > 0 and _is_alone(rows, "bid", "ask")[ends]
        self._held = rows.slice(ends) if waits else None
        return self._two_sided(rows.slice(0, ends) if waits else rows)

    def rest(self) -> Iterator[pa.Table]:
        """Yield what still waits."""
        if self._held is not None:
            yield self._two_sided(self._held)

    def _two_sided(self, rows: pa.Table) -> pa.Table:
        if not rows.num_rows:
            return rows
        starts = _pair_starts(rows)
        partner = np.minimum(np.arange(rows.num_rows) + 1, rows.num_rows - 1)
        named: Any = pc.fill_null(rows["exchange"], pa.scalar(""))
        exchanges: Any = named.dictionary_encode().combine_chunks()
        names: list[str] = exchanges.dictionary.to_pylist()
        group = exchanges.indices.to_numpy()
        seconds = np.concatenate([[False], starts[:-1]])
        columns: dict[str, NDArray[np.float64]] = {}
        for side in _SIDES:
            price = rows[side].to_numpy()
            size = rows[f"{side}_size"].to_numpy()
            last = self._last[side]
            known = np.array([last.get(name, (0.0, 0.0)) for name in names]).reshape(-1, 2)
            place = _last_given(group, price > 0)
            completed = np.where(place >= 0, price[place], known[group, 0])
            sizes = np.where(place >= 0, size[place], known[group, 1])
            if side == "ask":
                completed = np.where(starts, price[partner], completed)
                sizes = np.where(starts, size[partner], sizes)
            unread = np.isnan(price)
            columns[side] = np.where(unread, price, completed)
            columns[f"{side}_size"] = np.where(np.isnan(size), size, sizes)
            for k, name in enumerate(names):
                given = np.flatnonzero((group == k) & (price > 0))
                if len(given):
                    last[name] = float(price[given[-1]]), float(size[given[-1]])
        for name, values in columns.items():
            place_of = rows.schema.get_field_index(name)
            rows = rows.set_column(place_of, rows.schema.field(name), pa.array(values))
        flaws = rows["flaw"]
        flaws = pc.if_else(pa.array(starts), pc.coalesce(flaws, flaws.take(partner)), flaws)
        rows = rows.set_column(rows.schema.get_field_index("flaw"), "flaw", flaws)
        return rows.filter(pa.array(~seconds))


def _is_alone(rows: pa.Table, side: str, other: str) -> NDArray[np.bool_]:
    """Say which rows have a price on one side and none on the other."""
    return (rows[side].to_numpy() > 0) & (rows[other].to_numpy() == 0)


def _pair_starts(rows: pa.Table) -> NDArray[np.bool_]:
    """Say which rows are the bid of a quote whose ask is the next row."""
    ts = rows["ts_event"].to_numpy()
    starts = np.zeros(len(ts), dtype=np.bool_)
    bids, asks = _is_alone(rows, "bid", "ask"), _is_alone(rows, "ask", "bid")
    starts[:-1] = bids[:-1] & asks[1:] & (ts[:-1] == ts[1:])
    return starts


def _last_given(group: NDArray[np.int64], given: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the position of each row's last given row in its group, -1 before the first."""
    position = np.full(len(group), -1, dtype=np.int64)
    for member in np.unique(group):
        rows = np.flatnonzero(group == member)
        position[rows] = np.maximum.accumulate(np.where(given[rows], rows, -1))
    return position
