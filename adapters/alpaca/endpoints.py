"""Where each venue is reached: the simulator, paper trading, or real money."""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import urlsplit

import msgspec

from engine.domain.errors import ConfigError

SIM_URL = "TRADECTL_SIM_URL"
_DEFAULT_SIM = "http://127.0.0.1:8765"
_DATA = "https://data.alpaca.markets"
_DATA_STREAM = "wss://stream.data.alpaca.markets"


class Venue(StrEnum):
    """Where orders go."""

    SIM = "alpaca-sim"
    PAPER = "alpaca-paper"
    LIVE = "alpaca-live"


class Endpoints(msgspec.Struct, frozen=True):
    """Addresses of one venue, without a slash at the end.

    Attributes
    ----------
    trading, data : str
        REST of the account and of recorded market data, without ``/v2``.
    data_stream : str
        Websockets of market data; ``feed_url`` completes it.
    trading_stream : str
        Websocket of trade updates, complete.
    """

    venue: Venue
    trading: str
    data: str
    data_stream: str
    trading_stream: str

    @classmethod
    def of(cls, venue: str, environment: Mapping[str, str] = os.environ) -> Endpoints:
        """Return the addresses of a venue by its name.

        Raises
        ------
        ConfigError
            No such venue, or ``TRADECTL_SIM_URL`` is no address of a simulator.
        """
        if venue not in list(Venue):
            raise ConfigError(f"venue {venue!r} is unknown; known are {', '.join(Venue)}")
        if venue == Venue.SIM:
            return _simulator(environment.get(SIM_URL) or _DEFAULT_SIM)
        host = "api.alpaca.markets" if venue == Venue.LIVE else "paper-api.alpaca.markets"
        return cls(Venue(venue), f"https://{host}", _DATA, _DATA_STREAM, f"wss://{host}/stream")

    def feed_url(self, feed: str) -> str:
        """Return the websocket of a stock feed: ``sip``, ``iex``, ``delayed_sip`` or ``test``."""
        return f"{self.data_stream}/v2/{feed}"


def _simulator(url: str) -> Endpoints:
    parts = urlsplit(url.rstrip("/"))
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
        raise ConfigError(f"{SIM_URL} is {url!r}, expected an address like {_DEFAULT_SIM}")
    if parts.username or parts.password:
        raise ConfigError(f"{SIM_URL} carries a user or password; keys come from the environment")
    if parts.hostname == "alpaca.markets" or parts.hostname.endswith(".alpaca.markets"):
        raise ConfigError(
            f"{SIM_URL} is {url!r}, an address of Alpaca itself; name the venue "
            f"{Venue.PAPER} or {Venue.LIVE} instead"
        )
    rest = f"{parts.scheme}://{parts.netloc}{parts.path}"
    socket = rest.replace("http", "ws", 1)
    return Endpoints(Venue.SIM, rest, rest, socket, f"{socket}/stream")


def is_loopback(url: str) -> bool:
    """Say whether an address is on this machine: proxies are not asked for it."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
