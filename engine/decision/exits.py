"""When a trade is closed from above its bracket, and how its stop may trail."""

from __future__ import annotations

from decimal import Decimal

from engine.decision.governor.day_windows import flatten_ns
from engine.decision.governor.state import GovernorState, OpenTrade
from engine.domain.candidate import Side
from engine.domain.facts import ExitReason
from engine.domain.fixed_point import decimal_price
from engine.domain.markets.tick_grid import TickGrid
from engine.domain.parameters import Parameters
from engine.domain.session import NANOS_PER_SECOND, Session


def exit_deadline_ns(trade: OpenTrade, params: Parameters, session: Session) -> int:
    """Return the instant at which the clock alone closes a trade: the timer to set."""
    flatten = flatten_ns(params, session)
    if trade.entered_ns is None or trade.max_hold_secs is None:
        return flatten
    return min(flatten, trade.entered_ns + trade.max_hold_secs * NANOS_PER_SECOND)


def exit_due(
    trade: OpenTrade, governor: GovernorState, ts: int, params: Parameters, session: Session
) -> ExitReason | None:
    """Return why a trade must be closed at an instant, or None.

    A limit of the day closes what is still open, too: the day's result would not be final else.
    The answer stays the same until the trade is over, so the caller asks only once for an exit.
    """
    if governor.standing.closes(trade.trade_id, trade.symbol):
        return ExitReason.OPERATOR
    if ts >= flatten_ns(params, session):
        return ExitReason.FLAT_BY_CLOSE
    if governor.day_end(params) is not None:
        return ExitReason.DAY_LIMIT
    if ts >= exit_deadline_ns(trade, params, session):
        return ExitReason.TIME_STOP
    return None


def trailing_stop(
    side: Side, best_price: int, stop: Decimal, percent: Decimal, grid: TickGrid
) -> Decimal:
    """Return the stop that trails the best price since the entry; it never loosens.

    Parameters
    ----------
    side : Side
        Of the trade.
    best_price : int
        Highest print since the entry of a long, lowest of a short, 1e-6 USD.
    stop : Decimal
        Present stop in USD, on the tick grid.
    percent : Decimal
        Distance from the best price.
    grid : TickGrid
        Of the instrument.
    """
    trailed = grid.round_against(decimal_price(best_price) * (1 - side * percent / 100), side)
    return max(stop, trailed) if side is Side.LONG else min(stop, trailed)
