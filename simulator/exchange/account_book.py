"""The accounts of the exchange: opened, changed, and what each is worth."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from engine.domain.fixed_point import decimal_price
from engine.domain.session import day_of
from simulator.exchange.book import faults
from simulator.exchange.book.account_change import AccountChange, changed
from simulator.exchange.book.accounts import (
    Account,
    Balances,
    Configuration,
    Position,
    balances,
)
from simulator.exchange.book.faults import Fault
from simulator.exchange.book.hours import hours_at
from simulator.exchange.book.life import holdings
from simulator.exchange.book.orders import NOTHING
from simulator.exchange.book.state import State
from simulator.exchange.book.watched import Watched


class AccountBook:
    """Keeps the accounts of one state."""

    def __init__(self, state: State, watched: Watched) -> None:
        self._state = state
        self._watched = watched

    def open(self, cash: Decimal, now: int, *, account_id: str | None = None) -> Account:
        """Open an account with some cash and return it."""
        state = self._state
        new_id = account_id or state.new_id()
        account = Account(
            id=new_id,
            account_number=f"PA{len(state.accounts) + 1:08d}",
            created_at=now,
            cash=cash,
            last_equity=cash,
        )
        state.accounts[new_id] = account
        return account

    def change(self, account_id: str, change: AccountChange) -> Account:
        """Do to an account what its broker may, and return it."""
        account = self._state.accounts[account_id]
        changed(account, change)
        return account

    def configure(self, account_id: str, body: Mapping[str, Any]) -> Configuration | Fault:
        """Change what the owner of an account has set, as the body of a PATCH says."""
        account = self._state.accounts[account_id]
        settings: dict[str, Any] = msgspec.to_builtins(account.configuration)
        settings |= {name: value for name, value in body.items() if name in settings}
        try:
            account.configuration = msgspec.convert(settings, Configuration)
        except msgspec.ValidationError as error:
            return faults.not_understood(f"invalid configuration: {error}")
        return account.configuration

    def balances(self, account_id: str) -> Balances:
        """Return what an account is worth at the last prints."""
        state = self._state
        ordered = sum(
            (
                order.committed
                for symbol in state.open_ids
                for order in state.open_orders(symbol)
                if order.account_id == account_id
            ),
            NOTHING,
        )
        return balances(state.accounts[account_id], self.price, ordered)

    def held_for_orders(self, account_id: str, symbol: str) -> Decimal:
        """Return how many shares of a position open exits hold."""
        return sum(holdings(self._state, account_id, symbol).values(), NOTHING)

    def price(self, position: Position) -> Decimal:
        """Return the last price of a position's stock, USD."""
        market = self._watched.of(position.symbol)
        if market.last_ts < 0:
            return position.avg_entry_price
        return decimal_price(market.last).normalize()

    def roll(self, now: int) -> None:
        """Make today's equity yesterday's at each close, as ``last_equity`` shows it."""
        state = self._state
        if now < state.rolls_ns:
            return
        if state.rolls_ns:
            for account in state.accounts.values():
                worth = self.balances(account.id)
                account.last_equity = worth.equity
                account.last_maintenance_margin = worth.maintenance_margin
                account.balance_asof = day_of(state.rolls_ns).isoformat()
                account.opened_today.clear()
        hours = hours_at(now)
        is_over = now >= hours.close_ns
        state.rolls_ns = hours_at(hours.end_ns).close_ns if is_over else hours.close_ns
