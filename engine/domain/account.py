"""Whose orders and money a fact speaks of: a venue's account, its currency, its instruments."""

from __future__ import annotations

import re
from typing import Self

import msgspec

from engine.domain.errors import ConfigError

_VENUE = re.compile(r"[A-Z][A-Z0-9_]*")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


class TradingAccount(msgspec.Struct, frozen=True):
    """One account at one venue; a run trades one of them.

    Attributes
    ----------
    venue : str
        As nautilus spells it, in capitals: ``ALPACA``.
    name : str
        What the configuration calls the account, ``main`` unless it says otherwise; never the
        venue's own number, so that the same day gives the same facts in anybody's account.
    currency : str
        What its prices and money are in, ``USD``.
    """

    venue: str
    name: str
    currency: str

    @classmethod
    def checked(cls, venue: str, name: str, currency: str) -> Self:
        """Return an account whose words can stand in an id.

        Raises
        ------
        ConfigError
            They cannot.
        """
        if not _VENUE.fullmatch(venue):
            raise ConfigError(f"expected a venue in capitals such as ALPACA, found {venue!r}")
        expect_name("an account", name)
        return cls(venue, name, currency)


ALPACA_MAIN = TradingAccount("ALPACA", "main", "USD")
"""The account of every run so far; journals written before accounts had names are of it."""

PAPER_MAIN = TradingAccount("PAPER", "main", "USD")
"""The account of our own paper market."""

ACCELERATION = "acceleration"
"""The strategy of every run so far."""


def expect_name(what: str, name: str) -> None:
    """Refuse a name of a strategy or account that could not stand in an id.

    Raises
    ------
    ConfigError
        It is not lower-case letters, digits and underscores, a letter first.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"expected {what} named by lower-case letters, digits and '_', a letter first, "
            f"found {name!r}"
        )


def instrument_key(symbol: str, venue: str) -> str:
    """Return the key of an instrument, symbol and venue: ``AAPL.ALPACA``, ``BRK.B.ALPACA``."""
    return f"{symbol}.{venue}"
