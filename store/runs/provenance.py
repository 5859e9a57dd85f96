"""Which code made a run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

DECIDING_PACKAGES = ("engine", "strategies", "catalog")
"""Packages whose code can change what a run decides or fills."""


def code_hash(packages: Sequence[str] = DECIDING_PACKAGES) -> str:
    """Return a SHA-256 over the Python sources of some packages, by name and content."""
    digest = hashlib.sha256()
    for package in packages:
        spec = find_spec(package)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            root = Path(folder)
            for source in sorted(root.rglob("*.py")):
                content = hashlib.sha256(source.read_bytes()).hexdigest()
                digest.update(
                    f"{package}/{source.relative_to(root).as_posix()} {content}\n".encode()
                )
    return digest.hexdigest()


def days_hash(hashes: Iterable[str]) -> str:
    """Return one SHA-256 over those of each day's data, in order."""
    return hashlib.sha256("".join(hashes).encode()).hexdigest()


def engine_version() -> str:
    """Return the name and version of the engine that replays and fills."""
    return f"nautilus_trader {version('nautilus_trader')}"
