"""Hop 6, rehearsed: what each account was worth, minute by minute."""

from __future__ import annotations

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
            notes[minute] = exchange.balances(account_id).equity

    def windows(self, account_id: str, width_secs: int) -> dict[int, Decimal]:
        """Return the equity at the end of each window of an account, by the window's start."""
        notes = self._notes.get(account_id, {})
        return {minute // width_secs * width_secs: equity for minute, equity in notes.items()}
