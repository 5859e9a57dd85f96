"""Cash, positions and what they are worth, exact to the cent."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Literal

import msgspec

from simulator.exchange.book.orders import NOTHING

INTRADAY_MULTIPLIER = 4
MARGIN_FROM_USD = Decimal(2_000)
_INITIAL = Decimal("0.5")
_MAINTENANCE = Decimal("0.3")
_OVERNIGHT_MULTIPLIER = 2


class Position(msgspec.Struct):
    """Shares of one stock; short ones are negative.

    Attributes
    ----------
    cost : Decimal
        What the shares held were bought for, negative for what a short was sold for.
    """

    symbol: str
    qty: Decimal = NOTHING
    cost: Decimal = NOTHING

    @property
    def avg_entry_price(self) -> Decimal:
        """Mean price of the shares held."""
        return self.cost / self.qty

    def filled(self, qty: Decimal, price: Decimal) -> None:
        """Take a fill of signed quantity; beyond zero the rest opens anew at its price."""
        if self.qty * qty >= 0:
            self.cost += qty * price
        elif abs(qty) <= abs(self.qty):
            self.cost += self.cost / self.qty * qty
        else:
            self.cost = (self.qty + qty) * price
        self.qty += qty
        if not self.qty:
            self.cost = NOTHING


class Configuration(msgspec.Struct, kw_only=True):
    """What the owner of an account has set."""

    no_shorting: bool = False
    suspend_trade: bool = False
    fractional_trading: bool = True
    max_margin_multiplier: Literal["1", "2", "4"] = "4"
    trade_confirm_email: Literal["all", "none"] = "all"
    disable_overnight_trading: bool = False
    ptp_no_exception_entry: bool = False
    max_options_trading_level: Literal[0, 1, 2, 3] = 0


class Fill(msgspec.Struct, frozen=True):
    """One execution, as the account's activities list it."""

    id: str
    order_id: str
    symbol: str
    side: str
    price: Decimal
    qty: Decimal
    cum_qty: Decimal
    leaves_qty: Decimal
    ts: int
    order_status: str


class Watchlist(msgspec.Struct):
    """A named list of stocks, in the order in which its owner put them; times are UTC ns."""

    id: str
    name: str
    created_at: int
    updated_at: int
    symbols: list[str]


class Account(msgspec.Struct, kw_only=True):
    """One account.

    Attributes
    ----------
    cash : Decimal
        USD; negative when margin is used.
    last_equity : Decimal
        At the close before.
    day_trades : int
        Positions opened and lessened again on one day, in the last five days.
    opened_today : set of str
        Stocks bought or sold short today and not lessened since: what lessens them is a day trade.
    """

    id: str
    account_number: str
    created_at: int
    cash: Decimal
    last_equity: Decimal
    last_maintenance_margin: Decimal = NOTHING
    balance_asof: str = ""
    status: str = "ACTIVE"
    trading_blocked: bool = False
    account_blocked: bool = False
    positions: dict[str, Position] = {}
    order_ids: list[str] = []
    client_ids: dict[str, str] = {}
    fills: list[Fill] = []
    configuration: Configuration = msgspec.field(default_factory=Configuration)
    watchlists: dict[str, Watchlist] = {}
    day_trades: int = 0
    opened_today: set[str] = set()

    def held(self, symbol: str) -> Decimal:
        """Return the signed shares of a stock."""
        position = self.positions.get(symbol)
        return NOTHING if position is None else position.qty

    def take_fill(self, symbol: str, qty: Decimal, price: Decimal) -> Decimal:
        """Book a fill of signed quantity and return the signed position after it."""
        self.cash -= qty * price
        self._count_day_trade(symbol, qty)
        position = self.positions.setdefault(symbol, Position(symbol))
        position.filled(qty, price)
        if not position.qty:
            del self.positions[symbol]
        return position.qty

    def _count_day_trade(self, symbol: str, qty: Decimal) -> None:
        held = self.held(symbol)
        if held * qty < 0 and symbol in self.opened_today:
            self.day_trades += 1
            self.opened_today.discard(symbol)
        if (held + qty) * qty > 0:
            self.opened_today.add(symbol)


class Balances(msgspec.Struct, frozen=True):
    """What an account is worth at the last prints, in USD.

    Notes
    -----
    Buying power is 4 × equity less the market value of positions and the cost of open orders that
    add to them, from 2,000 USD of equity; below, cash less that cost. Overnight figures are those
    of Regulation T, 50 % initial; maintenance is 30 %.
    """

    equity: Decimal
    long_market_value: Decimal
    short_market_value: Decimal
    initial_margin: Decimal
    maintenance_margin: Decimal
    multiplier: int
    buying_power: Decimal
    regt_buying_power: Decimal
    non_marginable_buying_power: Decimal


def balances(account: Account, price: Callable[[Position], Decimal], ordered: Decimal) -> Balances:
    """Return what an account is worth.

    Parameters
    ----------
    price : function
        The last price of a position's stock.
    ordered : Decimal
        Cost of the open orders that add to positions.
    """
    values = [position.qty * price(position) for position in account.positions.values()]
    longs = sum((value for value in values if value > 0), NOTHING)
    shorts = sum((value for value in values if value < 0), NOTHING)
    equity, gross = account.cash + longs + shorts, longs - shorts
    initial, maintenance = _INITIAL * gross, _MAINTENANCE * gross
    allowed = int(account.configuration.max_margin_multiplier)
    multiplier = min(allowed, INTRADAY_MULTIPLIER) if equity >= MARGIN_FROM_USD else 1
    power = multiplier * equity - gross if multiplier > 1 else account.cash
    excess = equity - initial
    regt = _OVERNIGHT_MULTIPLIER * excess if multiplier > 1 else account.cash
    return Balances(
        equity,
        longs,
        shorts,
        initial,
        maintenance,
        multiplier,
        max(power - ordered, NOTHING),
        max(regt - ordered, NOTHING),
        max(min(account.cash, excess) - ordered, NOTHING),
    )
