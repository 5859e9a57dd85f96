"""What goes wrong on purpose, as it does at the venue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec

from simulator.steering_body import steering_body

_MOST = 1_000_000

type Times = Annotated[int, msgspec.Meta(ge=0, le=_MOST)]
type Secs = Annotated[float, msgspec.Meta(ge=0, le=_MOST)]


class Chaos(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Switches; all are off at first.

    Switches that count go down as they strike; seconds are the wall's.

    Attributes
    ----------
    mute : bool
        Market-data sockets stay connected and answer pings, but say nothing more.
    mute_symbols : tuple of str
        Rows of these do not come.
    repeat_frames : bool
        Every frame of prints and quotes comes again with the next.
    refuse_connections_secs : float
        So long every authentication gets 406.
    rate_limited_secs : float
        So long every request of the trading API gets 429, with the reset.
    lost_replies : int
        So many of the next orders are accepted but answered with 504.
    failing_requests : int
        So many of the next requests get 500 and have no effect.
    slow_rest_secs : float
        Every answer of the trading API comes so late.
    duplicate_updates, reorder_updates : bool
        Each update comes twice; two that come at once change places.
    tell_sibling_cancels : bool
        The cancel of a leg whose sibling filled is told; the venue leaves it to be found out.
    early_updates : bool
        What an order brings about is told before its request is answered.
    fill_during_replace : int
        So many of the next replacements find their order filled first, at its limit or the touch.
    unknown_words : bool
        Updates and orders carry states and events nobody knows.
    late_corrections : int
        So often a print of at least half a minute ago is corrected: its size doubles.
    """

    mute: bool = False
    mute_symbols: tuple[str, ...] = ()
    repeat_frames: bool = False
    refuse_connections_secs: Secs = 0.0
    rate_limited_secs: Secs = 0.0
    lost_replies: Times = 0
    failing_requests: Times = 0
    slow_rest_secs: Secs = 0.0
    duplicate_updates: bool = False
    reorder_updates: bool = False
    tell_sibling_cancels: bool = False
    early_updates: bool = False
    fill_during_replace: Times = 0
    unknown_words: bool = False
    late_corrections: Times = 0


type Strike = Literal["drop", "half_open", "close_1011", "slow_client", "malformed", "huge", "nan"]
"""What is done at once to every open socket of a stream; the last three are frames it is sent."""


class Switchboard:
    """The switches in force.

    Parameters
    ----------
    wall : function
        Seconds, monotonic.
    """

    def __init__(self, wall: Callable[[], float]) -> None:
        self.on = Chaos()
        self._wall = wall
        self._since: dict[str, float] = {}

    def turn(self, changes: dict[str, Any]) -> Chaos:
        """Turn switches; those not named stay.

        Raises
        ------
        ConfigError
            There is no such switch, or it takes another kind of value.
        """
        self.on = steering_body(msgspec.to_builtins(self.on) | changes, Chaos, spelt=True)
        for name in changes:
            self._since[name] = self._wall()
        return self.on

    def calm(self) -> None:
        """Turn everything off."""
        self.on = Chaos()

    def lasts(self, name: str) -> float:
        """Return how many seconds a switch that was turned on for some time has left."""
        total: float = getattr(self.on, name)
        if not total:
            return 0.0
        return max(0.0, self._since[name] + total - self._wall())

    def strikes(self, name: str) -> bool:
        """Use up one of a switch that counts; say whether there was one."""
        left: int = getattr(self.on, name)
        if left > 0:
            setattr(self.on, name, left - 1)
        return left > 0
