"""What a start needs of this machine, looked at before anything is loaded or opened."""

from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path

from app.doctor.check import Check, Status, failed, passed
from app.doctor.disk import existing
from engine.domain.errors import ConfigError

_MIB = 1 << 20
_KERNELS = Path(__file__).parents[2] / "engine" / "signals" / "kernel"
"""Where compiled code is kept beside its source, if that folder can be written."""


class Need(Enum):
    """What a long-running command needs: descriptors, address space and room, both in MiB.

    Address space is that of the largest process on Linux with two cores, rounded up: 3,120 of a
    live run, 2,030 of a simulator. Libraries reserve far more of it than they touch.
    """

    LIVE = 64, 4_096, 64
    SIMULATOR = 128, 3_072, 64
    REPLAY = 64, 3_072, 0

    @property
    def descriptors(self) -> int:
        """Open files and sockets at the same time."""
        return self.value[0]

    @property
    def address_bytes(self) -> int:
        """Address space, of which most is never touched."""
        return self.value[1] * _MIB

    @property
    def room_bytes(self) -> int:
        """Free bytes on every disk that is written to."""
        return self.value[2] * _MIB


def require_fit(need: Need, *, files: Iterable[str] = (), folders: Iterable[Path] = ()) -> None:
    """Refuse a start that could not work, before it hangs or ends without a word.

    Parameters
    ----------
    files : iterable of str
        Files that are written, databases among them; those on a server are left out.
    folders : iterable of Path
        Folders that are written into, there already or not.

    Raises
    ------
    ConfigError
        Something is missing; all that is, each with its remedy.
    """
    found = [*limits(need), *places(need, local_files(files), folders), compiled_code()]
    wrong = [check for check in found if check.status is Status.FAIL]
    if wrong:
        raise ConfigError(
            "this machine does not let it start: "
            + "; ".join(f"{check.name}: {check.finding}: {check.remedy}" for check in wrong)
        )


def limits(need: Need) -> Iterator[Check]:
    """Yield a check of each limit that this process was given."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield _judged_limit("descriptors", files, need.descriptors, "ulimit -n", 1)
    space, _ = resource.getrlimit(resource.RLIMIT_AS)
    yield _judged_limit("address space", space, need.address_bytes, "ulimit -v", 1_024)


def places(need: Need, files: Iterable[Path], folders: Iterable[Path]) -> Iterator[Check]:
    """Yield a check of everything that is written, and of the room there."""
    written = set(folders)
    for file in files:
        written.add(file.parent)
        if file.is_dir():
            yield failed("files", f"{file} is a folder, expected a file", "choose another file")
        elif file.exists() and not os.access(file, os.R_OK | os.W_OK):
            yield failed("files", f"{file} cannot be read and written", _owned())
    for folder in sorted(written):
        above = existing(folder)
        blocked = next((each for each in (folder, *folder.parents) if each.is_file()), None)
        if blocked is not None:
            finding = f"{blocked} is a file, expected a folder"
            yield failed("folders", finding, "remove it or choose another folder")
        elif not os.access(above, os.R_OK | os.W_OK | os.X_OK):
            yield failed("folders", f"{above} cannot be written", _owned())
        elif (free := shutil.disk_usage(above).free) < need.room_bytes:
            finding = f"{free / _MIB:.0f} MiB free at {above}"
            yield failed("room", f"{finding}, expected {need.room_bytes / _MIB:.0f}", "make room")


def compiled_code() -> Check:
    """Check that compiled kernels can be kept somewhere: numba refuses to load without."""
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    home = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))  # noqa: PTH111
    for folder in [Path(chosen)] if chosen else [_KERNELS, home]:
        if os.access(existing(folder), os.W_OK | os.X_OK):
            return passed("compiled code", f"kept below {folder}")
    remedy = "set NUMBA_CACHE_DIR to a folder that can be written"
    return failed("compiled code", "no folder to keep it in can be written", remedy)


def local_files(databases: Iterable[str]) -> list[Path]:
    """Return the files among databases that are named by a file or a URL."""
    return [
        Path(name.removeprefix("sqlite:///"))
        for name in databases
        if "://" not in name or name.startswith("sqlite:///")
    ]


def _judged_limit(name: str, found: int, needed: int, command: str, unit: int) -> Check:
    """Return what a limit means; ``unit`` is how many of it the shell's command counts as one."""
    if found == resource.RLIM_INFINITY:
        return passed(name, "no limit")
    finding = f"{found // unit:,} ({command}), expected at least {needed // unit:,}"
    if found < needed:
        return failed(name, finding, f"raise the limit: '{command} {needed // unit}'")
    return passed(name, f"{found // unit:,} ({command})")


def _owned() -> str:
    return f"give it to user {os.geteuid()}, mount it writable, or choose another"
