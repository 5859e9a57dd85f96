"""Files that were changed at random: bits, bytes, pieces and numbers, as disks and people do."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

_TELLING = (
    b"", b"\0", b"\n", b"\r\n", b'"', b"'", b",", b";", b"|", b"\\", b"[", b"{", b"]", b"}", b"&a ",
    b"*a", b"..", b"/etc/x", b"=cmd|x", b"nan", b"inf", b"-1", b"0", b"1e999", b"9" * 40, b"null",
    b"true", b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"9999-12-31T00:00:00Z", b"-0", b"  ",
    b"\t", b"&a ",
)  # fmt: skip
_NUMBER = re.compile(rb"\d+")
_MOST_REPEATS = 2_000

type _Change = Callable[[random.Random, bytes], bytes]


def mutated(chance: random.Random, seed: bytes, other: bytes) -> bytes:
    """Return a seed after one to eight changes; ``other`` gives pieces of another."""
    for _ in range(chance.randint(1, 8)):
        change = chance.choice(_CHANGES)
        seed = change(chance, seed)
    return _spliced(chance, seed, other) if chance.random() < 0.2 else seed


def _place(chance: random.Random, text: bytes) -> int:
    return chance.randint(0, len(text))


def _piece(chance: random.Random, text: bytes) -> tuple[int, int]:
    start = _place(chance, text)
    return start, min(len(text), start + chance.randint(0, 40))


def _flipped(chance: random.Random, text: bytes) -> bytes:
    if not text:
        return text
    at = chance.randrange(len(text))
    return text[:at] + bytes([text[at] ^ (1 << chance.randrange(8))]) + text[at + 1 :]


def _inserted(chance: random.Random, text: bytes) -> bytes:
    at = _place(chance, text)
    return text[:at] + chance.choice(_TELLING) + text[at:]


def _replaced(chance: random.Random, text: bytes) -> bytes:
    start, end = _piece(chance, text)
    return text[:start] + chance.choice(_TELLING) + text[end:]


def _removed(chance: random.Random, text: bytes) -> bytes:
    start, end = _piece(chance, text)
    return text[:start] + text[end:]


def _repeated(chance: random.Random, text: bytes) -> bytes:
    start, end = _piece(chance, text)
    times = chance.choice((2, 3, _MOST_REPEATS))
    return text[:start] + text[start:end] * times + text[end:]


def _renumbered(chance: random.Random, text: bytes) -> bytes:
    found = list(_NUMBER.finditer(text[: 1 << 16]))
    if not found:
        return text
    number = chance.choice(found)
    new = str(chance.choice((0, 1, 2**31, 2**63 - 1, 2**63, 2**64, 10**40))).encode()
    return text[: number.start()] + new + text[number.end() :]


def _cut(chance: random.Random, text: bytes) -> bytes:
    return text[: _place(chance, text)]


def _spliced(chance: random.Random, text: bytes, other: bytes) -> bytes:
    return text[: _place(chance, text)] + other[_place(chance, other) :]


_CHANGES: tuple[_Change, ...] = (
    _flipped, _inserted, _replaced, _removed, _repeated, _renumbered, _cut,
)  # fmt: skip
