"""Pages on their way from a vendor to the catalog, kept so that nothing is asked twice.

A page is a line; a line is on disk before the next page is asked for. What a killed process left
behind is whole but for its last line, which is then dropped.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from catalog.files import storage_error
from catalog.pull.vendor import Page

_PART_BYTES = 64 << 20


class Spool:
    """The pages of one answer, in order.

    Parameters
    ----------
    folder
        Of this answer alone.
    name
        Files are called after it.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name

    def last(self) -> Page | None:
        """Return the last whole page, None where there is none; drops a torn line after it."""
        parts = self.files()
        while parts:
            part = Path(parts.pop())
            content = part.read_bytes()
            whole = content.rfind(b"\n") + 1
            if whole < len(content):
                with part.open("r+b") as file:
                    file.truncate(whole)
            if whole:
                line = content[content.rfind(b"\n", 0, whole - 1) + 1 : whole]
                return _page(line)
            part.unlink()
        return None

    def add(self, page: Page) -> None:
        """Append a page; it is on disk when this returns.

        Raises
        ------
        ConfigError, RunError
            It cannot be written.
        """
        line = msgspec.json.encode(page.fields).replace(b"\n", b" ") + b"\n"
        try:
            with self._part().open("ab") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise storage_error(error, str(self._folder)) from error

    def pages(self) -> Iterator[Page]:
        """Yield every page."""
        for part in self.files():
            with Path(part).open("rb") as file:
                for line in file:
                    yield _page(line)

    def files(self) -> list[str]:
        """Return the files that hold pages, in order."""
        return sorted(map(str, self._folder.glob(f"{self._name}-*.jsonl")))

    def _part(self) -> Path:
        parts = self.files()
        if parts and Path(parts[-1]).stat().st_size < _PART_BYTES:
            return Path(parts[-1])
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder / f"{self._name}-{len(parts):04}.jsonl"


def remove(folder: Path) -> None:
    """Remove a spool folder, and those above it that are left empty."""
    shutil.rmtree(folder, ignore_errors=True)
    if folder.parent.is_dir() and not any(folder.parent.iterdir()):
        folder.parent.rmdir()


def _page(line: bytes) -> Page:
    fields = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    token = msgspec.json.decode(fields.get("next_page_token", b"null"), type=str | None)
    return Page(fields, token)
