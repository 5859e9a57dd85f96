"""Where a run shows itself to other processes: two small files, each replaced as a whole.

::

    display/RUN/frame      who writes it, and the newest frame (MessagePack)
                symbols    names of the tape strip, by place; written anew when there are more

Beside the database, as the spool is. Why files and no socket: see ``docs/adr/0019``.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import msgspec

from store import Database
from store.journal.process import Process

FRAME, SYMBOLS = "frame", "symbols"
_DEFAULT = Path("data")
_DISPLAY = "display"


class Publication(msgspec.Struct, frozen=True):
    """What the file of frames holds.

    Attributes
    ----------
    writer : Process
        The process that trades the run.
    started_ns : int
        When it began, UTC ns.
    names : int
        So many symbols are named in the other file.
    frame : bytes
        The newest, as ``engine.display.packed`` has it; empty before the first.
    name : str
        What people called the run when it was started, empty if nothing.
    """

    run_id: str
    writer: Process
    started_ns: int
    names: int
    frame: bytes
    name: str = ""


class Names(msgspec.Struct, frozen=True):
    """What the other file holds: the names of the strip in one process of the run, by place."""

    epoch: int
    names: tuple[str, ...]


def display_root(database: Database) -> Path:
    """Return where runs show themselves: beside a database that is a file, else in data."""
    return (database.path.parent if database.is_file else _DEFAULT) / _DISPLAY


def display_folder(root: Path, run_id: str) -> Path:
    """Return the folder of one run."""
    return root / quote(run_id, safe="")


def replace_file(path: Path, content: bytes) -> None:
    """Put content in a file's place at once; a reader sees what was there or this, never half.

    It is not made durable: after a power cut the run is not there either.
    """
    beside = path.with_name(f".{path.name}")
    beside.write_bytes(content)
    beside.replace(path)
