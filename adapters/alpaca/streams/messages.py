"""What is said on the market-data stream beside the data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import msgspec

CHANNELS = {
    "trades": "trades",
    "quotes": "quotes",
    "bars": "bars",
    "updated_bars": "updatedBars",
    "daily_bars": "dailyBars",
    "statuses": "statuses",
    "lulds": "lulds",
    "imbalances": "imbalances",
    "news": "news",
}
"""Our names of the channels and the wire's; corrections and cancels come with trades."""

type Symbols = Mapping[str, Iterable[str]]
"""Symbols by channel, ``*`` for all."""

_CONTROL = rb'"T"\s*:\s*"(?:success|error|subscription|clock)"'
_CONTROL_TEXT = re.compile(_CONTROL.decode())
_CONTROL_BYTES = re.compile(_CONTROL)
_CONTROL_MSGPACK = re.compile(
    rb"\x91[\x81-\x8f]\xa1T(?:\xa7success|\xa5error|\xacsubscr|\xa5clock)"
)


class Gap(msgspec.Struct, frozen=True):
    """Data may be missing that should have come in ``[start_ns, end_ns]`` (UTC ns): fetch it."""

    start_ns: int
    end_ns: int


def change(action: str, symbols: Symbols) -> dict[str, object]:
    """Return the request that subscribes or unsubscribes."""
    named = {CHANNELS[channel]: sorted(names) for channel, names in symbols.items()}
    return {"action": action, **{channel: names for channel, names in named.items() if names}}


def is_control(frame: bytes | str) -> bool:
    """Say whether a frame is a message of the session: those come alone, ``T`` first in msgpack."""
    if isinstance(frame, str):
        return _CONTROL_TEXT.search(frame) is not None
    if frame[:1] in {b"[", b" "}:
        return _CONTROL_BYTES.search(frame) is not None
    return _CONTROL_MSGPACK.match(frame) is not None
