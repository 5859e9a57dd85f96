"""What a live run hears: kept beside its database, given back when it is taken up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from catalog.spool import Heading, Spooled, SpoolWriter, spool_folder
from catalog.spool.bodies import Arrived
from engine.domain.errors import ConfigError, DataError, NotFoundError, RunError
from engine.runtime.live import LiveDay, RecalledTape

_RECORDING = "recording"

_log = logging.getLogger(__name__)


class TapeKeeper:
    """The spool of one run.

    Parameters
    ----------
    root : Path
        Of all spools.
    day : LiveDay
        Hears when nothing can be kept any more: entries are held, exits go on.
    recalled : RecalledTape
        Takes in what earlier processes had heard.

    Attributes
    ----------
    folder : Path
        Of this run's spool.
    recalled : RecalledTape
        What earlier processes had heard, after ``recall``.
    """

    def __init__(self, root: Path, heading: Heading, day: LiveDay, recalled: RecalledTape) -> None:
        self.folder = spool_folder(root, heading.run_id)
        self.recalled = recalled
        self._heading = heading
        self._day = day
        self._loop = asyncio.get_running_loop()
        self._writer: SpoolWriter | None = None

    def recall(self) -> None:
        """Warm the day with what earlier processes had heard, as far as it can be read."""
        missing: list[str] = []
        try:
            spooled = Spooled(self.folder)
        except (NotFoundError, DataError) as error:
            _log.warning("signals begin anew: %s", error)
            self._day.warm((), (), f"signals begin anew: {error}")
            return
        recalled = self.recalled
        quotes = recalled.quotes(_readable(spooled.quotes(), missing))
        prints = recalled.prints(_readable(spooled.trades(), missing))
        self._day.warm(quotes, prints, "what was heard before the restart is being read")
        recalled.statuses(_readable(spooled.statuses(), missing))
        for why in missing:
            _log.error("only what was heard before is known to the signals: %s", why)

    def start(self) -> None:
        """Begin to keep what arrives, if anything can be written."""
        trouble = self._day.trouble
        try:
            self._writer = SpoolWriter(self.folder, self._heading, self._failed)
        except (ConfigError, RunError) as error:
            trouble.issue_raised(_RECORDING, str(error))
        else:
            trouble.issue_cleared(_RECORDING)

    def add(self, arrived: Arrived) -> None:
        """Take what arrived."""
        if self._writer is not None:
            self._writer.add(arrived)

    def close(self) -> None:
        """Write what is left."""
        if self._writer is not None:
            self._writer.close()

    def _failed(self, why: str) -> None:
        """Hear from the writing thread that it gave up."""
        _log.error("recording has stopped: %s", why)
        with suppress(RuntimeError):  # the loop is closed: the run is over
            self._loop.call_soon_threadsafe(self._day.trouble.issue_raised, _RECORDING, why)


def _readable[Item](items: Iterable[Item], missing: list[str]) -> Iterator[Item]:
    """Yield items up to the first that is damaged, and keep what was wrong."""
    try:
        yield from items
    except DataError as error:
        missing.append(str(error))
