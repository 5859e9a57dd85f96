"""The look-alike's server: one port for REST and both websockets."""

from simulator.server.app import Setting, app, hall
from simulator.server.keyring import Holder, holder
from simulator.server.serve import DEFAULT_PORT, listening, serve

__all__ = ["DEFAULT_PORT", "Holder", "Setting", "app", "hall", "holder", "listening", "serve"]
