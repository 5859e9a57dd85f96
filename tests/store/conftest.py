"""Disks that run out of room, and plans of runs."""

from __future__ import annotations

import os
import resource
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from store import RunPlan


class ScarceDisk(ABC):
    """A folder whose room can be taken away and given back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def exhaust(self, room: int) -> None:
        """Leave about ``room`` bytes."""

    @abstractmethod
    def relieve(self) -> None:
        """Give the room back."""


class SmallDisk(ScarceDisk):
    """A disk of a few megabytes with something else on it."""

    def exhaust(self, room: int) -> None:
        """Leave about ``room`` bytes."""
        disk = os.statvfs(self.folder)
        self._ballast.write_bytes(bytes(disk.f_bavail * disk.f_frsize - room))

    def relieve(self) -> None:
        """Give the room back."""
        self._ballast.unlink(missing_ok=True)

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"


class Quota(ScarceDisk):
    """A limit on the size of every file this process writes."""

    _limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def exhaust(self, room: int) -> None:
        """Leave ``room`` bytes to the largest file."""
        largest = max(path.stat().st_size for path in self.folder.rglob("*"))
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest + room, self._limits[1]))

    def relieve(self) -> None:
        """Give the room back."""
        resource.setrlimit(resource.RLIMIT_FSIZE, self._limits)


@pytest.fixture(params=["small disk", "quota"])
def scarce_disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ScarceDisk]:
    """Yield a folder that can be made to run full."""
    if request.param == "quota":
        quota = Quota(tmp_path)
        yield quota
        quota.relieve()
        return
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(tmp_path)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk can be mounted by root only; the quota stands in for it")
    yield SmallDisk(tmp_path)
    subprocess.run(["umount", "-l", str(tmp_path)], check=True)


@pytest.fixture
def run_plan() -> RunPlan:
    """Return the plan of a run over one day."""
    return RunPlan(
        start="2018-01-02",
        end="2018-01-02",
        engine="pruned",
        fills="base",
        letters=(),
        symbols=(),
        starting_balance=Decimal(100_000),
        params={"min_ac_z": 4.0},
        params_hash="p" * 16,
        data_hash="d" * 64,
        code_hash="c" * 64,
        engine_version="engine 1",
        catalog="data/catalog",
    )
