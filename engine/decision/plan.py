"""From a candidate's floats to exact orders; the one door between them."""

from __future__ import annotations

from decimal import Decimal

from engine.decision.bracket_prices import bracket_prices
from engine.decision.contenders import Contender
from engine.decision.refusal import RefusalReason, Refused
from engine.decision.sizing import SizeLimit, bracket_size
from engine.domain.account import TradingAccount
from engine.domain.bracket import BracketPlan
from engine.domain.facts import EnsembleRule
from engine.domain.markets.instrument import Instrument, InstrumentKind
from engine.domain.order_names import trade_id
from engine.domain.parameters import Parameters

_REASONS = {
    SizeLimit.TICK_GRID: RefusalReason.NO_ROOM,
    SizeLimit.OPEN_NOTIONAL: RefusalReason.NOTIONAL_CAP,
}


def plan_bracket(
    contender: Contender,
    params: Parameters,
    instrument: Instrument,
    *,
    rule: EnsembleRule,
    account: TradingAccount,
    confidence: float,
    equity: Decimal,
    open_notional: Decimal,
) -> BracketPlan | Refused:
    """Return the bracket of a contender, or why none of it can be had.

    ``params`` are those of the strategy that would own the trade.
    ``equity`` and ``open_notional`` are in the account's currency: what the desk owns, and what is
    in trades already.
    """
    candidate = contender.candidate
    if not instrument.may_enter(candidate.side):
        return Refused(RefusalReason.NOT_SHORTABLE, f"{instrument.venue} does not sell it short")
    prices = bracket_prices(candidate, params, instrument)
    size = bracket_size(
        prices,
        params,
        instrument,
        candidate.session_volume,
        equity=equity,
        open_notional=open_notional,
    )
    if size.quantity == 0:
        reason = _REASONS.get(size.limit, RefusalReason.TOO_SMALL)
        levels = f"entry {prices.entry:.4f}, stop {prices.stop}, target {prices.target}"
        what = "share" if instrument.kind is InstrumentKind.EQUITY else instrument.base
        return Refused(reason, f"{size.limit} allows no {what} at {levels} {instrument.quote}")
    if why := instrument.too_small(size.quantity, prices.entry):
        return Refused(RefusalReason.TOO_SMALL, f"{size.limit} allows too little: {why}")
    return BracketPlan(
        trade_id=trade_id(candidate.symbol, candidate.ts_event, candidate.strategy_id, account),
        strategy_id=candidate.strategy_id,
        ensemble_rule=rule,
        contributions=contender.contributions,
        symbol=candidate.symbol,
        venue=account.venue,
        account=account.name,
        currency=account.currency,
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
        score=candidate.score,
        confidence=confidence,
        candidate_ts=candidate.ts_event,
    )
