"""The tape strip as a binary message: a head of 20 bytes, then one signed byte a symbol.

::

    offset  type    what
    0       uint8   1: a tape strip
    1       uint8   bit 0: full, everything before may be forgotten
    2       uint16  0
    4       uint32  seq
    8       int64   end of the bucket, UTC ns
    16      uint16  scale: score = byte ÷ scale
    18      uint16  how many strips: acceleration's, then those of `names.strips`
    20      int8…   by place; -128 unknown, 0 nothing to say

Numbers are little-endian. Strips of one message stand one after the other, each with as many bytes
as there are symbols; the count is what is left ÷ strips.
"""

from __future__ import annotations

import struct

from engine.display import DisplayFrame

_HEAD = struct.Struct("<BBHIqHH")
_KIND = 1


def tape_message(frame: DisplayFrame, seq: int, *, full: bool) -> bytes:
    """Return the strips of a frame that has some."""
    strip = frame.strip
    assert strip is not None  # noqa: S101  (asked before)
    ts = frame.ts if frame.bucket is None else frame.bucket.ts_event
    strips = [strip.scores, *(each.scores for each in frame.strips)]
    size = len(strip.scores)
    same = [each for each in strips if len(each) == size]
    head = _HEAD.pack(_KIND, int(full), 0, seq & 0xFFFFFFFF, ts, strip.scale, len(same))
    return head + b"".join(same)
