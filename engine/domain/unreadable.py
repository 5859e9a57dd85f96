"""What decoders raise over bytes that are not what they should be."""

from __future__ import annotations

import msgspec

UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)
"""No JSON or msgpack, another shape, nested past all depth, or text that is no UTF-8."""
