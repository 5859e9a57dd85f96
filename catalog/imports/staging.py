"""Imported rows between file and catalog: coded, merged and sorted in bounded memory.

DuckDB holds them in a file of its own beside the catalog and sorts them out of core.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from catalog.files import storage_error
from catalog.layout import TEMPORARY
from catalog.schema import SCHEMAS, Kind
from engine.domain.errors import RunError

_MEMORY_LIMIT = "700MB"
_INSERT_ROWS = 1 << 20
_READ_ROWS = 256 * 1024
_LETTER_BITS = 8

_STORED_BEFORE = 1 << 48
"""Stored rows come before imported ones of the same arrival."""

ABSENT = int(np.iinfo(np.int64).min)
"""Stands for a null in a coded column."""

PART_KEY = "part"
SEQUENCE = "seq"
"""Columns before the kind's own: which partition, and the order among rows of equal arrival."""

_COMPARE = """
    CREATE TABLE overlap AS
    WITH imported AS (
        SELECT part, symbol, count(*) AS n, sum(hash(t)::HUGEINT) AS print
        FROM (FROM staged SELECT * EXCLUDE seq) t GROUP BY ALL
    ), present AS (
        SELECT part, symbol, count(*) AS n, sum(hash(t)::HUGEINT) AS print
        FROM (FROM stored SELECT * EXCLUDE seq) t GROUP BY ALL
    )
    SELECT part, symbol, present.n AS stored_rows, imported.n AS imported_rows,
           present.n = imported.n AND present.print = imported.print AS same
    FROM imported JOIN present USING (part, symbol)
"""

_MERGE = (
    """DELETE FROM staged USING overlap
       WHERE same AND staged.part = overlap.part AND staged.symbol = overlap.symbol""",
    """DELETE FROM stored USING overlap
       WHERE NOT same AND stored.part = overlap.part AND stored.symbol = overlap.symbol""",
    "INSERT INTO staged FROM stored WHERE part IN (SELECT part FROM staged)",
)


