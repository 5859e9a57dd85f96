"""What each error code of the market-data stream means for the session."""

from __future__ import annotations

from enum import StrEnum


class Remedy(StrEnum):
    """What the session does about an error."""

    STOP = "stop"
    """The account or its plan must change; trying again only repeats it."""
    REFUSE = "refuse"
    """The subscription just asked for does not come; what was subscribed stays."""
    AUTHENTICATE = "authenticate"
    """Another session holds the only place: wait, then try again on this socket."""
    RECONNECT = "reconnect"
    """This connection is over; open another after a wait."""
    IGNORE = "ignore"
    """Nothing is wrong."""
    UNKNOWN = "unknown"
    """Not documented: open another connection if there is none yet, else go on."""


_POLICY: dict[int, tuple[Remedy, str]] = {
    400: (Remedy.REFUSE, "check the symbols: one is not well-formed"),
    401: (Remedy.RECONNECT, "the session was not authenticated"),
    402: (Remedy.STOP, "check the keys"),
    403: (Remedy.IGNORE, "the session was authenticated before"),
    404: (Remedy.RECONNECT, "authentication took too long"),
    405: (Remedy.REFUSE, "the plan carries fewer symbols (Basic: 30); drop some or upgrade"),
    406: (
        Remedy.AUTHENTICATE,
        "another session of this account is open on the feed, or lingers; close it",
    ),
    407: (Remedy.RECONNECT, "frames were read too slowly"),
    408: (Remedy.STOP, "the account has no access to this version of the stream"),
    409: (Remedy.STOP, "the plan does not include this feed; choose iex or upgrade"),
    410: (Remedy.REFUSE, "this feed has no such channel"),
    411: (Remedy.STOP, "the token has no scope for market data; authorise it again"),
    412: (Remedy.REFUSE, "options come in msgpack only; choose that codec"),
    413: (Remedy.REFUSE, "option quotes must be named; * is not allowed"),
    500: (Remedy.RECONNECT, "the server failed"),
}

_UNDOCUMENTED = (Remedy.UNKNOWN, "this code is not documented")


def remedy(code: int) -> Remedy:
    """Return what to do about a code."""
    return _POLICY.get(code, _UNDOCUMENTED)[0]


def advice(code: int) -> str:
    """Return what a person can do about a code."""
    return _POLICY.get(code, _UNDOCUMENTED)[1]
