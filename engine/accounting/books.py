"""Everything a run is judged by."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.accounting.days import DayClose
from engine.accounting.equity import EquityPoint
from engine.accounting.fills import Fill
from engine.accounting.ledger import Ledger
from engine.accounting.trades import Trade


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
