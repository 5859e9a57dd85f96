"""Recorded days on disk, or behind any fsspec URL, as the engine reads them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from operator import itemgetter

import pyarrow.compute as pc

from catalog.computed import ComputedTables
from catalog.files import file_system
from catalog.instruments import InstrumentTable
from catalog.layout import INSTRUMENTS_FOLDER, partition_folder
from catalog.partition import read_manifest, stored_version
from catalog.partitions import Partitions
from catalog.rowgroups import PartFile
from catalog.schema import HALT, Kind
from catalog.selection import join_quotes, join_trades, pick
from engine.domain.errors import NotFoundError
from engine.domain.market_data.conditions import tape_letter
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.recorded import letter_of
from engine.domain.market_data.status import TradingStatus
from engine.domain.market_data.trades import TradeBatch
from engine.domain.session import is_session

_OPEN_PARTS = 64
_TRADE_GROUPS = 8
_QUOTE_GROUPS = 24
"""Row groups kept decoded, about 150 MB of each kind."""

_HASHED_KINDS = (Kind.TRADES, Kind.QUOTES, Kind.STATUSES)


class Catalog:
    """Market data at rest; implements ``engine.domain.market_data.recorded.MarketData``.

    Parameters
    ----------
    root : str
        Folder or fsspec URL. It need not exist yet: the first write makes it.

    Attributes
    ----------
    fs, root
        The fsspec file system, and the root as a path on it.
    partitions : Partitions
        What is stored, partition by partition.
    instruments : InstrumentTable
        What is known of each symbol.
    computed : ComputedTables
        What was computed from days, to be had again.

    Notes
    -----
    ``trade_batches`` may run in one thread per letter; look-ups share decoded row groups.
    """

    def __init__(self, root: str) -> None:
        self.fs, path = file_system(root)
        self.root = path.rstrip("/")
        self.partitions = Partitions(self.fs, self.root)
        self.instruments = InstrumentTable(self.fs, self.root)
        self.computed = ComputedTables(self.fs, self.root)
        self._part = lru_cache(_OPEN_PARTS)(self._open_part)
        self._trade_group = lru_cache(_TRADE_GROUPS)(PartFile.trades)
        self._quote_group = lru_cache(_QUOTE_GROUPS)(PartFile.quotes)

    @classmethod
    def open(cls, root: str) -> Catalog:
        """Return the catalog at ``root``.

        Raises
        ------
        NotFoundError
            There is none.
        """
        catalog = cls(root)
        if not catalog.fs.isdir(catalog.root):
            raise NotFoundError(
                f"no catalog at {root}: make one with `tradectl catalog import` or "
                "`tradectl catalog synth`, or name another with --catalog"
            )
        return catalog

    def dates(self) -> list[date]:
        """Return the trading days that have trades, ascending; those of a Saturday are no day."""
        return sorted({day for day, _ in self.partitions.stored(Kind.TRADES) if is_session(day)})

    def letters(self, day: date) -> list[str]:
        """Return the letters that have trades on a date, ascending."""
        return self.partitions.letters(Kind.TRADES, day)

    def symbols(self, day: date, letters: Iterable[str]) -> set[str]:
        """Return the symbols under some letters that have trades on a date."""
        stored = set(self.letters(day)) & set(letters)
        parts = (self.partitions.existing(Kind.TRADES, day, letter) for letter in stored)
        return {
            symbol
            for folder in parts
            for table in PartFile(self.fs, folder).tables(["symbol"])
            for symbol in pc.unique(table["symbol"]).to_pylist()
            if symbol is not None
        }

    def trade_count(self, day: date, letter: str) -> int:
        """Return how many prints one letter has on a date."""
        manifest = self.partitions.manifest(Kind.TRADES, day, letter)
        return 0 if manifest is None else manifest.rows

    def trade_batches(self, day: date, letter: str) -> Iterator[TradeBatch]:
        """Yield one letter's prints in order of arrival, a row group at a time.

        Raises
        ------
        NotFoundError
            No trades are stored for the date and letter.
        DataError
            The part is torn, truncated or damaged.
        """
        part = PartFile(self.fs, self.partitions.existing(Kind.TRADES, day, letter))
        for row_group in range(part.row_groups):
            yield part.trades(row_group)

    def quote_batches(self, day: date, letter: str) -> Iterator[QuoteBatch]:
        """Yield one letter's quotes in order of arrival, a row group at a time, if any.

        Raises
        ------
        DataError
            The part is torn, truncated or damaged.
        """
        for part in self._parts(Kind.QUOTES, day, {letter: 0}):
            for row_group in range(part.row_groups):
                yield part.quotes(row_group)

    def trades(self, day: date, symbols: Sequence[str], start_ns: int, end_ns: int) -> TradeBatch:
        """Return the prints of some symbols with ``start_ns <= ts_init < end_ns``, in order.

        Prints of equal ``ts_init`` come by letter, then as stored.
        """
        ids = {symbol: n for n, symbol in enumerate(sorted(set(symbols)))}
        picked = [
            pick(self._trade_group(part, row_group), ids, start_ns, end_ns)
            for part in self._parts(Kind.TRADES, day, ids)
            for row_group in part.overlapping(start_ns, end_ns)
        ]
        return join_trades(picked, tuple(ids))

    def quotes(self, day: date, symbols: Sequence[str], start_ns: int, end_ns: int) -> QuoteBatch:
        """Return the quotes of some symbols with ``start_ns <= ts_init < end_ns``, in order.

        Quotes of equal ``ts_init`` come by letter, then as stored.
        """
        ids = {symbol: n for n, symbol in enumerate(sorted(set(symbols)))}
        picked = [
            pick(self._quote_group(part, row_group), ids, start_ns, end_ns)
            for part in self._parts(Kind.QUOTES, day, ids)
            for row_group in part.overlapping(start_ns, end_ns)
        ]
        return join_quotes(picked, tuple(ids))

    def has_quotes(self, day: date) -> bool:
        """Say whether any quotes are stored for a date."""
        return bool(self.partitions.letters(Kind.QUOTES, day))

    def statuses(self, day: date) -> Sequence[TradingStatus]:
        """Return all halts and resumes of a date, in order of arrival."""
        rows = [
            row
            for letter in self.partitions.letters(Kind.STATUSES, day)
            for table in self.partitions.tables(Kind.STATUSES, day, letter)
            for row in table.to_pylist()
        ]
        rows.sort(key=itemgetter("ts_init"))
        return [
            TradingStatus(
                row["symbol"], row["ts_event"], row["ts_init"], row["action"] == HALT, row["reason"]
            )
            for row in rows
        ]

    def tapes(self, day: date) -> Mapping[str, str]:  # noqa: ARG002  (the port asks by day)
        """Return the tape letter of each symbol that has one on record, and that is one."""
        said = {row["symbol"]: row["tape"] for row in self.instruments.table().to_pylist()}
        return {symbol: tape for symbol, name in said.items() if (tape := tape_letter(name))}

    def data_hash(self, day: date, letters: Sequence[str]) -> str:
        """Return a hash over the partitions a run on this date and these letters reads."""
        folders = [
            partition_folder(kind, day, letter)
            for kind in _HASHED_KINDS
            for letter in sorted(set(letters))
        ]
        digest = hashlib.sha256()
        for folder in (*folders, INSTRUMENTS_FOLDER):
            manifest = read_manifest(self.fs, f"{self.root}/{folder}")
            if manifest is not None:
                digest.update(f"{folder} {manifest.sha256}\n".encode())
        return digest.hexdigest()

    def _parts(self, kind: Kind, day: date, symbols: Mapping[str, int]) -> Iterator[PartFile]:
        """Yield the parts that may hold some symbols, passing over letters that are not stored."""
        for letter in sorted({letter_of(symbol) for symbol in symbols}):
            folder = self.partitions.folder(kind, day, letter)
            version = stored_version(self.fs, folder)
            if version is not None:
                yield self._part(folder, version)

    def _open_part(self, folder: str, version: str) -> PartFile:  # noqa: ARG002  (cache key)
        return PartFile(self.fs, folder)
