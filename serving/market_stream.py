"""Alpaca's market-data stream as a server of it speaks: channels, symbols, refusals by code."""

from __future__ import annotations

import re
from typing import Any

import msgspec

STOCK_CHANNELS = (
    "trades",
    "quotes",
    "bars",
    "updatedBars",
    "dailyBars",
    "statuses",
    "lulds",
    "imbalances",
)
WITH_TRADES = ("corrections", "cancelErrors")
"""Channels that come with the trades, whether they are named or not."""

ALL = "*"
SYMBOL = re.compile(r"\*|[A-Za-z0-9][A-Za-z0-9.\-/+:]{0,20}")
"""What may be subscribed to by name."""


class StreamError(msgspec.Struct, frozen=True):
    """A refusal as the stream words it."""

    code: int
    msg: str

    def message(self) -> dict[str, Any]:
        """Return it as it is sent."""
        return {"T": "error", "code": self.code, "msg": self.msg}


INVALID_SYNTAX = StreamError(400, "invalid syntax")
NOT_AUTHENTICATED = StreamError(401, "not authenticated")
AUTH_FAILED = StreamError(402, "auth failed")
ALREADY_AUTHENTICATED = StreamError(403, "already authenticated")
AUTH_TIMEOUT = StreamError(404, "auth timeout")
SYMBOL_LIMIT = StreamError(405, "symbol limit exceeded")
CONNECTION_LIMIT = StreamError(406, "connection limit exceeded")
SLOW_CLIENT = StreamError(407, "slow client")
INSUFFICIENT_SUBSCRIPTION = StreamError(409, "insufficient subscription")
INVALID_FOR_FEED = StreamError(410, "invalid subscribe action for this feed")
INTERNAL_ERROR = StreamError(500, "internal error")
