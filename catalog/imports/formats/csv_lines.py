"""Text with a row a line as blocks of whole rows: a line that is none spoils no other.

A quote that is never closed would swallow the lines after it, and a byte that is no UTF-8, or a
field too many, would refuse the file. Such a line is put aside with its place; so a field that
goes over lines is not read, and no column of ours needs one.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.csv as pv
from numpy.typing import NDArray

from engine.domain.errors import DataError

_BLOCK_BYTES = 16 << 20
_LONGEST_LINE = 1 << 20
_NEWLINE, _RETURN, _QUOTE = b"\n"[0], b"\r"[0], b'"'[0]
_BOM = b"\xef\xbb\xbf"


class Source(Protocol):
    """Bytes that are read front to back."""

    def read(self, nbytes: int, /) -> bytes:
        """Return so many bytes, fewer at the end, none after it."""
        ...


class Block(NamedTuple):
    """Rows of a file, every field a text.

    ``broken`` says which rows were lines that are none: their fields are empty.
    """

    rows: pa.Table
    broken: NDArray[np.bool_]


class CsvLines:
    """The rows of a file of delimited fields.

    Parameters
    ----------
    source
        Uncompressed bytes.
    delimiter
        One character of ASCII between fields.
    path
        Of the file, for messages.
    """

    def __init__(self, source: Source, delimiter: str, path: str) -> None:
        self._source = source
        self._delimiter = delimiter
        self._path = path
        self._rest = b""

    def header(self) -> list[str]:
        """Return the names in the first line that is not empty.

        Raises
        ------
        DataError
            There is none, or it is no text.
        """
        line = b""
        while not line.strip():
            self._fill()
            if not self._rest:
                raise DataError(f"{self._path} cannot be read as CSV: it is empty")
            line, _, self._rest = self._rest.partition(b"\n")
            self._expect_short(line)
        try:
            parsed = pv.read_csv(
                io.BytesIO(line.removeprefix(_BOM).rstrip(b"\r") + b"\n"),
                read_options=pv.ReadOptions(autogenerate_column_names=True, use_threads=False),
                parse_options=self._parsing(),
                convert_options=pv.ConvertOptions(
                    column_types={
                        f"f{n}": pa.string()
                        for n in range(line.count(self._delimiter.encode()) + 1)
                    }
                ),
            )
        except pa.ArrowException as error:
            raise DataError(f"{self._path} cannot be read as CSV: {error}") from error
        if len(parsed) != 1:
            raise DataError(
                f"{self._path} holds carriage returns within its first line: end lines with a line "
                "feed, as most programs write them"
            )
        (names,) = parsed.to_pylist()
        return [name.strip() for name in names.values()]

    def blocks(self, names: list[str], wanted: list[str]) -> Iterator[Block]:
        """Yield the lines that follow, empty ones left out, with the columns that are wanted."""
        while text := self._whole_lines():
            block = self._block(text, names, wanted)
            if len(block.broken):
                yield block

    def _whole_lines(self) -> bytes:
        """Return the next lines that are whole, and the last one as it is."""
        self._fill()
        last = self._rest.rfind(b"\n") + 1
        if not last:
            text, self._rest = self._rest, b""
            self._expect_short(text)
            return text
        text, self._rest = self._rest[:last], self._rest[last:]
        return text

    def _fill(self) -> None:
        """Read until there is a block, or nothing more."""
        while len(self._rest) < _BLOCK_BYTES:
            more = self._source.read(_BLOCK_BYTES - len(self._rest))
            if not more:
                return
            self._rest += more

    def _expect_short(self, line: bytes) -> None:
        if len(line) > _LONGEST_LINE:
            raise DataError(
                f"{self._path} has a line of more than {_LONGEST_LINE:,} bytes: it is no file of "
                "rows"
            )

    def _block(self, text: bytes, names: list[str], wanted: list[str]) -> Block:
        lines, broken = _sound_lines(text, ord(self._delimiter), len(names))
        if not len(broken):
            return Block(pa.table({name: pa.nulls(0, pa.string()) for name in wanted}), broken)
        rows = pv.read_csv(
            io.BytesIO(lines),
            read_options=pv.ReadOptions(
                column_names=names, use_threads=False, block_size=len(lines) + 1
            ),
            parse_options=self._parsing(ignore_empty_lines=False),
            convert_options=pv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                include_columns=wanted,
            ),
        )
        return Block(rows, broken)

    def _parsing(self, **options: Any) -> pv.ParseOptions:
        return pv.ParseOptions(delimiter=self._delimiter, **options)


def _sound_lines(text: bytes, delimiter: int, fields: int) -> tuple[bytes, NDArray[np.bool_]]:
    """Return lines of which each is a row, and which of them stand for one that is none."""
    if not text.endswith(b"\n"):
        text += b"\n"
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n")
    raw = np.frombuffer(text, np.uint8)
    ends = np.flatnonzero(raw == _NEWLINE)
    starts = np.concatenate([[0], ends[:-1] + 1])
    filled = ends > starts
    if not filled.all():
        text = b"".join(text[a : b + 1] for a, b in zip(starts[filled], ends[filled], strict=True))
        return _sound_lines(text, delimiter, fields) if text else (b"", np.zeros(0, np.bool_))
    broken = _unquotable(raw, starts, ends, delimiter)
    broken |= _not_unicode(text, starts, ends)
    broken |= np.add.reduceat((raw == 0) | (raw == _RETURN), starts).astype(np.bool_)
    inside = _inside_quotes(raw, starts, ends, broken)
    counted = np.add.reduceat((raw == delimiter) & ~inside, starts) + 1
    broken |= counted != fields
    if broken.any():
        empty = bytes([delimiter]) * (fields - 1) + b"\n" if fields > 1 else b'""\n'
        text = b"".join(
            empty if is_broken else text[a : b + 1]
            for a, b, is_broken in zip(starts, ends, broken, strict=True)
        )
    return text, broken


def _unquotable(
    raw: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64], delimiter: int
) -> NDArray[np.bool_]:
    """Say in which lines a quote is not closed, or stands where none opens or closes a field."""
    quotes = raw == _QUOTE
    at = np.flatnonzero(quotes)
    if not len(at):
        return np.zeros(len(starts), np.bool_)
    counts = np.add.reduceat(quotes, starts, dtype=np.int64)
    line = np.searchsorted(ends, at)
    first_in_line = np.concatenate([[0], np.cumsum(counts)[:-1]])
    opens = (np.arange(len(at)) - first_in_line[line]) % 2 == 0
    edge = (raw == delimiter) | (raw == _NEWLINE) | quotes
    before = np.where(at == 0, True, edge[np.maximum(at - 1, 0)])
    after = edge[at + 1]
    misplaced = line[np.where(opens, ~before, ~after)]
    broken = counts % 2 == 1
    broken[misplaced] = True
    return broken


def _inside_quotes(
    raw: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    broken: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Say which bytes stand within quotes, as far as no line before them is broken."""
    quotes = raw == _QUOTE
    if not quotes.any():
        return np.zeros(len(raw), np.bool_)
    for k in np.flatnonzero(broken):
        quotes[starts[k] : ends[k]] = False
    return np.logical_xor.accumulate(quotes)


def _not_unicode(
    text: bytes, starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Say which lines are no UTF-8."""
    found = np.zeros(len(starts), np.bool_)
    try:
        text.decode()
    except UnicodeDecodeError:
        for k, (start, end) in enumerate(zip(starts, ends, strict=True)):
            try:
                text[start:end].decode()
            except UnicodeDecodeError:
                found[k] = True
    return found
