"""What an account is worth at an instant, as the equity curve shows it."""

from __future__ import annotations

from decimal import Decimal

from engine.accounting import EquityPoint
from engine.hub.desk import Desk


def equity_point(desk: Desk, ts: int, equity: Decimal) -> EquityPoint:
    """Return a point of the curve; ``equity`` USD has positions at their last prints."""
    invested = sum(
        (abs(held.quantity) * held.mark for held in desk.ledger.positions.values()), Decimal(0)
    )
    exposure = float(invested / equity) if equity > 0 else 0.0
    return EquityPoint(ts, desk.ledger.cash, equity, exposure)
