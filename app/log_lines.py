"""Lines of the log that fit a question, the newest first."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import islice
from pathlib import Path

import msgspec

from app.log import Level
from engine.domain.errors import ConfigError
from engine.domain.unreadable import UNREADABLE

_BLOCK = 1 << 16
_MOST_BYTES = 16 << 20
"""How far back in a file is looked: as much as one has before it is turned over."""

_ORDER = list(Level)


class LogLine(msgspec.Struct, frozen=True):
    """One line, as ``app.log.JsonLines`` writes it; ``ts`` is UTC ns."""

    ts: int
    level: str
    logger: str
    message: str
    process: int
    run_id: str | None = None
    exception: str | None = None


_decode = msgspec.json.Decoder(LogLine).decode


def log_lines(
    files: Sequence[Path],
    *,
    level: str = Level.INFO,
    run_id: str | None = None,
    text: str = "",
    before_ns: int | None = None,
    limit: int,
) -> tuple[LogLine, ...]:
    """Return lines of logs of at least a level, the newest first.

    Parameters
    ----------
    text : str
        To be found in logger or message, in capitals or not.
    before_ns : int, optional
        Only lines from before, UTC ns.

    Raises
    ------
    ConfigError
        There is no such level.
    """
    if level not in _ORDER:
        raise ConfigError(f"level {level!r} is unknown, expected one of {', '.join(_ORDER)}")
    least, wanted = _ORDER.index(Level(level)), text.casefold()

    def fits(line: LogLine) -> bool:
        known = line.level in _ORDER
        return (
            (not known or _ORDER.index(Level(line.level)) >= least)
            and run_id in (None, line.run_id)
            and (before_ns is None or line.ts < before_ns)
            and wanted in f"{line.logger} {line.message}".casefold()
        )

    newest_first = merge(*map(_backwards, files), key=lambda line: -line.ts)
    return tuple(islice(filter(fits, newest_first), limit))


def new_lines(file: Path, since: int) -> tuple[list[LogLine], int]:
    """Return the whole lines after a byte of a log, and the byte after the last of them.

    A log that was turned over since is read from its beginning.
    """
    try:
        size = file.stat().st_size
        with file.open("rb") as lines:
            lines.seek(since if since <= size else 0)
            start = lines.tell()
            *whole, _ = lines.read(_MOST_BYTES).split(b"\n")
    except FileNotFoundError:
        return [], 0
    end = start + sum(len(line) + 1 for line in whole)
    return [line for each in whole if (line := _read(each)) is not None], end


def _backwards(file: Path) -> Iterator[LogLine]:
    """Yield the lines of a log from its end; what is no line of a log is passed over."""
    try:
        with file.open("rb") as lines:
            position = lines.seek(0, os.SEEK_END)
            first = max(0, position - _MOST_BYTES)
            rest = b""
            while position > first:
                size = min(_BLOCK, position - first)
                position = lines.seek(position - size)
                rest, *whole = (lines.read(size) + rest).split(b"\n")
                yield from (line for each in reversed(whole) if (line := _read(each)) is not None)
            if not first and (line := _read(rest)) is not None:
                yield line
    except FileNotFoundError:
        return


def _read(line: bytes) -> LogLine | None:
    try:
        return _decode(line)
    except UNREADABLE:
        return None
