"""A whole day asked about in blocks: of one while the scanners close the next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from engine.signals.columns import TapePart
from engine.signals.whole_tape.signal_runner import SignalBlock, SignalSource, joined
from engine.signals.whole_tape.tape_block import TAPE_BUCKETS

KEPT_BUCKETS = 2 * TAPE_BUCKETS
"""What a scanner has to keep of the tape: what is read by now, and what is closed meanwhile."""


class ScannedPart(Protocol):
    """Some symbols on their way through the day."""

    def go_on(self, bucket: int) -> None:
        """Close the buckets before ``bucket``."""
        ...

    def tape_part(self) -> TapePart:
        """Return what has been closed; its scanner keeps ``KEPT_BUCKETS``."""
        ...


def ask_in_blocks(
    source: SignalSource,
    parts: Sequence[ScannedPart],
    ends: Sequence[int],
    pool: ThreadPoolExecutor,
) -> SignalBlock:
    """Return what is said of the whole tape up to the last of ``ends``.

    Parameters
    ----------
    parts : sequence of ScannedPart
        All symbols of the tape; they stand at the same bucket.
    ends : sequence of int
        The buckets before which blocks end, ascending; see ``block_ends``.
    """
    said: list[SignalBlock] = []
    start = 0
    closing: list[Future[None]] = []
    for end in [*ends, None]:
        for each in closing:
            each.result()
        tape = [part.tape_part() for part in parts]
        if end is not None:
            closing = [pool.submit(part.go_on, end) for part in parts]
        if tape[0].closed > start:
            said.append(source.take(tape, start))
            start = tape[0].closed
    return joined(said)


def block_ends(cuts: Iterable[int], longest: int = TAPE_BUCKETS) -> list[int]:
    """Return the numbers of the buckets before which blocks end: none spans one of the cuts.

    Parameters
    ----------
    cuts : iterable of int
        Numbers of buckets above 0; the largest is the end of the day.
    longest : int
        Buckets of a block at most; from 1 to ``TAPE_BUCKETS``.
    """
    ends: list[int] = []
    start = 0
    for cut in sorted({*cuts}):
        ends += range(start + longest, cut, longest)
        ends.append(cut)
        start = cut
    return ends
