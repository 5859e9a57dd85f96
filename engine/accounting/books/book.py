"""What every book is: a fold over facts that knows which of its rows have changed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar

import msgspec

from engine.accounting.books.fills import FillChange
from engine.domain.facts import Fact

type Key = tuple[str | int, ...]
"""Values of the columns that name a row."""


class Book[R: msgspec.Struct](ABC):
    """Rows that follow from facts; each fact is posted once, in order.

    ``kinds`` are the payloads that can concern this book; facts of others need not be posted.
    """

    kinds: ClassVar[tuple[type, ...]]

    def __init__(self) -> None:
        self._changed: dict[Key, None] = {}

    @abstractmethod
    def post(self, fact: Fact, change: FillChange | None) -> None:
        """Take one fact in, and what it did to a fill; most do not concern this book.

        Raises
        ------
        JournalError
            The fact contradicts those before it.
        """

    @abstractmethod
    def row(self, key: Key) -> R | None:
        """Return the row of that key as it is now, None when there is none any more."""

    def changes(self) -> Iterator[tuple[Key, R | None]]:
        """Yield each row that changed since the last call, in the order of their keys.

        Of a book that was never asked these are all its rows.
        """
        changed, self._changed = self._changed, {}
        for key in sorted(changed):
            yield key, self.row(key)

    def forget_changes(self) -> None:
        """Take every row as known."""
        self._changed = {}

    def _note(self, *key: str | int) -> None:
        self._changed[key] = None
