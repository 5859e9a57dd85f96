"""One closed bucket of a slot as it is kept for charts: 56 bytes for each symbol that printed."""

from __future__ import annotations

import msgspec
import numpy as np

from cluster.coding import VERSION
from engine.domain.errors import DataError
from engine.domain.unreadable import UNREADABLE
from engine.signals.scanner import Scanner, newest_bucket
from engine.signals.state import BUCKET_ROW, Records

_ROW = BUCKET_ROW.newbyteorder("<")


class BucketRows(msgspec.Struct, frozen=True):
    """The symbols that printed in a bucket.

    Attributes
    ----------
    slot : str
    ts_event : int
        End of the bucket, UTC ns.
    symbols : tuple of str
    columns : bytes
        One ``state.BUCKET_ROW`` for each symbol, in the same order, the lowest byte first.
    """

    slot: str
    ts_event: int
    symbols: tuple[str, ...]
    columns: bytes

    @property
    def rows(self) -> Records:
        """The rows; ``symbol_id`` is the place in ``symbols``."""
        return np.frombuffer(self.columns, _ROW).astype(BUCKET_ROW)

    @property
    def packed(self) -> bytes:
        """The whole as bytes."""
        return bytes([VERSION]) + msgspec.msgpack.encode(self)


def closed_bucket(scanner: Scanner, slot: str, ts_event: int) -> BucketRows:
    """Return the bucket of a scanner that closed last."""
    rows = newest_bucket(scanner)
    ids: list[int] = rows["symbol_id"].tolist()
    symbols = tuple(scanner.symbols[k] for k in ids)
    rows["symbol_id"] = np.arange(len(rows))
    return BucketRows(slot, ts_event, symbols, rows.astype(_ROW).tobytes())


def unpacked_bucket(data: bytes) -> BucketRows:
    """Return a bucket that was packed.

    Raises
    ------
    DataError
        It is none, or one of another version.
    """
    try:
        if data[:1] == bytes([VERSION]):
            return msgspec.msgpack.decode(memoryview(data)[1:], type=BucketRows)
    except UNREADABLE as error:
        raise DataError(f"no bucket of a slot: {error}") from error
    raise DataError(f"expected a bucket of a slot of version {VERSION}, found another")
