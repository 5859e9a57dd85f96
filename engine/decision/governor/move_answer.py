"""Whether a stop or target may be moved: nearer to the market by anybody, away by who proves it."""

from __future__ import annotations

from decimal import Decimal

from engine.decision.governor.state import OpenTrade
from engine.domain.candidate import Side
from engine.domain.commands import MoveTradeStop, MoveTradeTarget
from engine.domain.markets.tick_grid import TickGrid

type MoveCommand = MoveTradeStop | MoveTradeTarget


def move_refusal(
    wish: MoveCommand, trade: OpenTrade, grid: TickGrid, *, stepped_up: bool
) -> tuple[str, str] | None:
    """Return why an order of an open trade is not moved, reason and words; None where it may be.

    A stop tightens towards the market, a target towards the entry: either way less is at stake.
    Whether the market is beyond the price already is seen when the order is to leave.
    """
    what, now, other = _ends(wish, trade)
    price, side = wish.price, trade.side
    if trade.entered_ns is None or now is None or other is None:
        return "not_entered", f"{trade.trade_id} is not entered: it has no {what} at the venue yet"
    if not price.is_finite() or price <= 0 or not grid.holds(price):
        tick = f", in steps of {grid.tick(price):f} USD" if price.is_finite() and price > 0 else ""
        return "off_grid", f"{price} is no price of {trade.symbol}: expected more than 0{tick}"
    if price == now:
        return "already_so", f"the {what} of {trade.trade_id} is at {now:f} already"
    stop, target = (price, other) if what == "stop" else (other, price)
    if (target - stop) * side <= 0:
        beyond = "below" if side is Side.LONG else "above"
        return (
            "wrong_side",
            f"a stop lies {beyond} the target, found stop {stop:f}, target {target:f}",
        )
    tightens = (price - now) * side > 0 if what == "stop" else (price - now) * side < 0
    if not tightens and not stepped_up:
        told = f"the {what} of {trade.trade_id} at {now:f} would move away to {price:f}"
        return "needs_step_up", f"{told}: that needs the operator to prove who they are"
    return None


def move_done(wish: MoveCommand, trade: OpenTrade | None) -> str | None:
    """Return how a move has ended, None while the venue has not confirmed it."""
    if trade is None:
        return "the trade is over"
    what, now, _ = _ends(wish, trade)
    return f"the {what} is at {wish.price:f}, confirmed by the venue" if now == wish.price else None


def is_beyond(wish: MoveCommand, side: Side, last: Decimal) -> bool:
    """Say whether the market is at a price or beyond it, so that the order would be filled."""
    distance = (last - wish.price) * side
    return distance <= 0 if isinstance(wish, MoveTradeStop) else distance >= 0


def _ends(wish: MoveCommand, trade: OpenTrade) -> tuple[str, Decimal | None, Decimal | None]:
    """Return what is moved, where it is now, and where the other end of the bracket is."""
    if isinstance(wish, MoveTradeStop):
        return "stop", trade.stop, trade.target
    return "target", trade.target, trade.stop
