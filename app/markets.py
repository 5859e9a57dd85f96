"""The markets that orders can go to, by name: where each is reached, and with which keys."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from engine.domain.errors import ConfigError

if TYPE_CHECKING:
    from adapters.alpaca.credentials import Credentials
    from adapters.alpaca.endpoints import Endpoints
    from adapters.alpaca.orders.protection import Attested, Leg


class MarketName(StrEnum):
    """The markets by the name they are asked for."""

    SIM = "alpaca-sim"
    PAPER = "alpaca-paper"
    LIVE = "alpaca-live"


type RestingOrders = tuple[Leg, ...]
"""Orders as their venue attests them."""

REAL_MONEY = frozenset({MarketName.LIVE})
"""Markets whose orders cost money: each start is confirmed in words."""


@dataclass(frozen=True, slots=True)
class Market:
    """One account at one venue."""

    name: MarketName
    endpoints: Endpoints
    credentials: Credentials

    async def attested(self) -> tuple[Attested, list[str]]:
        """Return what the venue says is held and what protects it, and rows that cannot be read.

        Raises ``VenueError`` where the venue cannot be asked.
        """
        from adapters.alpaca.http.rest import AlpacaRest
        from adapters.alpaca.orders.attestation import read_attested

        async with AlpacaRest(self.endpoints, self.credentials) as rest:
            return await read_attested(rest)


def market(name: str, environment: Mapping[str, str] = os.environ) -> Market:
    """Return a market by its name, with the keys of the environment.

    Raises
    ------
    ConfigError
        No such market, its keys are not set, or ``TRADECTL_SIM_URL`` is no simulator's address.
    """
    from adapters.alpaca.credentials import Credentials
    from adapters.alpaca.endpoints import Endpoints

    if name not in list(MarketName):
        raise ConfigError(f"market {name!r} is unknown; known are {', '.join(MarketName)}")
    endpoints = Endpoints.of(name, environment)
    return Market(MarketName(name), endpoints, Credentials.from_environment(environment))
