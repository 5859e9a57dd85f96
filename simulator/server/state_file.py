"""Hop 6, rehearsed: the look-alike's accounts and orders on disk, for when it is killed."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import msgspec

from engine.domain.errors import DataError
from simulator.exchange import Exchange

_VERSION = 2
_SMALL = 1024 * 1024
"""Bytes of changes that are not worth a file written anew."""


class _Kept(msgspec.Struct, forbid_unknown_fields=True):
    """The first line: everything as it once was."""

    version: int
    day: date
    fills: str
    now: int
    account_ids: dict[str, str]
    exchange: msgspec.Raw


class _Change(msgspec.Struct, forbid_unknown_fields=True):
    """Each further line: what was different then."""

    now: int
    exchange: msgspec.Raw


class StateFile:
    """Keeps the last state, whenever the process dies.

    The first line is whole and every change adds one, before it is answered or told; a line that
    was cut short by a kill was never answered and does not count. When the changes have grown as
    long as the whole, the file is written anew beside itself and takes its own place. Nothing is
    forced to the disk: the file outlives the process, not the machine.
    """

    def __init__(self, path: Path, day: date) -> None:
        self._path = path
        self._day = day
        self._room = 0
        self.account_ids: dict[str, str] = {}

    def save(self, exchange: Exchange, now: int) -> None:
        """Write what is so."""
        if self._room <= 0:
            self._write_anew(exchange, now)
            return
        change = _Change(now, msgspec.Raw(exchange.changes()))
        line = msgspec.json.encode(change) + b"\n"
        self._room -= len(line)
        with self._path.open("ab", buffering=0) as file:
            while line:
                line = line[file.write(line) :]

    def load(self, exchange: Exchange) -> int | None:
        """Bring an exchange back to what was kept and return its time, None if nothing was.

        Raises
        ------
        DataError
            The file is no state, or that of another day or other fills.
        """
        try:
            first, *lines = self._path.read_bytes().split(b"\n")[:-1] or [b""]
            kept = msgspec.json.decode(first, type=_Kept)
            changes = [msgspec.json.decode(line, type=_Change) for line in lines]
        except FileNotFoundError:
            return None
        except msgspec.MsgspecError as error:
            raise DataError(f"{self._path} is no state of a simulator: {error}") from error
        expected = _VERSION, self._day, exchange.mode.name
        if (kept.version, kept.day, kept.fills) != expected:
            raise DataError(
                f"{self._path} is the state of {kept.day} with {kept.fills} fills, expected "
                f"{self._day} with {exchange.mode.name}; name another file with --state"
            )
        exchange.restore(bytes(kept.exchange), [bytes(change.exchange) for change in changes])
        self.account_ids = kept.account_ids
        return changes[-1].now if changes else kept.now

    def _write_anew(self, exchange: Exchange, now: int) -> None:
        whole = msgspec.Raw(exchange.snapshot())
        kept = _Kept(_VERSION, self._day, exchange.mode.name, now, self.account_ids, whole)
        text = msgspec.json.encode(kept) + b"\n"
        beside = self._path.with_name(f"{self._path.name}.new")
        beside.write_bytes(text)
        os.replace(beside, self._path)  # noqa: PTH105  (atomic, and says so)
        self._room = max(len(text), _SMALL)
