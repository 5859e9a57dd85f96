"""Slots: which part of the alphabet a symbol belongs to, as typed and as a table.

A symbol's place is its first two characters, capitals or not. Whatever is no letter counts as A:
so ``S``, ``S.PR`` and ``S1X`` stand with ``SA``, and ``7203`` with ``AA``. Every symbol has exactly
one place, and a slot is a stretch of places.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.domain.errors import ConfigError

LETTERS = 26
PLACES = LETTERS * LETTERS
"""Pairs of first and second letter."""

AUTO = "auto"
"""Typed where the hub is to say which slots a shard has."""

ACROSS = "across"
"""The slot of strategies that look across symbols: it sees all of them, and reports only what those
strategies say."""

_PREFIX = re.compile(r"[A-Z]{1,2}")
_HALF = re.compile(r"([A-Z])([0-9]+)")
_EXPECTED = "expected a letter (A), a range (A-C), half a letter (S1, S2), prefixes (SA-SM) or auto"


class Slot(NamedTuple):
    """The places from ``first`` to ``last``, that one included; 0 is ``AA``, 675 ``ZZ``."""

    first: int
    last: int

    @property
    def name(self) -> str:
        """The one way in which the slot is written: ``A``, ``A-C``, ``SP``, ``SA-SM``, ``A-SM``."""
        (one, start), (other, end) = divmod(self.first, LETTERS), divmod(self.last, LETTERS)
        if start == 0 and end == LETTERS - 1:
            return _letter(one) if one == other else f"{_letter(one)}-{_letter(other)}"
        if self.first == self.last:
            return _pair(self.first)
        since = _letter(one) if start == 0 and one != other else _pair(self.first)
        until = _letter(other) if end == LETTERS - 1 and one != other else _pair(self.last)
        return f"{since}-{until}"

    def __str__(self) -> str:
        return self.name


def slots_of(text: str) -> tuple[Slot, ...] | None:
    """Return the slots of ``--letters``, in order; None for ``auto``.

    Parameters
    ----------
    text : str
        Slots with commas between them: ``A``, ``A-C``, ``SA-SM``; ``S1`` is ``SA-SM``, ``S2``
        ``SN-SZ``.

    Raises
    ------
    ConfigError
        A slot cannot be read, runs backwards, or overlaps another one.
    """
    if text.strip().lower() == AUTO:
        return None
    return _apart([_slot(part.strip()) for part in text.split(",")])


class Slots:
    """The whole alphabet cut into slots.

    Parameters
    ----------
    slots : iterable of Slot

    Raises
    ------
    ConfigError
        Two overlap, or nobody covers a part of it.
    """

    def __init__(self, slots: Sequence[Slot]) -> None:
        self.slots = _apart(slots)
        edges = [-1, *(slot.last for slot in self.slots)]
        starts = [*(slot.first for slot in self.slots), PLACES]
        gaps = [
            Slot(end + 1, start - 1).name
            for end, start in zip(edges, starts, strict=True)
            if end + 1 < start
        ]
        if gaps:
            raise ConfigError(f"no slot covers {', '.join(gaps)}: every symbol needs one")

    def __len__(self) -> int:
        return len(self.slots)

    def __iter__(self) -> Iterator[Slot]:
        return iter(self.slots)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the slots, in order."""
        return tuple(slot.name for slot in self.slots)

    def of(self, symbols: Sequence[str]) -> NDArray[np.int16]:
        """Return the number of each symbol's slot, shape (n,)."""
        return self._of_place[places_of(symbols)]

    def slot_of(self, symbol: str) -> Slot:
        """Return the slot that a symbol belongs to."""
        return self.slots[int(self.of([symbol])[0])]

    @cached_property
    def by_first_bytes(self) -> NDArray[np.int16]:
        """The number of the slot by a symbol's first two bytes, shape (256, 256).

        For whoever cuts frames without making strings: behind a symbol of one letter any byte that
        is no letter will do, such as its closing quotation mark.
        """
        byte = _LETTER_OF_BYTE.astype(np.int64)
        return self._of_place[byte[:, None] * LETTERS + byte[None, :]]

    @cached_property
    def _of_place(self) -> NDArray[np.int16]:
        sizes = [slot.last - slot.first + 1 for slot in self.slots]
        return np.repeat(np.arange(len(self.slots), dtype=np.int16), sizes)


def places_of(symbols: Sequence[str]) -> NDArray[np.int64]:
    """Return the place of each symbol, shape (n,)."""
    first = np.array([symbol[:2].encode("ascii", "replace") for symbol in symbols], "S2")
    letters = _LETTER_OF_BYTE[first.view(np.uint8).reshape(-1, 2)].astype(np.int64)
    return letters[:, 0] * LETTERS + letters[:, 1]


def _letters_of_bytes() -> NDArray[np.uint8]:
    """Return the number of the letter that each byte counts as."""
    table = np.zeros(256, np.uint8)
    for start in b"Aa":
        table[start : start + LETTERS] = np.arange(LETTERS)
    return table


_LETTER_OF_BYTE = _letters_of_bytes()


def _apart(slots: Sequence[Slot]) -> tuple[Slot, ...]:
    """Return slots in order if no two of them overlap."""
    in_order = tuple(sorted(slots))
    for one, other in pairwise(in_order):
        if other.first <= one.last:
            raise ConfigError(
                f"slots {one} and {other} overlap: a symbol belongs to one slot, give each once"
            )
    return in_order


def _slot(text: str) -> Slot:
    """Return one slot as it is typed."""
    typed = text.upper() if text.isascii() else text
    if half := _HALF.fullmatch(typed):
        start = _number(half[1]) * LETTERS
        middle = start + LETTERS // 2
        halves = {"1": Slot(start, middle - 1), "2": Slot(middle, start + LETTERS - 1)}
        if half[2] not in halves:
            raise ConfigError(
                f"{typed} is no slot: {half[1]} has two halves, "
                + " and ".join(f"{half[1]}{which} ({slot})" for which, slot in halves.items())
            )
        return halves[half[2]]
    since, dash, until = typed.partition("-")
    ends = (since, until) if dash else (since, since)
    for end in ends:
        if not _PREFIX.fullmatch(end):
            raise ConfigError(
                f"{text!r} is no slot: {end or 'nothing'!r} is no prefix; {_EXPECTED}"
            )
    first, last = _first(ends[0]), _last(ends[1])
    if last < first:
        raise ConfigError(f"slot {typed} runs backwards: did you mean {until}-{since}?")
    return Slot(first, last)


def _first(prefix: str) -> int:
    return _number(prefix[0]) * LETTERS + (_number(prefix[1]) if len(prefix) > 1 else 0)


def _last(prefix: str) -> int:
    return _number(prefix[0]) * LETTERS + (_number(prefix[1]) if len(prefix) > 1 else LETTERS - 1)


def _number(letter: str) -> int:
    return ord(letter) - ord("A")


def _letter(number: int) -> str:
    return chr(ord("A") + number)


def _pair(place: int) -> str:
    return _letter(place // LETTERS) + _letter(place % LETTERS)
