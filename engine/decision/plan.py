"""From a candidate's floats to exact orders; the one door between them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from engine.decision.bracket_prices import bracket_prices
from engine.decision.refusal import RefusalReason, Refused
from engine.decision.sizing import SizeLimit, bracket_size
from engine.domain.bracket import BracketPlan
from engine.domain.candidate import Candidate
from engine.domain.parameters import Parameters
from engine.domain.session import NANOS_PER_SECOND, NEW_YORK

_REASONS = {
    SizeLimit.TICK_GRID: RefusalReason.NO_ROOM,
    SizeLimit.OPEN_NOTIONAL: RefusalReason.NOTIONAL_CAP,
}


def plan_bracket(
    candidate: Candidate,
    params: Parameters,
    *,
    confidence: float,
    equity: Decimal,
    open_notional: Decimal,
) -> BracketPlan | Refused:
    """Return the bracket of a candidate, or why not one share of it can be had.

    ``equity`` and ``open_notional`` are USD: what the desk owns, and what is in trades already.
    """
    prices = bracket_prices(candidate, params)
    size = bracket_size(
        prices, params, candidate.session_volume, equity=equity, open_notional=open_notional
    )
    if size.quantity == 0:
        reason = _REASONS.get(size.limit, RefusalReason.TOO_SMALL)
        around = f"entry {prices.entry:.4f}, stop {prices.stop}, target {prices.target} USD"
        return Refused(reason, f"{size.limit} allows no share at {around}")
    return BracketPlan(
        trade_id=trade_id(candidate),
        symbol=candidate.symbol,
        side=candidate.side,
        quantity=size.quantity,
        entry_type=params.entry_type,
        entry_limit=prices.limit,
        reference_price=prices.reference,
        take_profit=prices.target,
        stop_loss=prices.stop,
        notional=size.quantity * prices.entry,
        max_hold_secs=params.max_hold_seconds,
        trailing_stop_percent=params.trailing_stop_percent,
        ac_z=candidate.ac_z,
        confidence=confidence,
        candidate_ts=candidate.ts_event,
    )


def trade_id(candidate: Candidate) -> str:
    """Return ``YYYYMMDD-SYMBOL-HHMMSS`` of the candidate's bucket, New York time."""
    moment = datetime.fromtimestamp(candidate.ts_event // NANOS_PER_SECOND, tz=NEW_YORK)
    return f"{moment:%Y%m%d}-{candidate.symbol}-{moment:%H%M%S}"
