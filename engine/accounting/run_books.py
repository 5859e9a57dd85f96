"""Everything a run is judged by."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.accounting.books.days import DayClose
from engine.accounting.books.equity import EquityPoint
from engine.accounting.books.fills import Fill
from engine.accounting.books.trades import Trade
from engine.accounting.ledger import Ledger


class Books(msgspec.Struct, frozen=True):
    """Trades, fills, equity and day closes of a run; complete or as far as its facts go.

    Attributes
    ----------
    equity : tuple of EquityPoint
        At every start and end of a day and whenever cash or a fill changed; positions are marked at
        their last fill.
    """

    starting_balance: Decimal
    trades: tuple[Trade, ...]
    fills: tuple[Fill, ...]
    equity: tuple[EquityPoint, ...]
    days: tuple[DayClose, ...]
    ledger: Ledger
