"""What a spool is of, and where it lies.

::

    spool/RUN/heading.json
              RUN.trades-0000.spool      likewise quotes, statuses; 0001 by the next process
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from urllib.parse import quote

import msgspec

from catalog.files import file_system, write_whole
from catalog.schema import Kind
from engine.domain.errors import DataError, NotFoundError
from engine.domain.unreadable import UNREADABLE

ENDING = ".spool"
KINDS = (Kind.TRADES, Kind.QUOTES, Kind.STATUSES)
_HEADING = "heading.json"


class Heading(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a spool is of.

    Attributes
    ----------
    run_id : str
    day : date
        New York date.
    feed : str
        Where it came from.
    tapes : dict
        Tape letter by symbol, as the run's scanner had them.
    """

    run_id: str
    day: date
    feed: str
    tapes: dict[str, str]

    @classmethod
    def read(cls, folder: Path) -> Heading:
        """Return the heading of a spool.

        Raises
        ------
        NotFoundError
            The folder holds none.
        DataError
            It cannot be read.
        """
        path = folder / _HEADING
        try:
            return msgspec.json.decode(path.read_bytes(), type=cls)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise NotFoundError(
                f"{folder} is no spool: it has no {_HEADING}; a run of `tradectl live` keeps one "
                "in the folder spool beside its database"
            ) from error
        except (*UNREADABLE, OSError) as error:
            raise DataError(f"{path} cannot be read: {error}") from error

    def write(self, folder: Path) -> None:
        """Write it; raises as ``write_whole`` does."""
        fs, path = file_system(str(folder / _HEADING))
        with write_whole(fs, path) as file:
            file.write(msgspec.json.encode(self))


def spool_folder(root: Path, run_id: str) -> Path:
    """Return the folder of one run's spool under the root of all."""
    return root / quote(run_id, safe="")


def files_of(folder: Path, kind: Kind) -> list[Path]:
    """Return the files of one kind, one for each process of the run, in order."""
    return sorted(folder.glob(f"*.{kind}-[0-9][0-9][0-9][0-9]{ENDING}"))


def next_file(folder: Path, run_id: str, kind: Kind) -> Path:
    """Return the file that the next process of a run is to write."""
    return folder / f"{quote(run_id, safe='')}.{kind}-{len(files_of(folder, kind)):04}{ENDING}"
