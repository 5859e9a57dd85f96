# pyright: basic, reportAttributeAccessIssue=false, reportArgumentType=false
# pyright: reportOperatorIssue=false, reportReturnType=false
# (numba gives records their fields when it compiles; pyright sees numpy's void)
"""The prints that may still be taken back: of each symbol those of the last two minutes.

Whether a print is found follows from its symbol's prints and from arrivals alone, so that a decoder
of one letter matches the same cancels as one of all letters. They stand one after another as they
came, each with the number of its symbol's one before: written symbol by symbol they would cost a
third of the walk's speed, for every one of them would miss the cache.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from adapters.alpaca.wire.msgpack_walk import compiled
from engine.domain.session import NANOS_PER_SECOND

REMEMBERED = 4096
"""Latest prints of one symbol that are looked at for the one to take back."""

REMEMBERED_NS = 120 * NANOS_PER_SECOND
"""How long after its arrival a print can be found, to a millisecond."""

_TICK = 20
"""Arrivals are kept in 2 ** 20 ns, for a shift costs nothing."""
_REMEMBERED = (REMEMBERED_NS >> _TICK) + 1

_STRETCH = 63
_FIRST_ROOM = 1 << 16
MOST_ROOM = 1 << 22
"""Prints of all symbols together, 32 bytes each: 2 MB at first, 134 MB at most.

The room is doubled when a print that can still be found stood where the next one goes: a day of
100 M prints takes 17 MB, up to 134 after the opening. Only where more than 35,000 prints a second
arrive for two minutes do older ones give way too soon.
"""

_PRINT = np.dtype(
    [
        ("trade_id", "i8"),
        ("ts_event", "i8"),
        ("arrived", "i4"),
        ("back", "i4"),
        ("figures", "i4"),
        ("condition_id", "i2"),
        ("exchange", "u1"),
    ],
    align=True,
)
"""A print in half a cache line, so that the latest stay in the cache.

``arrived`` is in ticks, less what does not fit; ``back`` the distance to its symbol's print before,
0 where that is forgotten; ``figures`` price and size in one number.
"""

_MOST = np.int64(0x7FFFFFFF)
_MIX = np.int64(-7046029254386353131)


class PrintMemory(NamedTuple):
    """The latest prints of all symbols, numbered as they came.

    Attributes
    ----------
    prints : structured array, shape (2 ** k,)
        Number n lies at ``n % len(prints)``.
    last : int64 array, shape (symbols,)
        One plus the number of each symbol's latest print.
    count : int64 array, shape (1,)
        Prints so far.
    """

    prints: NDArray[Any]
    last: NDArray[np.int64]
    count: NDArray[np.int64]


def print_memory(symbols: int) -> PrintMemory:
    """Return an empty memory for so many symbols."""
    return PrintMemory(
        np.zeros(_FIRST_ROOM, _PRINT), np.zeros(symbols, np.int64), np.zeros(1, np.int64)
    )


def with_room_for_prints(memory: PrintMemory) -> PrintMemory:
    """Return the memory with twice the room, every print where its number puts it."""
    room = len(memory.prints)
    oldest = int(memory.count[0]) - room
    cut, upper = oldest % room, oldest // room % 2
    prints = np.zeros(2 * room, _PRINT)
    halves = prints.view(np.int64).reshape(2, room, -1)
    before = memory.prints.view(np.int64).reshape(room, -1)
    halves[upper, cut:] = before[cut:]
    halves[1 - upper, :cut] = before[:cut]
    return memory._replace(prints=prints)


@compiled
def is_full(memory: PrintMemory, arrived: int) -> bool:
    """Say whether one of the next prints would take the place of one that can still be found.

    It is asked before each message; places are looked at by the stretch, the youngest of each.
    """
    number = memory.count[0]
    if number & _STRETCH != 0:
        return False
    room = len(memory.prints)
    if number < room or room >= MOST_ROOM:
        return False
    return _is_kept(memory.prints[(number & (room - 1)) + _STRETCH].arrived, arrived)


@compiled
def _is_kept(arrived: int, now: int) -> bool:
    return ((now >> _TICK) - arrived & _MOST) <= _REMEMBERED


@compiled
def _figures(price: int, size: int) -> int:
    """Return 31 bits that stand for price and size; they are looked at where an id is the same."""
    mixed = (price * _MIX ^ size) * _MIX
    return mixed >> 32 & _MOST


@compiled
def remember(
    memory: PrintMemory,
    symbol: int,
    trade_id: int,
    ts_event: int,
    arrived: int,
    price: int,
    size: int,
    condition_id: int,
    exchange: int,
) -> None:
    """Remember a print, in the place of the one that has been there for longest."""
    number, room = memory.count[0], len(memory.prints)
    back = number + 1 - memory.last[symbol]
    row = memory.prints[number & (room - 1)]
    row.trade_id = trade_id
    row.ts_event = ts_event
    row.arrived = arrived >> _TICK & _MOST
    row.back = back if back <= room and memory.last[symbol] > 0 else 0
    row.figures = _figures(price, size)
    row.condition_id = condition_id
    row.exchange = exchange
    memory.last[symbol] = number + 1
    memory.count[0] = number + 1


@compiled
def find(
    memory: PrintMemory,
    symbol: int,
    trade_id: int,
    exchange: int,
    arrived: int,
    price: int,
    size: int,
) -> int:
    """Return where a print is remembered, -1 if it is not; ``arrived`` is when it is taken back."""
    if trade_id == 0:
        return -1
    room, last = len(memory.prints), memory.last[symbol]
    for _ in range(REMEMBERED):
        if last <= max(memory.count[0] - room, 0):
            return -1
        place = (last - 1) & (room - 1)
        row = memory.prints[place]
        if row.trade_id == trade_id and row.exchange == exchange:
            is_same = row.figures == _figures(price, size)
            return place if is_same and _is_kept(row.arrived, arrived) else -1
        if row.back == 0:
            return -1
        last -= row.back
    return -1
