"""What a paper market was asked and what it played, durable before it counts."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import IO

import msgspec

from engine.domain.errors import ConfigError, DataError
from engine.domain.facts import OrderRole
from engine.domain.ticket import Ticket
from engine.domain.unreadable import UNREADABLE


class Row(msgspec.Struct, frozen=True, array_like=True):
    """A quote or, without an ask, a print: prices in 1e-6, sizes in base.

    It arrived at ``arrived`` and is handed to the market at ``ts``, UTC ns: the last of a symbol
    comes again with each order in it.
    """

    symbol: str
    ts: int
    arrived: int
    price: int
    size: Decimal
    ask: int | None = None
    ask_size: Decimal | None = None


class Entry(msgspec.Struct, frozen=True, tag_field="kind"):
    """One line; ``ts`` is the market's time, UTC ns."""

    ts: int


class Opened(Entry, frozen=True, tag="opened"):
    """An account was opened with cash."""

    venue: str
    account: str
    currency: str
    cash: Decimal


class Played(Entry, frozen=True, tag="played"):
    """The market went on to ``ts``, with these ticks of what has orders."""

    rows: tuple[Row, ...]


class Asked(Entry, frozen=True, tag="asked"):
    """A ticket was taken, over a quantity; ``rows`` are the last of its symbol then."""

    ticket: Ticket
    role: OrderRole
    quantity: Decimal
    rows: tuple[Row, ...]


class Amended(Entry, frozen=True, tag="amended"):
    """Prices of an order were changed."""

    order_id: str
    limit_price: Decimal | None
    stop_price: Decimal | None


class Canceled(Entry, frozen=True, tag="canceled"):
    """An order was to be canceled, because its day was over or somebody wanted it."""

    order_id: str
    expired: bool


type Line = Opened | Played | Asked | Amended | Canceled


class PaperLog:
    """A file of lines, only ever added to; one process at a time.

    Parameters
    ----------
    path : Path or None
        None keeps nothing.

    Raises
    ------
    ConfigError
        Another process has it, or it cannot be written.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: IO[bytes] | None = None
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a+b")
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self.close()
            raise ConfigError(
                f"expected {path} for the paper account alone to write: {error.strerror}; end the "
                "process that has it, or name another file"
            ) from error

    def lines(self) -> Iterator[Line]:
        """Yield what was written; a last line that was not finished is cut off.

        Raises
        ------
        DataError
            A line before the last cannot be read.
        """
        if self._file is None:
            return
        self._file.seek(0)
        whole = self._file.read()
        kept = whole[: whole.rfind(b"\n") + 1]
        self._file.truncate(len(kept))
        for number, text in enumerate(kept.splitlines(), start=1):
            try:
                yield msgspec.json.decode(text, type=Line)
            except UNREADABLE as error:
                raise DataError(
                    f"line {number} of {self._path} is no line of a paper account: {error}; move "
                    "the file away to begin anew"
                ) from error

    def add(self, line: Line) -> None:
        """Write a line; what was asked is on the disk when this returns.

        Ticks need not be: the tape has them still.
        """
        if self._file is None:
            return
        self._file.write(msgspec.json.encode(line) + b"\n")
        self._file.flush()
        if not isinstance(line, Played):
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Let the file go."""
        if self._file is not None:
            self._file.close()
            self._file = None
