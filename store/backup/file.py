"""A backup as a file: a line of JSON per run and fact under zstd, a manifest at the end."""

from __future__ import annotations

import hashlib
import io
import os
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal, cast

import msgspec
import pyarrow as pa

from engine.domain.errors import DataError, NotFoundError
from engine.domain.unreadable import UNREADABLE
from engine.journal import Record, Verification, verify
from store.runs.manifest import RunStatus

_ZSTD = b"\x28\xb5\x2f\xfd"
_BUFFER_BYTES = 1 << 20


class BackupHeader(msgspec.Struct, frozen=True, kw_only=True):
    """The first line; ``created_ns`` is UTC."""

    format: Literal["tradectl backup"] = "tradectl backup"
    version: Literal[1] = 1
    database: str
    created_ns: int
    runs: int
    facts: int


class KeptRun(msgspec.Struct, frozen=True):
    """A run's row, less the process that writes it: that one does not write the copy."""

    run_id: str
    status: RunStatus
    note: str
    created_ns: int
    ended_ns: int | None
    writer_epoch: int
    head_seq: int
    head_hash: str
    name: str = ""
    tags: str = "[]"


class BackupManifest(msgspec.Struct, frozen=True):
    """The last line: what was found of each run's chain, and SHA-256 of all lines before."""

    runs: dict[str, Verification]
    facts: int
    sha256: str


class _Line(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Exactly one of these."""

    backup: BackupHeader | None = None
    run: KeptRun | None = None
    fact: Record | None = None
    manifest: BackupManifest | None = None


class BackupWriter:
    """Writes a backup line by line, each run checked as it passes."""

    def __init__(self, file: io.BufferedIOBase, header: BackupHeader) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self._runs: dict[str, Verification] = {}
        self._facts = 0
        self._write(_Line(backup=header))

    def add(self, run: KeptRun, records: Iterable[Record]) -> None:
        """Write a run with all of its facts, even where its chain is broken."""
        self._write(_Line(run=run))
        written = self._written(records)
        self._runs[run.run_id] = verify(written, run.head_hash)
        deque(written, maxlen=0)

    def finish(self) -> BackupManifest:
        """Write the manifest and return it."""
        manifest = BackupManifest(self._runs, self._facts, self._digest.hexdigest())
        self._write(_Line(manifest=manifest))
        return manifest

    def _written(self, records: Iterable[Record]) -> Iterator[Record]:
        for record in records:
            self._write(_Line(fact=record))
            self._facts += 1
            yield record

    def _write(self, line: _Line) -> None:
        encoded = msgspec.json.encode(line) + b"\n"
        self._digest.update(encoded)
        self._file.write(encoded)


class BackupReader:
    """Reads a backup in the order in which it was written.

    Raises
    ------
    DataError
        The file is torn, was edited, or is no backup.
    """

    def __init__(self, lines: Iterator[bytes], name: str) -> None:
        self._lines = lines
        self._name = name
        self._digest = hashlib.sha256()
        self._text = b""
        self._advance()
        if self._line.backup is None:
            raise self.damaged("it does not begin as one")
        self.header = self._line.backup

    def runs(self) -> Iterator[tuple[KeptRun, Iterator[Record]]]:
        """Yield each run with its facts, which are to be read before the next run."""
        self._advance()
        while (run := self._line.run) is not None:
            self._advance()
            yield run, self._facts()
            deque(self._facts(), maxlen=0)

    def manifest(self) -> BackupManifest:
        """Return the manifest, after all runs have been read, when it covers what was read."""
        found = self._line.manifest
        if found is None or found.sha256 != self._digest.hexdigest():
            raise self.damaged("its content is not that of its manifest")
        if next(self._lines, None) is not None:
            raise self.damaged("it goes on after its manifest")
        return found

    def damaged(self, what: str) -> DataError:
        """Return what is wrong with the file as an error with its remedy."""
        return DataError(f"{self._name} is no whole backup: {what}; use another copy")

    def _facts(self) -> Iterator[Record]:
        while (fact := self._line.fact) is not None:
            self._advance()
            yield fact

    def _advance(self) -> None:
        """Read a line; the digest covers those before it."""
        self._digest.update(self._text)
        self._text = next(self._lines, b"")
        if not self._text:
            raise self.damaged("it ends early")
        try:
            self._line = msgspec.json.decode(self._text, type=_Line)
        except UNREADABLE as error:
            raise self.damaged(str(error)) from error


@contextmanager
def write_backup(file: BinaryIO, header: BackupHeader) -> Iterator[BackupWriter]:
    """Yield what writes a backup into a file."""
    # What is compressed into is closed with it; the file is its opener's to close.
    with (
        os.fdopen(os.dup(file.fileno()), "wb") as target,
        pa.CompressedOutputStream(target, "zstd") as packed,
        io.BufferedWriter(cast("io.RawIOBase", packed), _BUFFER_BYTES) as lines,
    ):
        yield BackupWriter(lines, header)


@contextmanager
def read_backup(path: Path) -> Iterator[BackupReader]:
    """Yield what reads a backup.

    Raises
    ------
    NotFoundError
        There is no such file.
    DataError
        It is torn, was edited, or is no backup.
    """
    if not path.is_file():
        raise NotFoundError(f"there is no backup {path}; name a file of 'tradectl database backup'")
    with path.open("rb") as file:
        if file.read(len(_ZSTD)) != _ZSTD:
            raise DataError(f"{path} is no backup; name a file of 'tradectl database backup'")
        file.seek(0)
        with pa.CompressedInputStream(file, "zstd") as packed:
            lines = io.BufferedReader(cast("io.RawIOBase", packed), _BUFFER_BYTES)
            yield BackupReader(_lines(lines, path), str(path))


def _lines(file: Iterable[bytes], path: Path) -> Iterator[bytes]:
    try:
        yield from file
    except OSError as error:
        raise DataError(f"{path} is no whole backup: {error}; use another copy") from error


def check_backup(path: Path) -> BackupManifest:
    """Read a backup from end to end, walk every chain in it, and return its manifest.

    Raises
    ------
    NotFoundError, DataError
        As ``read_backup``.
    """
    with read_backup(path) as backup:
        found: dict[str, Verification] = {}
        for run, records in backup.runs():
            found[run.run_id] = verify(records, run.head_hash)
        manifest = backup.manifest()
        if manifest.runs != found:
            raise backup.damaged("its chains are not those of its manifest")
    return manifest
