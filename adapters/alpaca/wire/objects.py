"""Objects of Alpaca's trading API, JSON or msgpack, read field by field into structs.

Numbers are texts there, most fields may be null and new ones come: a field is believed only as
far as a struct asks for it, an absent one is its default, and one that is not what it should be
spoils its own object alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Optional, get_args, get_origin

import msgspec
from msgspec.msgpack import Ext

from adapters.alpaca.wire.instants import nanoseconds
from engine.domain.outside_text import exact, whole

Nanoseconds = Annotated[int, "UTC nanoseconds since 1970"]
"""Type of a field that is a time; a bare ``int`` is a number."""

_JSON_CELL = bool | int | float | str | list[msgspec.Raw] | dict[str, msgspec.Raw] | None
_MSGPACK_CELL = bool | int | float | str | Ext | list[msgspec.Raw] | dict[str, msgspec.Raw] | None
type Cell = _MSGPACK_CELL
_CELLS: tuple[Any, Any] = (
    msgspec.json.Decoder(dict[str, _JSON_CELL]),
    msgspec.msgpack.Decoder(dict[str, _MSGPACK_CELL]),
)
_LISTS: tuple[Any, Any] = (
    msgspec.json.Decoder(list[msgspec.Raw]),
    msgspec.msgpack.Decoder(list[msgspec.Raw]),
)
_TEXTS: tuple[Any, Any] = (msgspec.json.Decoder(str), msgspec.msgpack.Decoder(str))

_MSGPACK_FROM = 0x80
_LARGEST_EXPONENT = 30
"""Powers of ten an amount may have; beyond, arithmetic would fill the memory."""

UNREADABLE = (ValueError, RecursionError)
"""What reading raises of bytes or fields that are wrong; msgspec's errors are ValueErrors."""


