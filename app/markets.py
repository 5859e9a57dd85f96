"""The markets that orders can go to, by name; the one module of use cases that knows venues."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from engine.domain.errors import ConfigError

if TYPE_CHECKING:
    from engine.runtime.live import VenueAccount

type OpenMarket = Callable[[str, Mapping[str, str]], VenueAccount]
"""Takes a market's name and the environment; returns the account there, with its keys."""


class MarketName(StrEnum):
    """The markets by the name they are asked for."""

    SIM = "alpaca-sim"
    PAPER = "alpaca-paper"
    LIVE = "alpaca-live"


REAL_MONEY = frozenset({MarketName.LIVE})
"""Markets whose orders cost money: each start is confirmed in words."""


def market(name: str, environment: Mapping[str, str] = os.environ) -> VenueAccount:
    """Return the account at a market by its name, with the keys of the environment.

    Raises
    ------
    ConfigError
        No such market, its keys are not set, or its address is none.
    """
    if name not in _MARKETS:
        raise ConfigError(f"market {name!r} is unknown; known are {', '.join(_MARKETS)}")
    return _MARKETS[MarketName(name)](name, environment)


def simulated_market(url: str, key_id: str, secret: str) -> VenueAccount:
    """Return an account at a simulator of ours, whatever the environment says.

    Raises
    ------
    ConfigError
        The address or a key is none.
    """
    from adapters.alpaca.account import AlpacaAccount

    return AlpacaAccount.at_simulator(url, key_id, secret)


def _alpaca(name: str, environment: Mapping[str, str]) -> VenueAccount:
    from adapters.alpaca.account import AlpacaAccount

    return AlpacaAccount.of(name, environment)


_MARKETS: Mapping[MarketName, OpenMarket] = {
    MarketName.SIM: _alpaca,
    MarketName.PAPER: _alpaca,
    MarketName.LIVE: _alpaca,
}
