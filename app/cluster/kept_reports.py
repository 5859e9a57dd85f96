"""The merged reports of a day on the hub's own disk: one that starts again has all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from cluster.coding import packed, unpacked_report
from cluster.reports import Owner, SlotReport
from engine.domain.candidate import BucketReport
from engine.domain.errors import DataError

_LENGTH_BYTES = 4
_NOBODY = Owner(0, 0)


class KeptReports:
    """A file of complete reports without windows, in order; what a kill left half written is cut.

    Parameters
    ----------
    path : Path
    is_new : bool
        Whether the run begins: what is there is of another one of its name.

    Attributes
    ----------
    before : list of BucketReport
        Those of earlier processes of the run.
    is_over : bool
        Whether the day has ended.
    """

    def __init__(self, path: Path, *, is_new: bool) -> None:
        self.before: list[BucketReport] = []
        path.parent.mkdir(parents=True, exist_ok=True)
        self.is_over = False
        self._path = path
        self._file = path.open("w+b" if is_new else "a+b")
        self._file.seek(0)
        self.before.extend(self._read())

    def add(self, reports: Sequence[BucketReport]) -> None:
        """Write further reports."""
        if not reports:
            return
        for report in reports:
            data = packed(SlotReport("", _NOBODY, 0, report))
            self._file.write(len(data).to_bytes(_LENGTH_BYTES, "little") + data)
        self._file.flush()

    def close(self) -> None:
        """Write no more; once its day is over nobody needs the file."""
        self._file.close()
        if self.is_over:
            self._path.unlink(missing_ok=True)

    def _read(self) -> Iterator[BucketReport]:
        """Yield what is whole, and cut the file behind it."""
        end = 0
        while len(head := self._file.read(_LENGTH_BYTES)) == _LENGTH_BYTES:
            length = int.from_bytes(head, "little")
            data = self._file.read(length)
            if len(data) < length:
                break
            try:
                report = unpacked_report(data).report
            except DataError:
                break
            end += _LENGTH_BYTES + length
            yield report
        self._file.truncate(end)
        self._file.seek(end)