@dataclass(frozen=True, slots=True)
class WireObject:
    """One object whose fields are not yet believed."""

    cells: Mapping[str, Cell]
    is_msgpack: bool

    def child(self, name: str) -> WireObject:
        """Return the object in a field.

        Raises
        ------
        ValueError
            There is none.
        """
        cell = self.cells.get(name)
        if isinstance(cell, dict):
            raws: dict[str, msgspec.Raw] = cell
            cells = {key: _cell(raw, is_msgpack=self.is_msgpack) for key, raw in raws.items()}
            return WireObject(cells, self.is_msgpack)
        raise ValueError(f"{name} is {_shown(cell)}, expected an object")

    def children(self, name: str) -> tuple[WireObject, ...]:
        """Return the objects in a field that is an array, none where it is null."""
        return tuple(wire_object(raw, is_msgpack=self.is_msgpack) for raw in self._raws(name))

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the texts in a field that is an array, none where it is null."""
        return tuple(_TEXTS[self.is_msgpack].decode(raw) for raw in self._raws(name))

    def _raws(self, name: str) -> list[msgspec.Raw]:
        cell = self.cells.get(name)
        if cell is None:
            return []
        if isinstance(cell, list):
            return cell
        raise ValueError(f"{name} is {_shown(cell)}, expected an array")

    def read[S: msgspec.Struct](self, struct: type[S]) -> S:
        """Return a struct filled from the fields it names.

        Raises
        ------
        ValueError
            A field is not what it should be, or a needed one is absent; the message names it.
        """
        values: dict[str, Any] = {}
        for field in _fields(struct):
            if field.item is not None:
                values[field.name] = tuple(
                    child.read(field.item) for child in self.children(field.key)
                )
                continue
            if field.convert is None:
                values[field.name] = self.texts(field.key)
                continue
            cell = self.cells.get(field.key)
            if cell is None or (cell == "" and not field.may_be_empty):
                if field.needed:
                    raise ValueError(f"{field.key} is absent, expected {field.expected}")
                continue
            try:
                values[field.name] = field.convert(cell)
            except (ValueError, TypeError) as error:
                raise ValueError(
                    f"{field.key} is {_shown(cell)}, expected {field.expected}"
                ) from error
        return struct(**values)


def wire_object(data: bytes | str | msgspec.Raw, *, is_msgpack: bool) -> WireObject:
    """Return the object that some bytes are.

    Raises
    ------
    ValueError, RecursionError
        They are none.
    """
    return WireObject(_CELLS[is_msgpack].decode(data), is_msgpack)


def wire_list(data: bytes | str, *, is_msgpack: bool) -> list[msgspec.Raw]:
    """Return the elements of the array that some bytes are; raises as ``wire_object``."""
    return _LISTS[is_msgpack].decode(data)


def is_msgpack(data: bytes | str) -> bool:
    """Say whether bytes begin as a msgpack map or array does; no JSON does."""
    return isinstance(data, bytes) and bool(data) and data[0] >= _MSGPACK_FROM


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    key: str
    needed: bool
    expected: str
    convert: Callable[[Cell], Any] | None
    may_be_empty: bool
    item: type[msgspec.Struct] | None


@cache
def _fields(struct: type[msgspec.Struct]) -> tuple[_Field, ...]:
    return tuple(_field(info) for info in msgspec.structs.fields(struct))


def _field(info: msgspec.structs.FieldInfo) -> _Field:
    if get_origin(info.type) is tuple:
        item: Any = get_args(info.type)[0]
        is_text = item is str
        return _Field(
            info.name, info.encode_name, needed=False, expected="an array", convert=None,
            may_be_empty=False, item=None if is_text else item,
        )  # fmt: skip
    convert, expected = _CONVERTERS[info.type]
    return _Field(
        info.name, info.encode_name, needed=info.required, expected=expected, convert=convert,
        may_be_empty=info.type is str and not info.required, item=None,
    )  # fmt: skip


def _cell(raw: msgspec.Raw, *, is_msgpack: bool) -> Cell:
    if is_msgpack:
        return msgspec.msgpack.decode(raw, type=_MSGPACK_CELL)
    return msgspec.json.decode(raw, type=_JSON_CELL)


def _text(cell: Cell) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, int) and not isinstance(cell, bool):
        return str(cell)
    raise ValueError("no text")


def _flag(cell: Cell) -> bool:
    if isinstance(cell, bool):
        return cell
    raise ValueError("neither true nor false")


def _whole(cell: Cell) -> int:
    if isinstance(cell, int | str) and not isinstance(cell, bool):
        return whole(cell) if isinstance(cell, str) else cell
    raise ValueError("no whole number")


def amount(cell: Cell) -> Decimal:
    """Return an exact number from a text or a number.

    Raises
    ------
    ValueError
        It is none, is not finite, or is beyond all measure.
    """
    if isinstance(cell, int | float | str) and not isinstance(cell, bool):
        value = exact(cell) if isinstance(cell, str) else Decimal(repr(cell))
        if value.is_finite() and abs(value.adjusted()) <= _LARGEST_EXPONENT:
            return value
    raise ValueError("no finite number")


def _instant(cell: Cell) -> int:
    if isinstance(cell, str | Ext):
        return nanoseconds(cell)
    raise ValueError("no time")


_MAYBE_NANOSECONDS = Optional[Nanoseconds]  # noqa: UP045  (pyright knows no | of Annotated)

_CONVERTERS: dict[Any, tuple[Callable[[Cell], Any], str]] = {
    str: (_text, "a text"),
    str | None: (_text, "a text"),
    bool: (_flag, "true or false"),
    bool | None: (_flag, "true or false"),
    int: (_whole, "a whole number"),
    int | None: (_whole, "a whole number"),
    Decimal: (amount, "a finite number"),
    Decimal | None: (amount, "a finite number"),
    Nanoseconds: (_instant, "a time in RFC 3339"),
    _MAYBE_NANOSECONDS: (_instant, "a time in RFC 3339"),
}


def _shown(cell: object) -> str:
    return repr(cell)[:60] if not isinstance(cell, list | dict) else f"an {_KINDS[type(cell)]}"


_KINDS: dict[type, str] = {list: "array", dict: "object"}
