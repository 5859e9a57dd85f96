"""A spool as it is read again, in order of arrival."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from catalog.schema import Kind
from catalog.spool.bodies import BodyReader
from catalog.spool.chunks import bodies
from catalog.spool.coding import Coding
from catalog.spool.heading import Heading, files_of
from catalog.spool.repeats import Repeats
from engine.domain.errors import DataError
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.status import TradingStatus
from engine.domain.market_data.trades import TradeBatch

_log = logging.getLogger(__name__)


class Spooled:
    """What the processes of one run have heard.

    Batches of a kind share one growing table, and ``ts_init`` never decreases, within one and from
    one to the next: a clock that was put back does not put the tape back. Rows that a venue sent
    again after its own clock went back come once. A file that is damaged is read up to there, those
    after it are read nevertheless, and only then is the damage raised.

    Raises
    ------
    NotFoundError
        The folder is no spool.
    DataError
        A file is damaged, at the chunk where it is; whatever can be read has been yielded.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.heading = Heading.read(folder)

    def trades(self) -> Iterator[TradeBatch]:
        """Yield the prints."""
        yield from _in_order(self.files(Kind.TRADES), _trades_of)

    def quotes(self) -> Iterator[QuoteBatch]:
        """Yield the quotes."""
        yield from _in_order(self.files(Kind.QUOTES), _quotes_of)

    def statuses(self) -> Iterator[TradingStatus]:
        """Yield the halts and resumes, each once."""
        seen: set[tuple[str, int, bool, str]] = set()
        for _, batch in _read(self.files(Kind.STATUSES), BodyReader.statuses):
            for each in batch:
                known = (each.symbol, each.ts_event, each.halted, each.reason)
                if known not in seen:
                    seen.add(known)
                    yield each

    def files(self, kind: Kind) -> list[Path]:
        """Return the files of one kind."""
        return files_of(self.folder, kind)


type _Coded[Batch] = Callable[[Sequence[Path], Coding, Coding], Iterator[tuple[Path, Batch]]]


def marked[Batch: (TradeBatch, QuoteBatch)](
    files: Sequence[Path], coded: _Coded[Batch]
) -> Iterator[tuple[Path, Batch, NDArray[np.bool_] | None]]:
    """Yield the batches of files of one kind and which of their rows had come before, if any."""
    symbols, conditions = Coding(), Coding()
    repeats = Repeats(lambda n: (each for _, each in islice(coded(files, symbols, conditions), n)))
    for path, batch in coded(files, symbols, conditions):
        yield path, batch, repeats.among(batch)
    if repeats.found:
        _log.warning(
            "%s: time went back while it was written; %s rows came twice and count once",
            files[0].parent, f"{repeats.found:,}",
        )  # fmt: skip


def _in_order[Batch: (TradeBatch, QuoteBatch)](
    files: Sequence[Path], coded: _Coded[Batch]
) -> Iterator[Batch]:
    latest = 0
    for _, batch, repeated in marked(files, coded):
        kept = batch if repeated is None else batch.rows(~repeated)
        if len(kept):
            ts_init = np.maximum.accumulate(np.maximum(kept.ts_init, latest))
            latest = int(ts_init[-1])
            yield replace(kept, ts_init=ts_init)


def _trades_of(
    files: Sequence[Path], symbols: Coding, conditions: Coding
) -> Iterator[tuple[Path, TradeBatch]]:
    for path, batch in _read(files, BodyReader.trades):
        yield (
            path,
            replace(
                batch,
                symbol_id=symbols.encode(batch.symbol_id, batch.symbols),
                symbols=symbols.texts,
                condition_id=conditions.encode(batch.condition_id, batch.conditions),
                conditions=conditions.texts,
            ),
        )


def _quotes_of(
    files: Sequence[Path], symbols: Coding, _: Coding
) -> Iterator[tuple[Path, QuoteBatch]]:
    for path, batch in _read(files, BodyReader.quotes):
        yield (
            path,
            replace(
                batch,
                symbol_id=symbols.encode(batch.symbol_id, batch.symbols),
                symbols=symbols.texts,
            ),
        )


def _read[Batch](
    files: Sequence[Path], read: Callable[[BodyReader, bytes], Batch]
) -> Iterator[tuple[Path, Batch]]:
    """Yield what the files hold; a damage is raised after the last of them."""
    damage: DataError | None = None
    for path in files:
        reader = BodyReader()
        try:
            for body in bodies(path):
                yield path, read(reader, body)
        except DataError as error:
            damage = damage or error
    if damage is not None:
        raise damage


CODED = {Kind.TRADES: _trades_of, Kind.QUOTES: _quotes_of}
"""How the batches of a kind are read with numbers that hold over all files."""
