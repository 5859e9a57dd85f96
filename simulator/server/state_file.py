"""The look-alike's accounts, orders and time on disk, for when it is killed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from io import FileIO
from pathlib import Path

import msgspec

from engine.domain.errors import DataError
from engine.domain.unreadable import UNREADABLE
from simulator.exchange import Exchange, mode_name

_VERSION = 3
_SMALL = 1024 * 1024
"""Bytes of changes that are not worth a file written anew."""

_REACHED = b'"reached":"'
_DIGITS = 19
"""Of a UTC nanosecond; it is written over in place, so its width never changes."""


class _Kept(msgspec.Struct, forbid_unknown_fields=True):
    """The first line: everything as it once was, and how far time has come since."""

    version: int
    reached: str
    day: date
    fills: str
    now: int
    account_ids: dict[str, str]
    told: dict[str, int]
    exchange: msgspec.Raw


class _Change(msgspec.Struct, forbid_unknown_fields=True):
    """Each further line: what was different then."""

    now: int
    told: dict[str, int]
    exchange: msgspec.Raw


@dataclass(frozen=True, slots=True)
class Remembered:
    """What an earlier process had come to.

    Attributes
    ----------
    played_ns : int
        Up to and including when the exchange has seen the market, UTC ns.
    reached_ns : int
        The latest time that anybody can have been told, UTC ns; never before ``played_ns``.
    told : dict of str to int
        Order updates by account.
    """

    played_ns: int
    reached_ns: int
    told: dict[str, int]


class StateFile:
    """Keeps the last state, whenever the process dies.

    The first line is whole and every change adds one, before it is answered or told; a line that
    was cut short by a kill was never answered and does not count. When the changes have grown as
    long as the whole, the file is written anew beside itself and takes its own place. Time moves
    far more often than an order: its 19 digits in the first line are written over before anybody
    hears of it. Nothing is forced to the disk: the file outlives the process, not the machine.
    """

    def __init__(self, path: Path, day: date) -> None:
        self._path = path
        self._day = day
        self._room = 0
        self._reached = 0
        self._file: FileIO | None = None
        self._end = self._reached_at = 0
        self.account_ids: dict[str, str] = {}

    def save(self, exchange: Exchange, now: int, told: Mapping[str, int]) -> None:
        """Write what is so.

        Parameters
        ----------
        now : int
            Up to and including when the exchange has seen the market, UTC ns.
        told : mapping of str to int
            Order updates by account, with those that are about to be told.
        """
        if self._room <= 0 or self._file is None:
            self._write_anew(exchange, now, told)
            return
        change = _Change(now, dict(told), msgspec.Raw(exchange.changes()))
        line = msgspec.json.encode(change) + b"\n"
        left, self._room = self._room - len(line), 0  # a line that fails makes the next file new
        self._end += _written(self._file, line, self._end)
        self._room = left

    def reach(self, now: int) -> None:
        """Note the time (UTC ns) that will be told to somebody next."""
        if self._file is not None and now > self._reached:
            self._reached = now
            os.pwrite(self._file.fileno(), b"%019d" % now, self._reached_at)

    def close(self) -> None:
        """Let the file go; it is complete at any time."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def load(self, exchange: Exchange) -> Remembered | None:
        """Bring an exchange back to what was kept and return when that was, None if nothing was.

        Raises
        ------
        DataError
            The file is no state, or that of another day or other fills.
        """
        try:
            first, *lines = self._path.read_bytes().split(b"\n")[:-1] or [b""]
            kept = msgspec.json.decode(first, type=_Kept)
            changes = [msgspec.json.decode(line, type=_Change) for line in lines]
            reached = int(kept.reached)
        except FileNotFoundError:
            return None
        except (*UNREADABLE, ValueError, OSError) as error:
            raise self._no_state(error) from error
        expected = _VERSION, self._day, exchange.mode.name
        if (kept.version, kept.day, mode_name(kept.fills)) != expected:
            raise DataError(
                f"{self._path} is the state of {kept.day} with {kept.fills} fills, expected "
                f"{self._day} with {exchange.mode.name}; name another file with --state"
            )
        try:
            exchange.restore(bytes(kept.exchange), [bytes(change.exchange) for change in changes])
        except (*UNREADABLE, ValueError, DataError) as error:
            raise self._no_state(error) from error
        self.account_ids = kept.account_ids
        last = changes[-1] if changes else kept
        self._reached = max(reached, last.now)
        return Remembered(last.now, self._reached, last.told)

    def _no_state(self, error: Exception) -> DataError:
        return DataError(
            f"{self._path} is no state of a simulator, or one of another version: {error}; "
            "name another file with --state"
        )

    def _write_anew(self, exchange: Exchange, now: int, told: Mapping[str, int]) -> None:
        self._reached = max(self._reached, now)
        kept = _Kept(
            _VERSION,
            f"{self._reached:0{_DIGITS}}",
            self._day,
            exchange.mode.name,
            now,
            self.account_ids,
            dict(told),
            msgspec.Raw(exchange.snapshot()),
        )
        text = msgspec.json.encode(kept) + b"\n"
        beside = self._path.with_name(f"{self._path.name}.new")
        beside.write_bytes(text)
        file = FileIO(beside, "r+b")
        os.replace(beside, self._path)  # noqa: PTH105  (atomic, and says so)
        self.close()
        self._file, self._end = file, len(text)
        self._reached_at = text.index(_REACHED) + len(_REACHED)
        self._room = max(len(text), _SMALL)


def _written(file: FileIO, content: bytes, at: int) -> int:
    """Write all of something at a place of a file and return how long it is."""
    view = memoryview(content)
    while view:
        view = view[os.pwrite(file.fileno(), view, at + len(content) - len(view)) :]
    return len(content)
