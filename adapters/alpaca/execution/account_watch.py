"""Whether the account may trade, and what a refusal says about it; entries stop if not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING

from adapters.alpaca.http.rest import AlpacaRest
from adapters.alpaca.wire.rest import VenueAccount, VenueFault
from engine.domain.errors import VenueError
from engine.domain.outside_text import exact

if TYPE_CHECKING:
    from engine.runtime.live.venue import VenueWatch

_ACCOUNT, _BUYING_POWER, _DAY_TRADES = "account", "buying power", "day trades"
_TRADING = frozenset({"ACTIVE", "PAPER_ONLY"})
_FORBIDDEN = 403
_DAY_TRADING_CODE = 40310100
_DAY_TRADES_ALLOWED = 3
_DAY_TRADER_FROM_USD = Decimal(25_000)
_CENT = Decimal("0.01")


class AccountWatch:
    """Reads the account and reports what keeps it from trading, until that is over.

    Parameters
    ----------
    on_account : callable
        Takes the account each time it was read.
    """

    def __init__(
        self, rest: AlpacaRest, watch: VenueWatch, on_account: Callable[[VenueAccount], None]
    ) -> None:
        self._rest = rest
        self._watch = watch
        self._on_account = on_account
        self._needed: Decimal | None = None
        self._denied = False
        self._barred = False
        self._untradable: set[str] = set()

    @property
    def has_issue(self) -> bool:
        """Whether something is wrong that another look may find over."""
        return self._barred or self._denied or self._needed is not None

    async def look(self) -> None:
        """Read the account.

        Raises
        ------
        VenueUnavailable, VenueRejected
            The venue does not tell.
        """
        account = await self._rest.account()
        self._tell_blocks(account)
        self._tell_buying_power(account)
        self._tell_day_trades(account)
        self._on_account(account)

    async def refused(self, symbol: str, fault: VenueFault) -> None:
        """Find out whether a refused order or change is about the account, or of its stock."""
        with suppress(VenueError):
            if symbol in fault.message and symbol not in self._untradable:
                await self._look_at(symbol)
            if fault.http_status != _FORBIDDEN:
                return
            self._denied = self._denied or fault.code == _DAY_TRADING_CODE
            if "insufficient buying power" in fault.message:
                self._needed = _amount(fault.extra.get("cost_basis")) or _CENT
            await self.look()

    async def _look_at(self, symbol: str) -> None:
        asset = await self._rest.asset(symbol)
        if asset is not None and asset.tradable and asset.status == "active":
            return
        self._untradable.add(symbol)
        standing = "not known" if asset is None else f"{asset.status}, tradable: {asset.tradable}"
        self._watch.avoid(
            symbol, f"the venue does not trade it any more ({standing}): delisted, renamed, closed"
        )

    def _tell_blocks(self, account: VenueAccount) -> None:
        blocked = {
            "account": account.account_blocked,
            "trading": account.trading_blocked,
            "trading, by its user,": account.trade_suspended_by_user,
        }
        what = ", ".join(name for name, is_so in blocked.items() if is_so)
        self._barred = True
        if what:
            self._watch.issue_raised(_ACCOUNT, f"{what} is blocked (status {account.status})")
        elif account.status not in _TRADING:
            self._watch.issue_raised(_ACCOUNT, f"its status is {account.status}, expected ACTIVE")
        elif account.equity is None or account.equity <= 0:
            self._watch.issue_raised(_ACCOUNT, f"equity is {account.equity} USD, expected > 0")
        else:
            self._barred = False
            self._watch.issue_cleared(_ACCOUNT)

    def _tell_buying_power(self, account: VenueAccount) -> None:
        """End the trouble once there is as much as the order wanted that was refused."""
        power = account.buying_power
        if self._needed is None:
            return
        if power is not None and power >= self._needed:
            self._needed = None
            self._watch.issue_cleared(_BUYING_POWER)
        else:
            self._watch.issue_raised(
                _BUYING_POWER, f"an order needs {self._needed} USD, the account has {power} USD"
            )

    def _tell_day_trades(self, account: VenueAccount) -> None:
        """End the trouble once the rule that ended in June 2026 would let another through."""
        count, equity = account.daytrade_count, account.last_equity
        is_few = count is not None and count < _DAY_TRADES_ALLOWED
        if not self._denied:
            return
        if is_few or (equity is not None and equity >= _DAY_TRADER_FROM_USD):
            self._denied = False
            self._watch.issue_cleared(_DAY_TRADES)
        else:
            self._watch.issue_raised(
                _DAY_TRADES,
                f"the broker protects pattern day traders: {count} day trades in five days with "
                f"{equity} USD at the last close, expected at most {_DAY_TRADES_ALLOWED} below "
                f"{_DAY_TRADER_FROM_USD:,} USD",
            )


def _amount(text: object) -> Decimal | None:
    """Return an amount above zero that a refusal names, None if it does not."""
    with suppress(ValueError):
        found = exact(str(text))
        if found > 0:
            return found
    return None