def part_key(days: NDArray[np.int64], letters: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the numbers that stand for partitions while rows are sorted.

    Parameters
    ----------
    days, letters
        Ordinals of New York dates, and character codes of letters.
    """
    return days << _LETTER_BITS | letters


def partition_of(key: int) -> tuple[date, str]:
    """Return date and letter of a partition's number."""
    return date.fromordinal(key >> _LETTER_BITS), chr(key & ((1 << _LETTER_BITS) - 1))


class Vocabulary:
    """Distinct texts of one column in order of appearance; an id is a position."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}

    def encode(self, texts_or_codes: pa.ChunkedArray) -> NDArray[np.int32]:
        """Return the ids of a column; a null is the empty text."""
        column: Any = texts_or_codes.dictionary_encode().combine_chunks()
        texts = [*column.dictionary.to_pylist(), ""]
        ids = np.array([self._ids.setdefault(text, len(self._ids)) for text in texts], np.int32)
        return ids[column.indices.fill_null(len(texts) - 1).to_numpy()]

    @property
    def texts(self) -> list[str]:
        """The texts by id."""
        return list(self._ids)


class Conflict(msgspec.Struct, frozen=True):
    """A symbol whose imported rows differ from those stored for the same date."""

    day: date
    symbol: str
    stored_rows: int
    imported_rows: int


class Staging:
    """Rows of one kind on their way into the catalog; a context that cleans up after itself.

    Columns are ``part``, ``seq`` and those of the kind, all integers: texts as ids of
    ``vocabularies``, prices as 1e-6 USD, exact sizes as 1e-6 share, an absent trade id as
    ``ABSENT``.

    Parameters
    ----------
    kind
        Of market data.
    folder
        Where to spill; None for the system's temporary folder.
    vocabularies
        Shared with another staging, or new ones.
    """

    def __init__(
        self, kind: Kind, folder: Path | None, vocabularies: dict[str, Vocabulary] | None = None
    ) -> None:
        self.kind = kind
        self.rows = 0
        self.schema = pa.schema(
            [(PART_KEY, pa.int32()), (SEQUENCE, pa.int64())]
            + [(field.name, _staged_type(field.type)) for field in SCHEMAS[kind]]
        )
        self.vocabularies = vocabularies or {
            field.name: Vocabulary()
            for field in SCHEMAS[kind]
            if pa.types.is_dictionary(field.type)
        }
        self._pending: list[pa.Table] = []
        self._pending_rows = 0
        self._place = folder

    def __enter__(self) -> Self:
        try:
            if self._place is not None:
                self._place.mkdir(parents=True, exist_ok=True)
            name = tempfile.mkdtemp(f".{os.getpid()}{TEMPORARY}", "import-", self._place)
        except OSError as error:
            raise storage_error(error, str(self._place)) from error
        self._folder = Path(name)
        with _explained():
            self._database = duckdb.connect(
                self._folder / "rows.duckdb",
                config={"memory_limit": _MEMORY_LIMIT, "temp_directory": str(self._folder)},
            )
        self._run("PRAGMA disable_checkpoint_on_shutdown")
        empty = self.schema.empty_table()
        self._run("CREATE TABLE staged AS FROM incoming", empty)
        self._run("CREATE TABLE stored AS FROM incoming", empty)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with suppress(duckdb.Error):
            self._database.close()
        shutil.rmtree(self._folder, ignore_errors=True)
        if self._place is not None:
            with suppress(OSError):  # not empty: something is stored
                self._place.rmdir()

    def add(self, columns: Mapping[str, NDArray[Any]]) -> None:
        """Take in some rows; ``seq`` is given to them in the order they come."""
        n = len(columns[PART_KEY])
        sequence = np.arange(self.rows, self.rows + n)
        self.rows += n
        self._pending.append(self._table({SEQUENCE: sequence, **columns}))
        self._pending_rows += n
        if self._pending_rows >= _INSERT_ROWS:
            self.flush()

    def flush(self) -> None:
        """Hand what was added to DuckDB."""
        if self._pending:
            self._run("INSERT INTO staged FROM incoming", pa.concat_tables(self._pending))
            self._pending, self._pending_rows = [], 0

    def set_aside(self, rows: pa.Table) -> None:
        """Keep rows that will not be stored; every call with the same columns."""
        self._run("CREATE TABLE IF NOT EXISTS aside AS FROM incoming LIMIT 0", rows)
        self._run("INSERT INTO aside FROM incoming", rows)

    def were_set_aside(self) -> Iterator[pa.Table]:
        """Yield the rows that were set aside, in the order they came."""
        with _explained():
            for batch in self._database.sql("FROM aside").to_arrow_reader(_READ_ROWS):
                yield pa.Table.from_batches([batch])

    def parts(self) -> dict[int, dict[int, int]]:
        """Return the rows of each symbol id, for each partition that has any, by key, ascending."""
        counts = self._fetch("SELECT part, symbol, count(*) FROM staged GROUP BY ALL ORDER BY ALL")
        found: dict[int, dict[int, int]] = {}
        for key, symbol, rows in counts:
            found.setdefault(int(key), {})[int(symbol)] = int(rows)
        return found

    def add_stored(self, key: int, table: pa.Table, first: int) -> None:
        """Take in rows of the catalog; ``first`` is the place of the first in its partition."""
        columns = {name: self._coded(table, name) for name in table.column_names}
        columns[PART_KEY] = np.full(table.num_rows, key)
        columns[SEQUENCE] = np.arange(first, first + table.num_rows) - _STORED_BEFORE
        self._run("INSERT INTO stored FROM incoming", self._table(columns))

    def conflicts(self) -> list[Conflict]:
        """Compare imported with stored rows, symbol by symbol, and return those that differ.

        Rows are the same when they are equal but for the order among rows of one moment.
        """
        self._run(_COMPARE)
        symbols = self.vocabularies["symbol"].texts
        rows = self._fetch("FROM overlap SELECT * EXCLUDE same WHERE NOT same ORDER BY ALL")
        return [Conflict(partition_of(key)[0], symbols[symbol], *n) for key, symbol, *n in rows]

    def merge(self) -> None:
        """Drop imported rows that are stored already, and add the stored rows that stay.

        To be called after ``conflicts``: where rows differ, the imported ones stay.
        """
        for statement in _MERGE:
            self._run(statement)

    def in_order(self) -> Iterator[tuple[int, dict[str, NDArray[Any]]]]:
        """Yield all rows by partition, arrival and sequence; a batch is of one partition."""
        names = [field.name for field in SCHEMAS[self.kind]]
        with _explained():
            rows = self._database.sql(
                "FROM staged SELECT * EXCLUDE seq ORDER BY part, ts_init, seq"
            )
            reader = rows.to_arrow_reader(_READ_ROWS)
            for batch in reader:
                keys = batch.column(0).to_numpy()
                columns = {name: batch.column(name).to_numpy() for name in names}
                edges = [0, *(np.flatnonzero(np.diff(keys)) + 1).tolist(), len(keys)]
                for first, end in pairwise(edges):
                    yield int(keys[first]), {n: column[first:end] for n, column in columns.items()}

    def arrow(self, columns: Mapping[str, NDArray[Any]]) -> pa.Table:
        """Return coded columns as a table of the kind's schema."""
        schema = SCHEMAS[self.kind]
        return pa.table([self._stored_column(f, columns[f.name]) for f in schema], schema=schema)

    def _stored_column(self, field: pa.Field, values: NDArray[Any]) -> pa.Array:
        if pa.types.is_dictionary(field.type):
            texts = self.vocabularies[field.name].texts
            return pa.DictionaryArray.from_arrays(values, pa.array(texts, pa.string()))
        mask = values == ABSENT if field.nullable else None
        array = pa.array(values, mask=mask)
        return array.view(field.type) if pa.types.is_decimal(field.type) else array

    def _coded(self, table: pa.Table, name: str) -> NDArray[Any]:
        column: Any = table[name]
        if name in self.vocabularies:
            return self.vocabularies[name].encode(column)
        if pa.types.is_decimal(column.type):
            column = pa.chunked_array([chunk.view(pa.int64()) for chunk in column.chunks])
        return column.fill_null(ABSENT).to_numpy() if column.null_count else column.to_numpy()

    def _table(self, columns: Mapping[str, NDArray[Any]]) -> pa.Table:
        arrays = [pa.array(columns[field.name], field.type) for field in self.schema]
        return pa.table(arrays, schema=self.schema)

    def _run(self, statement: str, incoming: pa.Table | None = None) -> None:
        with _explained():
            if incoming is not None:
                self._database.register("incoming", incoming)
            self._database.execute(statement)

    def _fetch(self, query: str) -> list[tuple[Any, ...]]:
        with _explained():
            return self._database.sql(query).fetchall()


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except (duckdb.Error, OSError) as error:
        raise RunError(
            f"imported rows could not be sorted: {error}; nothing that was stored before has "
            "changed. Check that the disk of the catalog is not full, then import again"
        ) from error


def _staged_type(stored: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(stored) or pa.types.is_int32(stored):
        return pa.int32()
    return pa.int64()
