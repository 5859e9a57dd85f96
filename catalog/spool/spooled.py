"""Hop 1: a spool as it is read again, in order of arrival."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from catalog.schema import Kind
from catalog.spool.bodies import BodyReader
from catalog.spool.chunks import bodies
from catalog.spool.coding import Coding
from catalog.spool.heading import Heading, files_of
from engine.domain.quotes import QuoteBatch
from engine.domain.status import TradingStatus
from engine.domain.trades import TradeBatch


class Spooled:
    """What the processes of one run have heard.

    Batches of a kind share one growing table, and ``ts_init`` never decreases from one to the
    next: a clock that was put back between two processes does not put the tape back.

    Raises
    ------
    NotFoundError
        The folder is no spool.
    DataError
        A file is damaged, at the chunk where it is.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.heading = Heading.read(folder)

    def trades(self) -> Iterator[TradeBatch]:
        """Yield the prints."""
        symbols, conditions, latest = Coding(), Coding(), 0
        for batch in self._batches(Kind.TRADES, BodyReader.trades):
            ts_init = np.maximum(batch.ts_init, latest)
            latest = int(ts_init[-1])
            yield replace(
                batch,
                symbol_id=symbols.encode(batch.symbol_id, batch.symbols),
                symbols=symbols.texts,
                ts_init=ts_init,
                condition_id=conditions.encode(batch.condition_id, batch.conditions),
                conditions=conditions.texts,
            )

    def quotes(self) -> Iterator[QuoteBatch]:
        """Yield the quotes."""
        symbols, latest = Coding(), 0
        for batch in self._batches(Kind.QUOTES, BodyReader.quotes):
            ts_init = np.maximum(batch.ts_init, latest)
            latest = int(ts_init[-1])
            yield replace(
                batch,
                symbol_id=symbols.encode(batch.symbol_id, batch.symbols),
                symbols=symbols.texts,
                ts_init=ts_init,
            )

    def statuses(self) -> Iterator[TradingStatus]:
        """Yield the halts and resumes."""
        for batch in self._batches(Kind.STATUSES, BodyReader.statuses):
            yield from batch

    def files(self, kind: Kind) -> list[Path]:
        """Return the files of one kind."""
        return files_of(self.folder, kind)

    def _batches[Batch](
        self, kind: Kind, read: Callable[[BodyReader, bytes], Batch]
    ) -> Iterator[Batch]:
        for path in self.files(kind):
            reader = BodyReader()
            for body in bodies(path):
                yield read(reader, body)
