"""What a broker does to an account while it trades: blocks it, moves its cash."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from engine.domain.errors import ConfigError
from serving import exact
from simulator.exchange.book.accounts import Account
from simulator.exchange.book.orders import NOTHING
from simulator.steering_body import steering_body

MOST_CASH = Decimal(10) ** 12
"""USD; more than any account that is rehearsed has."""

_MOST_DAY_TRADES = 1_000

type AccountStatus = Literal[
    "ACCOUNT_CLOSED",
    "ACCOUNT_CLOSED_PENDING",
    "ACCOUNT_UPDATED",
    "ACTION_REQUIRED",
    "ACTIVE",
    "APPROVAL_PENDING",
    "APPROVED",
    "INACTIVE",
    "LIMITED",
    "ONBOARDING",
    "PAPER_ONLY",
    "REJECTED",
    "SUBMISSION_FAILED",
    "SUBMITTED",
]
"""The words of Alpaca's OpenAPI document."""


class AccountChange(Struct, frozen=True, kw_only=True):
    """Fields of an account under the names Alpaca tells them by; None stays as it is.

    Attributes
    ----------
    cash : Decimal
        USD to have from now on; below zero is borrowed.
    daytrade_count : int
        Day trades of the last five days.
    """

    status: AccountStatus | None = None
    trading_blocked: bool | None = None
    account_blocked: bool | None = None
    trade_suspended_by_user: bool | None = None
    cash: Decimal | None = None
    daytrade_count: Annotated[int, Meta(ge=0, le=_MOST_DAY_TRADES)] | None = None


def account_change[Change: AccountChange](asked: Mapping[str, Any], kind: type[Change]) -> Change:
    """Return a change as somebody asks for it.

    Raises
    ------
    ConfigError
        There is no such field, or it takes another kind of value.
    """
    if isinstance(asked.get("cash"), str):
        try:
            asked = {**asked, "cash": exact(asked["cash"])}
        except ValueError as error:
            raise ConfigError(f"cash: {error}") from error
    change = steering_body(asked, kind, spelt=True)
    if change.cash is not None and not abs(change.cash) < MOST_CASH:
        raise ConfigError(f"cash is {change.cash}, expected less than {MOST_CASH:.0e} USD")
    return change


def changed(account: Account, change: AccountChange) -> None:
    """Change an account; money that comes or goes is none of the day's profit."""
    if change.status is not None:
        account.status = change.status
    if change.trading_blocked is not None:
        account.trading_blocked = change.trading_blocked
    if change.account_blocked is not None:
        account.account_blocked = change.account_blocked
    if change.trade_suspended_by_user is not None:
        account.configuration.suspend_trade = change.trade_suspended_by_user
    if change.daytrade_count is not None:
        account.day_trades = change.daytrade_count
    if change.cash is not None:
        account.last_equity = max(account.last_equity + change.cash - account.cash, NOTHING)
        account.cash = change.cash
