"""Whose key opens which account."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from engine.domain.errors import ConfigError
from serving import exact, shown
from simulator.exchange import MOST_CASH
from simulator.market_data import Plan

FREE_PLAN_SYMBOLS = 30


@dataclass(frozen=True, slots=True)
class Holder:
    """One key pair and what it opens.

    Attributes
    ----------
    cash : Decimal
        USD to begin with.
    basic : bool
        Whether the market-data plan is the free one: IEX alone, 30 symbols.
    """

    key: str
    secret: str = field(repr=False)
    cash: Decimal = Decimal(100_000)
    basic: bool = False

    @property
    def plan(self) -> Plan:
        """The market-data plan."""
        return Plan.BASIC if self.basic else Plan.ALGO_TRADER_PLUS


def holder(text: str) -> Holder:
    """Return the account written as ``KEY:SECRET[:CASH[:basic]]``.

    Raises
    ------
    ConfigError
        It is written otherwise; the message does not repeat the secret.
    """
    key, secret, cash, plan, *rest = (*text.split(":"), "", "", "", "")
    expected = "write an account as KEY:SECRET[:CASH[:basic]]"
    if not key or not secret or plan not in {"", "basic"} or any(rest):
        raise ConfigError(f"{expected}; found one with {text.count(':')} colons")
    try:
        amount = exact(cash or "100000")
    except ValueError:
        raise ConfigError(f"{expected}; the cash of {key} is {shown(cash)}, not USD") from None
    if not 0 <= amount < MOST_CASH:
        raise ConfigError(
            f"{expected}; the cash of {key} is {cash}, expected 0 to {MOST_CASH:.0e} USD"
        )
    return Holder(key, secret, amount, basic=plan == "basic")


class Keyring:
    """The accounts of a look-alike by key."""

    def __init__(self, holders: tuple[Holder, ...]) -> None:
        self.holders = holders
        self._by_key = {each.key: each for each in holders}
        if len(self._by_key) < len(holders):
            raise ConfigError("two accounts have the same key; give each its own")

    def opened(self, key: object, secret: object) -> Holder | None:
        """Return whose key and secret these are."""
        known = self._by_key.get(key) if isinstance(key, str) else None
        if known is None or not isinstance(secret, str):
            return None
        return known if hmac.compare_digest(known.secret.encode(), secret.encode()) else None

    def of_headers(self, headers: Mapping[str, str]) -> Holder | None:
        """Return who sent a request: by key headers, ``Basic`` or ``Bearer`` of the secret."""
        if "apca-api-key-id" in headers:
            return self.opened(headers["apca-api-key-id"], headers.get("apca-api-secret-key"))
        kind, _, proof = headers.get("authorization", "").partition(" ")
        if kind == "Basic":
            try:
                key, _, secret = base64.b64decode(proof, validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                return None
            return self.opened(key, secret)
        if kind == "Bearer":
            return self.of_token(proof)
        return None

    def of_token(self, token: object) -> Holder | None:
        """Return whose OAuth token this is: the secret stands for one."""
        found = [each for each in self.holders if self.opened(each.key, token) is not None]
        return found[0] if found else None
