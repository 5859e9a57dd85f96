"""The buckets of recorded days at rest, from which any stretch can be scanned again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from catalog.layout import partition_folder
from catalog.partition import read_manifest, write_part
from catalog.rowgroups import PartFile
from catalog.schema import CODE
from catalog.store import Catalog
from engine.domain.parameters import Parameters
from engine.domain.session import session
from engine.signals.columns import ColumnScanner
from engine.signals.rescan import KeptBuckets
from engine.signals.state import STORED, Records

_FOLDER = "buckets"
_ROW_GROUP_ROWS = 32 * 1024
_NUMBERS = [name for name in STORED.names or () if name not in ("bucket", "symbol_id")]
_SCHEMA = pa.schema(
    [
        pa.field("symbol", CODE, nullable=False),
        pa.field("ts_init", pa.int64(), nullable=False),
        *(pa.field(name, pa.from_numpy_dtype(STORED[name]), nullable=False) for name in _NUMBERS),
    ]
)
"""``ts_init`` ends the bucket, the numbers are those of ``engine.signals.state.STORED``."""

_UNITS = "prices 1e-6 USD, sizes 1e-6 share, notional 1e-12 USD in two words"
"""Kept with the parts: what was recorded in other units is recorded anew."""

_SHAPED_BY = ("bucket_seconds", "late_trade_grace_ms", "warm_premarket")


class StoredBuckets:
    """The buckets of one catalog, as some parameters cut them.

    Parameters
    ----------
    params : Parameters
        Only width, grace and pre-market matter.
    """

    def __init__(self, catalog: Catalog, params: Parameters) -> None:
        self._catalog = catalog
        self._params = params
        self._shape = {name: getattr(params, name) for name in _SHAPED_BY}

    def record(
        self, day: date, *, workers: int = 2, progress: Callable[[int, int], None] | None = None
    ) -> int:
        """Store the buckets of a day that are not stored yet; return of how many letters."""
        missing = [
            letter for letter in self._catalog.letters(day) if not self._is_there(day, letter)
        ]
        done: list[str] = []

        def record_letter(letter: str) -> None:
            self._record_letter(day, letter)
            done.append(letter)
            if progress is not None:
                progress(len(done), len(missing))

        largest_first = sorted(missing, key=lambda each: -self._catalog.trade_count(day, each))
        with ThreadPoolExecutor(workers, thread_name_prefix="buckets") as pool:
            list(pool.map(record_letter, largest_first))
        return len(missing)

    def between(self, day: date, letter: str, start_ns: int, end_ns: int) -> KeptBuckets:
        """Return the buckets of a letter with ``start_ns < end of bucket <= end_ns``, in order."""
        part = PartFile(self._catalog.fs, self._folder(day, letter))
        tables = [part.table(row_group) for row_group in part.overlapping(start_ns + 1, end_ns + 1)]
        table = pa.concat_tables([_SCHEMA.empty_table(), *tables]).unify_dictionaries()
        table = table.combine_chunks()
        ts = table["ts_init"].to_numpy()
        cut = slice(*np.searchsorted(ts, (start_ns, end_ns), side="right").tolist())
        codes: Any = table["symbol"].combine_chunks()
        hours = session(day)
        first = hours.pre_market_ns if self._params.warm_premarket else hours.open_ns
        rows = np.empty(cut.stop - cut.start, STORED)
        rows["bucket"] = (ts[cut] - first) // self._params.bucket_ns - 1
        if len(rows):
            rows["symbol_id"] = codes.indices.to_numpy()[cut]
        for name in _NUMBERS:
            rows[name] = table[name].to_numpy()[cut]
        return KeptBuckets(tuple(codes.dictionary.to_pylist()) if len(table) else (), rows)

    def _record_letter(self, day: date, letter: str) -> None:
        scanner = ColumnScanner(
            self._params, session(day), self._catalog.tapes(day), keep_buckets=True
        )
        for batch in self._catalog.trade_batches(day, letter):
            scanner.step(batch)
            scanner.take_output()
        scanner.finish()
        write_part(
            self._catalog.fs,
            self._folder(day, letter),
            _SCHEMA,
            _tables(scanner.kept(), scanner),
            row_group_rows=_ROW_GROUP_ROWS,
            meta=self._made_from(day, letter),
        )

    def _is_there(self, day: date, letter: str) -> bool:
        manifest = read_manifest(self._catalog.fs, self._folder(day, letter))
        return manifest is not None and manifest.meta == self._made_from(day, letter)

    def _made_from(self, day: date, letter: str) -> dict[str, Any]:
        return self._shape | {"units": _UNITS, "data": self._catalog.data_hash(day, [letter])}

    def _folder(self, day: date, letter: str) -> str:
        return f"{self._catalog.root}/{partition_folder(_FOLDER, day, letter)}"


def _tables(rows: Records, scanner: ColumnScanner) -> Iterator[pa.Table]:
    p = scanner.settings
    names = pa.array(scanner.symbols, pa.string())
    for start in range(0, len(rows), _ROW_GROUP_ROWS):
        cut = rows[start : start + _ROW_GROUP_ROWS]
        columns: dict[str, Any] = {
            "symbol": pa.DictionaryArray.from_arrays(cut["symbol_id"].copy(), names),
            "ts_init": p.first_ns + (cut["bucket"].astype(np.int64) + 1) * p.width_ns,
        }
        columns |= {name: np.ascontiguousarray(cut[name]) for name in _NUMBERS}
        yield pa.table(columns, schema=_SCHEMA)
