"""Cells of a column as numbers, times, texts and codes: one that cannot be read spoils no other.

What cannot be read is null, and so a flaw of its row, but for a time: there null means that none
was given, and ``NO_TIME`` that what was given is none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv

NO_TIME = 0
"""Stands for a time that cannot be."""

_NOTHING = pa.array(pv.ConvertOptions().null_values or [])
"""Texts that say that there is no number."""

_INT64_MAX = (1 << 63) - 1
_NANOS = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}
_SPAN_SECS = (0, 4_200_000_000)
"""1970 to 2103: what lies outside is no time of a market's, and may not fit into nanoseconds."""

_NUMBER = r"(?i)^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|nan|inf(?:inity)?)$"
_WHOLE = r"^[+-]?\d+$"
_DECIMAL = r"^\d{1,19}\.\d+$"
_ZONED = r"^\d{4}-\d\d-\d\d[ T].*(?:Z|[+-]\d\d(?::?\d\d)?)$"
_UNZONED = r"^\d{4}-\d\d-\d\d(?:[ T][\d:.]*)?$"


def is_text(column: Any) -> bool:
    """Say whether a column holds texts."""
    return pa.types.is_string(column.type) or pa.types.is_large_string(column.type)


def plain(column: Any) -> pa.ChunkedArray:
    """Return a column without dictionaries, bytes and views; text that is no Unicode is null."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_string_view(column.type):
        column = column.cast(pa.string())
    is_bytes = (
        pa.types.is_binary(column.type)
        or pa.types.is_large_binary(column.type)
        or pa.types.is_fixed_size_binary(column.type)
        or pa.types.is_binary_view(column.type)
    )
    if is_text(column) or is_bytes:
        return readable(column.cast(pa.binary()), pa.string())
    return column


def readable(column: Any, wanted: Any) -> pa.ChunkedArray:
    """Return a column as another type, null where one cell cannot be read; halves until found."""
    try:
        return pa.chunked_array(column.cast(wanted).chunks, wanted)
    except pa.ArrowInvalid:
        if len(column) == 1:
            return pa.chunked_array([pa.nulls(1, wanted)])
        half = len(column) // 2
        parts = (column.slice(0, half), column.slice(half))
        chunks = [chunk for part in parts for chunk in readable(part, wanted).chunks]
        return pa.chunked_array(chunks, wanted)


def numbers(column: Any, wanted: pa.DataType) -> pa.ChunkedArray:
    """Return numbers, however they are written, as another type of number."""
    if not is_text(column):
        return column.cast(wanted, safe=False)
    said = _said(column)
    try:
        return said.cast(wanted)
    except pa.ArrowInvalid:
        return readable(_where(said, pc.match_substring_regex(said, _NUMBER)), wanted)


def texts(column: Any) -> pa.ChunkedArray:
    """Return a column as texts."""
    return column if is_text(column) else readable(column, pa.string())


def symbols(column: Any) -> pa.ChunkedArray:
    """Return tickers without the space that columns of a fixed width have around them."""
    return pc.utf8_trim(texts(column), characters=" \t\r")


def recoded(column: Any, code: Callable[[str], str]) -> pa.ChunkedArray:
    """Return texts, or lists of them, each in another spelling that is asked for once."""
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        column = _joined(column)
    coded: Any = texts(column).dictionary_encode().combine_chunks()
    spelled = pa.array([code(each) for each in coded.dictionary.to_pylist()], pa.string())
    return pa.chunked_array([spelled.take(coded.indices)])


def nanoseconds(column: Any, unit_ns: int, timezone: str) -> pa.ChunkedArray:
    """Return times of any usual type as UTC nanoseconds.

    Parameters
    ----------
    unit_ns : int
        Nanoseconds in one unit of a time that is a number.
    timezone : str
        Of times without one.
    """
    if is_text(column):
        return _written_times(_said(column), unit_ns, timezone)
    if pa.types.is_date(column.type):
        column = column.cast(pa.timestamp("ms"))
    if pa.types.is_timestamp(column.type):
        return _stamps(column, timezone)
    if pa.types.is_floating(column.type):
        return _fractions(column, unit_ns)
    return _scaled(
        column.cast(pa.int64(), safe=False)
        if pa.types.is_integer(column.type)
        else readable(column, pa.int64()),
        unit_ns,
    )


def _written_times(said: Any, unit_ns: int, timezone: str) -> pa.ChunkedArray:
    """Return written times, each by its own spelling."""
    found: Any = pa.chunked_array([pa.nulls(len(said), pa.int64())])
    for pattern, read in (
        (_WHOLE, lambda part: _scaled(readable(part, pa.int64()), unit_ns)),
        (_DECIMAL, lambda part: _decimals(part, unit_ns)),
        (_ZONED, lambda part: _stamps(readable(part, pa.timestamp("ns", "UTC")), timezone)),
        (_UNZONED, lambda part: _stamps(readable(part, pa.timestamp("ns")), timezone)),
    ):
        spelled_so = pc.match_substring_regex(said, pattern)
        if pc.any(spelled_so).as_py():
            found = pc.coalesce(found, read(_where(said, spelled_so)))
    return pc.if_else(pc.and_(found.is_null(), said.is_valid()), NO_TIME, found)


def _decimals(said: Any, unit_ns: int) -> pa.ChunkedArray:
    """Return numbers with a decimal point; digits beyond the nanosecond are cut off."""
    digits = len(str(unit_ns)) - 1
    whole = pc.replace_substring_regex(said, r"\..*$", "")
    rest = pc.replace_substring_regex(said, r"^.*\.", "")
    rest = pc.utf8_slice_codeunits(pc.utf8_rpad(rest, digits, "0"), 0, digits)
    below = readable(rest, pa.int64()) if digits else pc.if_else(rest.is_valid(), 0, None)
    above = _scaled(readable(whole, pa.int64()), unit_ns)
    return pc.if_else(
        pc.equal(above, pa.scalar(NO_TIME)), above, pc.add(above, below.cast(pa.int64()))
    )


def _stamps(column: Any, timezone: str) -> pa.ChunkedArray:
    """Return timestamps of any unit; those that nanoseconds cannot hold are none."""
    unit = column.type.unit
    counted = column.cast(pa.int64())
    first, last = (pa.scalar(secs * 1_000_000_000 // _NANOS[unit]) for secs in _SPAN_SECS)
    is_time = pc.and_(pc.greater(counted, first), pc.less(counted, last))
    sound = _where(column, is_time)
    if column.type.tz is None:
        sound = pc.assume_timezone(sound, timezone, ambiguous="earliest", nonexistent="earliest")
    stamps = sound.cast(pa.timestamp("ns", "UTC")).cast(pa.int64())
    return pc.if_else(pc.invert(is_time), NO_TIME, stamps)


def _fractions(column: Any, unit_ns: int) -> pa.ChunkedArray:
    """Return times that are floats; NaN is how many libraries write that there is none."""
    column = column.cast(pa.float64())
    column = pc.if_else(pc.is_nan(column), None, column)
    most = float(_SPAN_SECS[1] * 1_000_000_000 // unit_ns)
    is_time = pc.and_(pc.greater(column, pa.scalar(0.0)), pc.less(column, pa.scalar(most)))
    sound = _where(column, is_time)
    whole = pc.floor(sound)
    below = pc.round(pc.multiply(pc.subtract(sound, whole), float(unit_ns)))
    stamps = pc.add(pc.multiply(whole.cast(pa.int64()), unit_ns), below.cast(pa.int64()))
    return pc.if_else(pc.invert(is_time), NO_TIME, stamps)


def _scaled(counted: Any, unit_ns: int) -> pa.ChunkedArray:
    """Return whole numbers of a unit as nanoseconds."""
    most = _INT64_MAX // unit_ns
    is_time = pc.and_(pc.greater(counted, pa.scalar(0)), pc.less_equal(counted, pa.scalar(most)))
    return pc.multiply(pc.if_else(is_time, counted, NO_TIME), unit_ns)


def _joined(lists: Any) -> pa.ChunkedArray:
    """Return lists as texts with commas between their items; one that is null is left out."""
    listed: Any = lists.cast(pa.list_(pa.string())).combine_chunks()
    joined: Any = pc.binary_join(listed, ",")
    has_null: Any = pc.and_(joined.is_null(), listed.is_valid())
    without = [
        ",".join(item for item in items if item is not None)
        for items in listed.filter(has_null).to_pylist()
    ]
    return pa.chunked_array(
        [pc.replace_with_mask(joined, has_null, pa.array(without, pa.string()))]
    )


def _said(column: Any) -> Any:
    """Return texts without the space around them, null where they say that there is nothing."""
    trimmed = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.is_in(trimmed, _NOTHING), None, trimmed)


def _where(column: Any, mask: Any) -> Any:
    """Return the cells that a mask has, null for the others."""
    return pc.if_else(mask, column, None)
