"""What a catalog knows of each symbol: exchange, name, tape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pyarrow as pa

from catalog.layout import INSTRUMENTS_FOLDER
from catalog.partition import stored_version, write_part
from catalog.rowgroups import PartFile
from catalog.schema import INSTRUMENTS

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem


class InstrumentTable:
    """The table of instruments under a catalog's root."""

    def __init__(self, fs: AbstractFileSystem, root: str) -> None:
        self._fs = fs
        self._folder = f"{root}/{INSTRUMENTS_FOLDER}"
        self._read: tuple[str, PartFile] | None = None

    def table(self) -> pa.Table:
        """Return what is known of each symbol (columns of ``INSTRUMENTS``), by symbol."""
        version = stored_version(self._fs, self._folder)
        if version is None:
            return INSTRUMENTS.empty_table()
        if self._read is None or self._read[0] != version:
            self._read = version, PartFile(self._fs, self._folder)
        return pa.concat_tables([INSTRUMENTS.empty_table(), *self._read[1].tables()])

    def add(self, instruments: pa.Table, source: tuple[str, ...] = ()) -> None:
        """Store what is known of some symbols (columns of ``INSTRUMENTS``); other symbols stay."""
        rows = {row["symbol"]: row for row in self.table().to_pylist()}
        rows |= {row["symbol"]: row for row in instruments.to_pylist()}
        table = pa.Table.from_pylist([rows[symbol] for symbol in sorted(rows)], INSTRUMENTS)
        write_part(self._fs, self._folder, INSTRUMENTS, [table], source=source)

    def add_tapes(self, tapes: Mapping[str, str]) -> None:
        """Store the tape letters of some symbols, as far as they are news."""
        known = {row["symbol"]: row for row in self.table().to_pylist()}
        blank = {"exchange": "", "name": ""}
        rows = [
            {**blank, **known.get(symbol, {}), "symbol": symbol, "tape": tape}
            for symbol, tape in tapes.items()
            if known.get(symbol, {}).get("tape") != tape
        ]
        if rows:
            self.add(pa.Table.from_pylist(rows, INSTRUMENTS))
