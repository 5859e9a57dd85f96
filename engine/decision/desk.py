"""What the hub knows of itself when it decides."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.decision.governor.state import GovernorState, OpenTrade
from engine.domain.account import TradingAccount
from engine.domain.ensemble import ACCELERATION_ALONE, Ensemble
from engine.domain.markets.instrument import ALPACA_STOCKS, Instruments


class DeskState(msgspec.Struct, frozen=True):
    """The desk at the moment of a report.

    Attributes
    ----------
    account : TradingAccount
        Where what is decided is to be traded.
    instruments : Instruments
        What can be traded there.
    open_trades : tuple of OpenTrade
        Every trade planned and not yet over. The governor's own list follows from facts; live, the
        venue may know of more.
    equity : Decimal
        USD, cash and open positions at market.
    day_has_quotes : bool
        Whether quotes are known for this day at all; if so, a missing one is unknown.
    halted : frozenset of str
        Symbols whose trading the exchange has halted.
    locked : frozenset of str
        Symbols that may not be entered for another reason: no locate, a foreign order, an operator.
    ensemble : Ensemble
        Which strategies are on, and how their signals are combined.
    late_ns : int
        How long ago the bucket could have been known: a live host may have been held up.
    """

    account: TradingAccount
    governor: GovernorState
    open_trades: tuple[OpenTrade, ...]
    equity: Decimal
    day_has_quotes: bool
    halted: frozenset[str] = frozenset()
    locked: frozenset[str] = frozenset()
    late_ns: int = 0
    instruments: Instruments = ALPACA_STOCKS
    ensemble: Ensemble = ACCELERATION_ALONE

    @property
    def open_notional(self) -> Decimal:
        """Return the notional of all open trades in USD."""
        return sum((trade.notional for trade in self.open_trades), Decimal(0))
