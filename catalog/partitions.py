"""Which partitions a catalog holds, and each of them whole: for import, export and checks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

import pyarrow as pa

from catalog.layout import MANIFEST, PART, partition_folder
from catalog.partition import Manifest, read_manifest, stored_version
from catalog.rowgroups import PartFile
from catalog.schema import Kind
from engine.domain.errors import NotFoundError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem


class Partitions:
    """The partitions under a catalog's root, a kind, a date and a letter each."""

    def __init__(self, fs: AbstractFileSystem, root: str) -> None:
        self._fs = fs
        self._root = root

    def stored(self, kind: Kind) -> list[tuple[date, str]]:
        """Return the dates and letters of which one kind is stored, ascending."""
        return self._found(f"{self._root}/{kind}/date=*/letter=*")

    def letters(self, kind: Kind, day: date) -> list[str]:
        """Return the letters of which one kind is stored for a date, ascending."""
        return [letter for _, letter in self._found(f"{self._root}/{kind}/date={day}/letter=*")]

    def manifest(self, kind: Kind, day: date, letter: str) -> Manifest | None:
        """Return the manifest of a partition, None if there is none."""
        return read_manifest(self._fs, self.folder(kind, day, letter))

    def tables(self, kind: Kind, day: date, letter: str) -> Iterator[pa.Table]:
        """Yield one partition, all columns, a row group at a time.

        Raises
        ------
        NotFoundError
            It is not stored.
        DataError
            The part is torn, truncated or damaged.
        """
        yield from PartFile(self._fs, self.existing(kind, day, letter)).tables()

    def folder(self, kind: Kind, day: date, letter: str) -> str:
        """Return where a partition is or would be."""
        return f"{self._root}/{partition_folder(kind, day, letter)}"

    def existing(self, kind: Kind, day: date, letter: str) -> str:
        """Return the folder of a partition.

        Raises
        ------
        NotFoundError
            It is not stored.
        """
        folder = self.folder(kind, day, letter)
        if stored_version(self._fs, folder) is None:
            raise NotFoundError(
                f"no {kind} of letter {letter} are stored for {day} in {self._root}; "
                "`tradectl catalog info` lists what there is"
            )
        return folder

    def _found(self, pattern: str) -> list[tuple[date, str]]:
        """Return date and letter of the folders that hold a part or what is left of one."""
        found: set[tuple[date, str]] = set()
        for name in (PART, MANIFEST):
            for path in self._fs.glob(f"{pattern}/{name}"):
                day, letter = str(path).split("/")[-3:-1]
                found.add((date.fromisoformat(day.removeprefix("date=")), letter[len("letter=") :]))
        return sorted(found)
