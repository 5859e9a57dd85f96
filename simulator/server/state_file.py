"""Hop 6, rehearsed: the look-alike's accounts and orders on disk, for when it is killed."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from engine.domain.errors import DataError
from simulator.exchange import Exchange

_VERSION = 1


class _Kept(msgspec.Struct, forbid_unknown_fields=True):
    version: int
    day: date
    fills: str
    now: int
    account_ids: dict[str, str]
    exchange: dict[str, Any]


class StateFile:
    """Keeps the last state; a file is whole or not there, whenever the process dies.

    It is written before a change is answered or told, and not forced to the disk: it outlives the
    process, not the machine.
    """

    def __init__(self, path: Path, day: date) -> None:
        self._path = path
        self._day = day
        self.account_ids: dict[str, str] = {}

    def save(self, exchange: Exchange, now: int) -> None:
        """Write what is so."""
        kept = _Kept(
            _VERSION, self._day, exchange.mode.name, now, self.account_ids, exchange.snapshot()
        )
        beside = self._path.with_name(f"{self._path.name}.new")
        beside.write_bytes(msgspec.json.encode(kept))
        os.replace(beside, self._path)  # noqa: PTH105  (atomic, and says so)

    def load(self, exchange: Exchange) -> int | None:
        """Bring an exchange back to what was kept and return its time, None if nothing was.

        Raises
        ------
        DataError
            The file is no state, or that of another day or other fills.
        """
        try:
            kept = msgspec.json.decode(self._path.read_bytes(), type=_Kept)
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
        exchange.restore(kept.exchange)
        self.account_ids = kept.account_ids
        return kept.now
