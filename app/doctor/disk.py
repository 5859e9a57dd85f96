"""How much room there is, and for how long."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from app.doctor.check import Check, failed, passed, warned

_GIB = 1 << 30
_LEAST_BYTES = _GIB
_SOON_DAYS, _NOW_DAYS = 30, 3
_REMEDY = (
    "make room: 'tradectl journal archive --older-than DAYS', 'tradectl runs rm', fewer days in "
    "the catalog; or move to a larger disk"
)


class Kept(msgspec.Struct, frozen=True):
    """Something that is kept in a folder, and by how many bytes a market day lets it grow."""

    what: str
    folder: Path
    daily_bytes: float = 0


def disk(kept: Iterable[Kept]) -> Iterator[Check]:
    """Yield a check of each disk that something is kept on."""
    disks: dict[int, list[Kept]] = {}
    for one in kept:
        disks.setdefault(existing(one.folder).stat().st_dev, []).append(one)
    for held in disks.values():
        folder = existing(held[0].folder)
        free = shutil.disk_usage(folder).free
        names = ", ".join(sorted({one.what for one in held}))
        yield judged_disk(names, free, sum(one.daily_bytes for one in held))


def judged_disk(names: str, free: int, daily: float) -> Check:
    """Return what the free bytes of a disk mean when each market day takes so many."""
    name = f"disk of {names}"
    room = f"{free / _GIB:.1f} GiB free"
    if daily <= 0:
        days, finding = float("inf"), f"{room}, growth not known yet"
    else:
        days = free / daily
        finding = f"{room}, full in {days:,.0f} market days at {daily / _GIB:.3f} GiB a day"
    if free < _LEAST_BYTES or days < _NOW_DAYS:
        return failed(name, finding, _REMEDY)
    if days < _SOON_DAYS:
        return warned(name, finding, _REMEDY)
    return passed(name, finding)


def existing(folder: Path) -> Path:
    """Return a folder, or the nearest one above it that is there already."""
    path = folder.absolute()
    return next(found for found in (path, *path.parents) if found.is_dir())
