"""Whether what is stored is still what was written."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from typing import Any

import msgspec

from catalog.files import file_sha256
from catalog.layout import INVENTORY_FOLDER, MANIFEST, PART, QUARANTINE_FOLDER, TEMPORARY
from catalog.partition import read_manifest
from catalog.store import Catalog
from engine.domain.errors import DataError


class Damage(StrEnum):
    """What can have happened to a part."""

    MISSING = "missing"
    TORN = "torn"
    EDITED = "edited"
    NO_MANIFEST = "no_manifest"
    BAD_MANIFEST = "bad_manifest"
    LEFT_OVER = "left_over"


MEANING = {
    Damage.MISSING: "was stored and is gone",
    Damage.TORN: "its size is not that of its manifest",
    Damage.EDITED: "its bytes are not those of its manifest",
    Damage.NO_MANIFEST: "has no manifest: its writer was stopped before it was done",
    Damage.BAD_MANIFEST: "its manifest cannot be read",
    Damage.LEFT_OVER: "its writer was stopped before it was done",
}

_WRITER = re.compile(rf"\.(\d+){re.escape(TEMPORARY)}(?=/|$)")
"""A temporary file or folder carries the process id of its writer."""


class Finding(msgspec.Struct, frozen=True, order=True):
    """Something damaged; ``path`` is a part's folder or a left-over file, below the root."""

    path: str
    damage: Damage


class Verification(msgspec.Struct, frozen=True):
    """How many parts and bytes were looked at, and what was wrong."""

    parts: int
    size: int
    findings: list[Finding]


def verify(
    catalog: Catalog, progress: Callable[[int, int], None] = lambda *_: None
) -> Verification:
    """Hash every part, compare it with its manifest, and look for what is missing.

    Parameters
    ----------
    progress
        Called with the bytes hashed so far and in all.

    Notes
    -----
    Hashing runs in as many threads as there are processors. What a running process is writing
    is left alone.
    """
    prefix = f"{catalog.root}/"
    found: Any = catalog.fs.find(catalog.root, detail=True)
    sizes = {str(path).removeprefix(prefix): int(info["size"] or 0) for path, info in found.items()}
    stored = [path for path in sizes if not path.startswith(f"{QUARANTINE_FOLDER}/")]
    folders = sorted({folder for folder in map(_folder_of_part, stored) if folder})
    parts = [(folder, sizes.get(f"{folder}/{PART}", 0)) for folder in folders]
    total = sum(size for _, size in parts)
    findings = [Finding(path, Damage.LEFT_OVER) for path in _left_over(stored)]
    findings += [Finding(folder, Damage.MISSING) for folder in _inventory(stored) - {*folders}]
    done = 0
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        damages = threads.map(lambda folder: _damage(catalog, folder), folders)
        for (folder, size), damage in zip(parts, damages, strict=True):
            if damage is not None:
                findings.append(Finding(folder, damage))
            done += size
            progress(done, total)
    return Verification(len(folders), total, sorted(findings))


def quarantine(catalog: Catalog, findings: Iterable[Finding]) -> None:
    """Move what is damaged out of the way, into the ``quarantine`` folder."""
    fs, root = catalog.fs, catalog.root
    for finding in findings:
        place = f"{root}/{QUARANTINE_FOLDER}/damaged/{finding.path}"
        if fs.exists(f"{root}/{finding.path}"):
            if fs.exists(place):
                fs.rm(place, recursive=True)
            fs.makedirs(place.rpartition("/")[0], exist_ok=True)
            fs.mv(f"{root}/{finding.path}", place, recursive=True)
        marker = f"{root}/{INVENTORY_FOLDER}/{finding.path}"
        if fs.exists(marker):
            fs.rm_file(marker)


def _damage(catalog: Catalog, folder: str) -> Damage | None:
    """Return what is wrong with one part."""
    fs, path = catalog.fs, f"{catalog.root}/{folder}/{PART}"
    try:
        manifest = read_manifest(fs, f"{catalog.root}/{folder}")
    except DataError:
        return Damage.BAD_MANIFEST
    if manifest is None:
        return Damage.NO_MANIFEST
    if not fs.exists(path):
        return Damage.MISSING
    if fs.size(path) != manifest.size:
        return Damage.TORN
    return None if file_sha256(fs, path) == manifest.sha256 else Damage.EDITED


def _folder_of_part(path: str) -> str | None:
    folder, _, name = path.rpartition("/")
    return folder if name in (PART, MANIFEST) else None


def _inventory(stored: Iterable[str]) -> set[str]:
    """Return the partitions that were written once."""
    prefix = f"{INVENTORY_FOLDER}/"
    names = (path.removeprefix(prefix) for path in stored if path.startswith(prefix))
    return {name for name in names if not _WRITER.search(name)}


def _left_over(stored: Iterable[str]) -> set[str]:
    """Return temporary files and folders whose writer is gone."""
    found = ((path, _WRITER.search(path)) for path in stored)
    return {path[: hit.end()] for path, hit in found if hit and not _is_running(int(hit[1]))}


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
