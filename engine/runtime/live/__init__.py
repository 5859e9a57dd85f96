"""A nautilus node, its venue and who keeps the time."""

from engine.runtime.live.day import LiveDay
from engine.runtime.live.host_time import GrantedTime, RunningTime
from engine.runtime.live.issues import IssueTracker
from engine.runtime.live.left_behind import HeldTrade, LeftBehind, ProtectedVenue
from engine.runtime.live.protection import ProtectionWatch
from engine.runtime.live.venue import Grant, LiveVenue, VenueHealth, VenueWatch
from engine.runtime.live.venue_account import (
    AccountStanding,
    NodeSettings,
    RecalledTape,
    RelayAddress,
    VenueAccount,
    VenueOpening,
)

__all__ = [
    "AccountStanding",
    "Grant",
    "GrantedTime",
    "HeldTrade",
    "IssueTracker",
    "LeftBehind",
    "LiveDay",
    "LiveVenue",
    "NodeSettings",
    "ProtectedVenue",
    "ProtectionWatch",
    "RecalledTape",
    "RelayAddress",
    "RunningTime",
    "VenueAccount",
    "VenueHealth",
    "VenueOpening",
    "VenueWatch",
]
