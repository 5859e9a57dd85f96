"""Columns of a block in memory that several processes see: written once, read by each."""

from __future__ import annotations

import mmap
import os
import tempfile
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_ALIGNED = 64
_LEAST_BYTES = 1 << 16


class Placed(NamedTuple):
    """Where a column stands; ``size`` is that of all columns, in bytes."""

    offset: int
    dtype: str
    shape: tuple[int, ...]
    size: int


def shared_file() -> int:
    """Return the descriptor of a file that has no name and goes with its last user."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("tradectl-strategy")
    descriptor, name = tempfile.mkstemp()
    os.unlink(name)  # noqa: PTH108 - a descriptor is what is wanted
    return descriptor


class SharedColumns:
    """Writes the columns of one block after the other.

    Attributes
    ----------
    descriptor : int
        Of the file that readers map.
    """

    def __init__(self) -> None:
        self.descriptor = shared_file()
        self._size = 0
        self._end = 0
        self._placed: dict[Hashable, Placed] = {}
        self._grow(_LEAST_BYTES)

    def begin(self) -> None:
        """Forget the columns of the block before; nobody reads them any more."""
        self._end = 0
        self._placed.clear()

    def put(
        self,
        key: Hashable,
        dtype: np.dtype[Any],
        shape: tuple[int, ...],
        write: Callable[[NDArray[Any]], None],
    ) -> Placed:
        """Return where a column stands; unless it does so already, ``write`` fills it in place."""
        if key not in self._placed:
            offset, size = self._end, int(np.prod(shape, dtype=np.int64))
            self._end = -(-(offset + size * dtype.itemsize) // _ALIGNED) * _ALIGNED
            if self._end > self._size:
                self._grow(2 * self._end)
            write(np.frombuffer(self._map, dtype, size, offset).reshape(shape))
            self._placed[key] = Placed(offset, dtype.str, shape, self._size)
        return self._placed[key]

    def close(self) -> None:
        """Give the memory back."""
        os.close(self.descriptor)

    def _grow(self, size: int) -> None:
        self._size = -(-size // mmap.PAGESIZE) * mmap.PAGESIZE
        os.ftruncate(self.descriptor, self._size)
        self._map = mmap.mmap(self.descriptor, self._size)


class ColumnReader:
    """Reads what ``SharedColumns`` has written in another process; nobody can write here."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._size = 0

    def column(self, placed: Placed) -> NDArray[Any]:
        """Return a column; good until the next block is asked about."""
        if placed.size > self._size:
            self._size = placed.size
            self._map = mmap.mmap(self._descriptor, self._size, prot=mmap.PROT_READ)
        count = int(np.prod(placed.shape, dtype=np.int64))
        flat = np.frombuffer(self._map, placed.dtype, count, placed.offset)
        return flat.reshape(placed.shape)


class Progress:
    """The bucket a process is at, and when it began with it; seen by another one.

    Its times are of the machine's monotonic clock, which all processes share.
    """

    def __init__(self, descriptor: int) -> None:
        os.ftruncate(descriptor, mmap.PAGESIZE)
        self._values = np.frombuffer(mmap.mmap(descriptor, mmap.PAGESIZE), np.int64, 2)

    def tell(self, row: int, now_ns: int) -> None:
        """Say that a bucket of the block is begun with."""
        self._values[0], self._values[1] = row, now_ns

    def read(self) -> tuple[int, int]:
        """Return the bucket that was begun with last, and when."""
        return int(self._values[0]), int(self._values[1])
