"""Texts as numbers in one growing table, whatever tables they came in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class Coding:
    """Renumbers dictionary-coded columns; a table that only grew costs what is new in it.

    Attributes
    ----------
    texts : tuple of str
        The table so far; the same object until it grows.
    """

    def __init__(self) -> None:
        self.texts: tuple[str, ...] = ()
        self._ids: dict[str, int] = {}
        self._table: tuple[str, ...] = ()
        self._to = np.zeros(0, np.int32)

    def encode(self, column: NDArray[np.int32], table: tuple[str, ...]) -> NDArray[np.int32]:
        """Return a column with the numbers of ``texts``."""
        if table is not self._table:
            self._learn(table)
        return self._to[column]

    def _learn(self, table: tuple[str, ...]) -> None:
        known = len(self._table)
        if table[:known] != self._table:
            known = 0
        ids = self._ids
        new = [ids.setdefault(text, len(ids)) for text in table[known:]]
        self._to = np.concatenate([self._to[:known], np.array(new, np.int32)])
        self._table = table
        if len(ids) > len(self.texts):
            self.texts = tuple(ids)
