"""What a relay hands on at once: rows of a market-data stream as they came, numbered."""

from __future__ import annotations

import msgspec


class Block(msgspec.Struct, frozen=True):
    """Rows that were handed on together.

    Attributes
    ----------
    epoch : int
        Of the relay's process: a new one counts from 1 again under the next epoch.
    number : int
        Within its epoch, from 1 on.
    stamp : int
        When they arrived, UTC ns; never before the block above it. It is their only arrival
        time, whoever receives them and when.
    frame : bytes
        The rows as one msgpack array, as the venue wrote them.
    """

    epoch: int
    number: int
    stamp: int
    frame: bytes


class Gap(msgspec.Struct, frozen=True):
    """Rows are missing that should have come in ``[start_ns, end_ns]`` (UTC ns).

    ``complete`` says that the prints among them were fetched since, and came as blocks.
    """

    start_ns: int
    end_ns: int
    complete: bool
