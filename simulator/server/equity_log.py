"""What each account was worth, minute by minute."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from engine.domain.session import NANOS_PER_SECOND
from simulator.exchange import Exchange

_MINUTE = 60


class EquityLog:
    """Equity of the day; the last note of a minute counts."""

    def __init__(self) -> None:
        self._notes: dict[str, dict[int, Decimal]] = {}

    def note(self, exchange: Exchange, now: int) -> None:
        """Note what every account is worth in the minute of an instant."""
        minute = now // NANOS_PER_SECOND // _MINUTE * _MINUTE
        for account_id in exchange.state.accounts:
            notes = self._notes.setdefault(account_id, {})
            notes[minute] = exchange.accounts.balances(account_id).equity

    def minutes(self, account_id: str) -> Mapping[int, Decimal]:
        """Return the equity of an account by the UTC second at which each minute begins."""
        return self._notes.get(account_id, {})
