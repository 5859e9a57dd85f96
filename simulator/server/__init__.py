"""The look-alike's server: one port for REST and both websockets."""

from simulator.server.app import Setting, app, connections
from simulator.server.keyring import Holder, holder
from simulator.server.serve import CONTROL_PREFIX, DEFAULT_PORT, serve

__all__ = [
    "CONTROL_PREFIX",
    "DEFAULT_PORT",
    "Holder",
    "Setting",
    "app",
    "connections",
    "holder",
    "serve",
]
