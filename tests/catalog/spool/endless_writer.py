"""Beside the catalog: spools until it is killed; prints how many batches are on disk.

Run as ``python -m tests.catalog.spool.endless_writer FOLDER SEED BATCHES [MOST_BYTES]``.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from catalog.spool import SpoolWriter
from tests.catalog.spool.tape import HEADING, frames


def main(folder: Path, seed: int, batches: int, most_bytes: int | None = None) -> None:
    """Write, and say what was written; with a limit, say what went wrong and go on."""
    if most_bytes is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    with SpoolWriter(folder, HEADING, lambda why: say(f"failed {why}")) as spool:
        for number, batch in enumerate(frames(batches, seed), 1):
            spool.add(batch)
            if number % 20 == 0:
                spool.flush()
                say(str(number))
    say("went on to the end")


def say(line: str) -> None:
    """Print a line that is read at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(
        Path(sys.argv[1]),
        int(sys.argv[2]),
        int(sys.argv[3]),
        *(int(most) for most in sys.argv[4:]),
    )
