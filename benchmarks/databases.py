"""A database to measure: a file in a folder, or a server started for it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers import Postgres


@contextmanager
def new_database(kind: str, folder: Path) -> Iterator[str]:
    """Yield the URL of an empty database of a kind, ``sqlite`` or ``postgresql``; it goes after."""
    if kind == "postgresql":
        with Postgres() as server:
            yield server.new_database()
        return
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        yield f"sqlite:///{Path(place).resolve()}/journal.sqlite"
