"""Where a bracket's orders stand, on the tick grid."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.decision.spread import fresh_quote, taken_price
from engine.domain.candidate import Candidate, Side
from engine.domain.fixed_point import decimal_price
from engine.domain.markets.instrument import Instrument
from engine.domain.parameters import Parameters


class BracketPrices(msgspec.Struct, frozen=True):
    """Prices of a bracket in quote currency; ``limit`` is None for a market entry."""

    reference: Decimal
    limit: Decimal | None
    target: Decimal
    stop: Decimal

    @property
    def entry(self) -> Decimal:
        """Return the worst price the entry allows; the reference price for a market entry."""
        return self.reference if self.limit is None else self.limit

    @property
    def stop_distance(self) -> Decimal:
        """Return the loss per share when the stop fills at its price."""
        return abs(self.entry - self.stop)

    @property
    def has_room(self) -> bool:
        """Say whether every order has a price above zero."""
        return min(self.stop, self.target, self.entry) > 0


def bracket_prices(
    candidate: Candidate, params: Parameters, instrument: Instrument
) -> BracketPrices:
    """Return a candidate's bracket around the price the entry is expected near.

    That reference price is the touch of a fresh quote, else the last print. Target and stop are
    measured from it and rounded away from it; the target lies beyond the worst entry and at least
    as far as the stop (reward:risk ≥ 1), whatever the tick size makes of the percentages. The grid
    is the one in force at the end of the candidate's bucket.
    """
    grid = instrument.grid_at(candidate.ts_event)
    side, quote = candidate.side, fresh_quote(candidate, params)
    reference = decimal_price(candidate.last if quote is None else taken_price(quote, side))
    limit = None
    if params.entry_type == "limit":
        limit = grid.round_with(reference * (1 + side * params.entry_slippage_bps / 10_000), side)
    stop = _farthest(
        grid.round_against(reference * (1 - side * params.stop_loss_percent / 100), side),
        grid.round_against(reference - side * instrument.min_stop_distance, side),
        side=Side(-side),
    )
    target = _farthest(
        grid.round_with(reference * (1 + side * params.take_profit_percent / 100), side),
        grid.round_with(2 * reference - stop, side),
        grid.next_tick(reference if limit is None else limit, side),
        side=side,
    )
    return BracketPrices(reference, limit, target, stop)


def _farthest(*prices: Decimal, side: Side) -> Decimal:
    return max(prices) if side is Side.LONG else min(prices)
