"""What can be said under ``/sim``, field by field, with the range of each."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from simulator.chaos import Strike
from simulator.exchange import AccountChange
from simulator.tape import FASTEST, SLOWEST

DAY_NS = 24 * 3600 * 1_000_000_000
_LATEST_NS = 2**62
_DEAREST = 10**15

type Speed = Annotated[float, Meta(ge=SLOWEST, le=FASTEST)]
type Instant = Annotated[int, Meta(ge=0, le=_LATEST_NS)]
"""UTC ns; what the tape allows is for the handler to say."""

type LimitPrice = Annotated[int, Meta(ge=0, le=_DEAREST)]
"""1e-6 USD, 0 for none."""


class Nothing(Struct, frozen=True):
    """No field at all."""


class Pause(Struct, frozen=True):
    """When time is to stand; None for now."""

    at: Instant | None = None


class Resume(Struct, frozen=True):
    """How fast time is to go on; None as before."""

    speed: Speed | Literal["max"] | None = None


class Step(Struct, frozen=True):
    """How much time is to pass."""

    span_ns: Annotated[int, Meta(ge=1, le=DAY_NS)]


class Seek(Struct, frozen=True):
    """Where to go."""

    ts: Instant


class Band(Struct, frozen=True):
    """Between which prices a stock may trade."""

    symbol: str
    limit_down: LimitPrice
    limit_up: LimitPrice


class StrikeNow(Struct, frozen=True):
    """What is done to every open socket."""

    what: Strike


class AccountOf(AccountChange, frozen=True, kw_only=True):
    """Which account is changed, and how."""

    key: str | None = None


class AssetNow(Struct, frozen=True, kw_only=True):
    """How a stock is to stand; None as before."""

    symbol: str
    status: Literal["active", "inactive"] | None = None
    tradable: bool | None = None


class Halt(Struct, frozen=True):
    """Whether a stock is halted."""

    symbol: str
    halted: bool
