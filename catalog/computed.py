"""Tables that were computed from a day, stored beside it to be had again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from catalog.layout import derived_folder
from catalog.partition import Manifest, stored_version, write_part
from catalog.rowgroups import PartFile

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem


class ComputedTables:
    """Tables under a catalog's root by kind, parameters and day; losing them costs time alone."""

    def __init__(self, fs: AbstractFileSystem, root: str) -> None:
        self._fs = fs
        self._root = root

    def write(
        self, kind: str, params_hash: str, day: date, table: pa.Table, meta: Mapping[str, Any]
    ) -> Manifest:
        """Store a table computed from a day under the hash of the parameters that shaped it."""
        folder = f"{self._root}/{derived_folder(kind, params_hash, day)}"
        return write_part(self._fs, folder, table.schema, [table], meta=meta)

    def read(
        self, kind: str, params_hash: str, day: date
    ) -> tuple[pa.Table, dict[str, Any]] | None:
        """Return a table that ``write`` stored and its meta, None if there is none."""
        folder = f"{self._root}/{derived_folder(kind, params_hash, day)}"
        if stored_version(self._fs, folder) is None:
            return None
        part = PartFile(self._fs, folder)
        table = pa.concat_tables([part.schema.empty_table(), *part.tables()])
        return table, part.manifest.meta
