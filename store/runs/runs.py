"""All run directories of a folder; runs whose process is gone are sealed on sight."""

from __future__ import annotations

import errno
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import psutil

from engine.domain.errors import ConfigError, DataError, JournalError, RunError
from store.atomic import TEMPORARY, sync_folder
from store.journal.process import Process
from store.runs.labels import LATEST, UNLABELLED, RunLabels
from store.runs.manifest import RunManifest, RunPlan, RunStatus
from store.runs.named_run import named_run
from store.runs.run import MANIFEST, Run

_HERE = f"@{socket.gethostname()}"
"""Ending of a directory that is being made on this machine, after the process id of its maker."""


class RunStore:
    """A folder of run directories. It need not exist before the first run starts."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def start(self, plan: RunPlan, labels: RunLabels = UNLABELLED) -> Run:
        """Make the directory of a new run; status ``RUNNING``, journal ready.

        Its id follows from the plan; a repetition of the same plan is numbered ``-2``, ``-3``, …

        Raises
        ------
        RunError, JournalError
            The folder cannot be written.
        """
        self.seal_crashed()
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            run = self._claim(plan, labels)
        except OSError as error:
            raise RunError(
                f"cannot make a run in {self.root}: {error.strerror}; give another with --runs"
            ) from error
        run.journal.commit()
        return run

    def runs(self) -> list[Run]:
        """Return the runs whose manifest can be read, the one started last first."""
        self.seal_crashed()
        return sorted(self._found(), key=lambda run: run.manifest.created, reverse=True)

    def run(self, name: str = LATEST) -> Run:
        """Return a run by id, name, the only possible beginning of its id, or ``LATEST``.

        Raises
        ------
        NotFoundError
            There is none.
        ConfigError
            Several are called so, or begin like that.
        """
        return named_run(self.runs(), name, self.root)

    def remove(self, run: Run) -> None:
        """Delete a run directory.

        Raises
        ------
        ConfigError
            The run is still being written.
        """
        if run.manifest.status is RunStatus.RUNNING:
            raise ConfigError(f"run {run.run_id} is running; end it before removing it")
        shutil.rmtree(run.path)

    def seal_crashed(self) -> None:
        """Seal every run that says ``RUNNING`` while its process is gone.

        One that cannot be written now, on a full disk say, is left to the next look. What a start
        left behind that was killed before its run had a name is removed.
        """
        for unnamed in self.root.glob(f"{TEMPORARY}*{_HERE}"):
            maker = unnamed.name.removeprefix(TEMPORARY).removesuffix(_HERE)
            if not psutil.pid_exists(int(maker)):
                shutil.rmtree(unnamed, ignore_errors=True)
        for run in self._found():
            manifest = run.manifest
            if manifest.status is RunStatus.RUNNING and manifest.process.is_gone():
                note = f"process {manifest.process.pid} ended without a word"
                with suppress(RunError, JournalError):
                    run.recover(RunStatus.CRASHED_RECOVERED, note)

    def damaged(self) -> list[DataError]:
        """Return what is wrong with each directory whose manifest cannot be read."""
        return [found for found in self._opened() if isinstance(found, DataError)]

    def _claim(self, plan: RunPlan, labels: RunLabels) -> Run:
        """Make a directory under the first free id, which appears with its manifest in it."""
        stem = plan.derived_id()
        taken = 1
        path = self.root / stem
        unnamed = self.root / f"{TEMPORARY}{os.getpid()}{_HERE}"
        unnamed.mkdir(exist_ok=True)
        try:
            while True:
                if not (path / MANIFEST).exists():
                    manifest = _first_manifest(plan, path.name, labels)
                    Run(unnamed, manifest).save()
                    if _renamed(unnamed, path):
                        sync_folder(self.root)
                        return Run(path, manifest)
                taken += 1
                path = self.root / f"{stem}-{taken}"
        except BaseException:
            shutil.rmtree(unnamed, ignore_errors=True)
            raise

    def _found(self) -> list[Run]:
        return [found for found in self._opened() if isinstance(found, Run)]

    def _opened(self) -> Iterator[Run | DataError]:
        for path in sorted(self.root.glob(f"[!.]*/{MANIFEST}")):
            try:
                yield Run.open(path.parent)
            except DataError as error:
                yield error


def _first_manifest(plan: RunPlan, run_id: str, labels: RunLabels) -> RunManifest:
    return RunManifest(
        **msgspec.structs.asdict(plan),
        run_id=run_id,
        name=labels.name,
        tags=labels.tags,
        status=RunStatus.RUNNING,
        created=datetime.now(UTC).isoformat(timespec="milliseconds"),
        process=Process.current(),
    )


def _renamed(unnamed: Path, path: Path) -> bool:
    """Give a directory its name; False if something that is not empty has that name."""
    try:
        unnamed.rename(path)
    except OSError as error:
        if error.errno in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
            return False
        raise
    return True
