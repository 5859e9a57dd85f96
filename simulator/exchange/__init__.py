"""The exchange: accounts, orders and matching of the look-alike, without sockets or clocks."""

from simulator.exchange.book.account_change import MOST_CASH, AccountChange, account_change
from simulator.exchange.book.accounts import Account, Position
from simulator.exchange.book.assets import Asset, Listing, assets_of, listed
from simulator.exchange.book.faults import Fault
from simulator.exchange.book.markets import Print
from simulator.exchange.book.orders import Order
from simulator.exchange.book.state import OrderEvent
from simulator.exchange.closing import Outcome, cancel_all, close_all, close_position
from simulator.exchange.exchange import Exchange
from simulator.exchange.fills.modes import (
    MODES,
    NBBO,
    SIZE_LIMITED,
    FillMode,
    backtest_fills,
    fill_mode,
    mode_name,
)
from simulator.exchange.rate_limit import Allowance, RateLimit

__all__ = [
    "MODES",
    "MOST_CASH",
    "NBBO",
    "SIZE_LIMITED",
    "Account",
    "AccountChange",
    "Allowance",
    "Asset",
    "Exchange",
    "Fault",
    "FillMode",
    "Listing",
    "Order",
    "OrderEvent",
    "Outcome",
    "Position",
    "Print",
    "RateLimit",
    "account_change",
    "assets_of",
    "backtest_fills",
    "cancel_all",
    "close_all",
    "close_position",
    "fill_mode",
    "listed",
    "mode_name",
]
