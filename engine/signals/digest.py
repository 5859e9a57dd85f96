"""One hash over everything the scanner said, bit by bit."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engine.domain.candidate import StrategyFailure
from engine.domain.fixed_point import SIZE_SCALE
from engine.signals.tables import VOLUMES, fixed_column, values

_TEXT = "S24"
_AT_ONCE = 64
"""Pieces that are hashed together: each costs the same whether it has one row or many."""


class CandidateDigest:
    """A sha256 over candidates and breadth, the same however the rows came in pieces.

    Rows are hashed one after the other: floats by their bits (every NaN as the same one: its sign
    means nothing and may differ by machine), prices as fixed point, absent values as zero. Shares
    are hashed as their number where they are whole, else as minus their 1e-6 shares: no volume is
    negative, so no two are alike, and a day of whole sizes has the digest it always had.
    """

    def __init__(self) -> None:
        self._candidates = hashlib.sha256()
        self._breadth = hashlib.sha256()
        self._waiting: tuple[list[pa.Table], list[pa.Table]] = [], []

    def update(self, candidates: pa.Table, breadth: pa.Table) -> None:
        """Take further rows of ``tables.rows_table`` with quotes, and ``tables.breadth_table``."""
        for waiting, table in zip(self._waiting, (candidates, breadth), strict=True):
            if len(table):
                waiting.append(table)
            if len(waiting) >= _AT_ONCE:
                self._hash()

    def hexdigest(self) -> str:
        """Return the digest of all rows so far."""
        self._hash()
        return hashlib.sha256(self._candidates.digest() + self._breadth.digest()).hexdigest()

    def _hash(self) -> None:
        for waiting, sha in zip(self._waiting, (self._candidates, self._breadth), strict=True):
            # the indices that are read may change with the parameters, and so do their columns
            for _, alike in groupby(waiting, key=lambda table: table.schema.names):
                sha.update(_rows(pa.concat_tables(alike).combine_chunks()))
            waiting.clear()


class SignalDigest:
    """A sha256 over what other strategies than the compiled one said, however it came in pieces."""

    def __init__(self) -> None:
        self._rows = hashlib.sha256()
        self._features = hashlib.sha256()
        self._failures = hashlib.sha256()

    def update(self, signals: pa.Table, failures: Sequence[StrategyFailure]) -> None:
        """Take further rows of ``signal_tables.SIGNALS`` with quotes, and failures."""
        if len(signals):
            self._rows.update(_rows(signals.drop_columns(["features"]).combine_chunks()))
            column: Any = signals.column("features").combine_chunks()
            flat = pa.table(column.flatten().flatten(), _FEATURE)
            self._features.update(_rows(flat))
        for failed in failures:
            self._failures.update(f"{failed.ts_event} {failed.strategy_id};".encode())

    def digest(self) -> bytes:
        """Return the digest of everything so far."""
        return self._rows.digest() + self._features.digest() + self._failures.digest()


_FEATURE = ["name", "value", "threshold", "passed"]


def whole_digest(candidates: CandidateDigest, signals: SignalDigest | None) -> str:
    """Return one digest of all strategies; that of the compiled one where there is no other."""
    own = candidates.hexdigest()
    if signals is None:
        return own
    return hashlib.sha256(own.encode() + signals.digest()).hexdigest()


def _rows(table: pa.Table) -> bytes:
    if not len(table):
        return b""
    columns = {name: _bits(table, name) for name in table.column_names}
    packed = np.zeros(len(table), [(name, bits.dtype) for name, bits in columns.items()])
    for name, bits in columns.items():
        packed[name] = bits
    return packed.tobytes()


def _bits(table: pa.Table, name: str) -> NDArray[np.generic]:
    dtype: Any = table.column(name).type
    if pa.types.is_string(dtype):
        return np.array([text or "" for text in values(table, name)], dtype=_TEXT)
    if pa.types.is_decimal(dtype):
        fixed = fixed_column(table, name)
        return _shares(fixed) if name in VOLUMES else fixed
    column: Any = table.column(name)
    if pa.types.is_boolean(dtype):
        return column.to_numpy()
    bits: NDArray[Any] = (column.fill_null(0) if column.null_count else column).to_numpy()
    return np.where(np.isnan(bits), np.nan, bits) if pa.types.is_floating(dtype) else bits


def _shares(fixed: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return sums of 1e-6 share as whole shares, those that are none as minus themselves."""
    whole, rest = np.divmod(fixed, SIZE_SCALE)
    return np.where(rest == 0, whole, -fixed)
