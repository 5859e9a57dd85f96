"""What a relay has asked of the venue, kept so that its next process asks for it at once."""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec

from engine.domain.errors import RunError
from engine.domain.unreadable import UNREADABLE
from store.atomic import write_atomically

_FILE = "subscriptions.json"

_log = logging.getLogger(__name__)

type Symbols = dict[str, list[str]]
"""Symbols by channel, ``*`` for all."""


class Subscriptions:
    """The subscriptions of the relay of one folder.

    Without them a relay that was killed would hear nothing until somebody asks again, and would
    not know that something was missed meanwhile.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / _FILE
        self._kept: Symbols = {}

    def read(self) -> Symbols:
        """Return what was asked for; nothing where that was not kept or cannot be read."""
        try:
            self._kept = msgspec.json.decode(self._path.read_bytes(), type=dict[str, list[str]])
        except FileNotFoundError:
            pass
        except (*UNREADABLE, OSError) as error:
            _log.error("%s cannot be read, nothing is asked for again: %s", self._path, error)
        return self._kept

    def keep(self, asked: Symbols) -> None:
        """Write down what is asked for, if it has changed, before whoever asked is answered."""
        if asked == self._kept:
            return
        self._kept = asked
        content = msgspec.json.encode(asked)
        try:
            write_atomically(self._path, lambda file: file.write(content))
        except RunError as error:
            _log.error("%s", error)
