"""One market-data connection at the venue, handed on to many receivers."""

from cluster.relay.keys import RelayKey, RelayKeys, Right
from cluster.relay.ports import BlockLog, FoundRows, RowFinder, Upstream
from cluster.relay.receiver import Waiting
from cluster.relay.relay import Relay
from cluster.relay.server import RelayServer, relay_app

__all__ = [
    "BlockLog",
    "FoundRows",
    "Relay",
    "RelayKey",
    "RelayKeys",
    "RelayServer",
    "Right",
    "RowFinder",
    "Upstream",
    "Waiting",
    "relay_app",
]
