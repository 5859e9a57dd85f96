"""The life of a trade, from its plan to what it came to."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec

from engine.domain.facts.payload import Payload


class EnsembleRule(StrEnum):
    """How the signals of several strategies become one trade, and whose its P&L is."""

    ANY = "any"
    """Each competes by itself; the trade and its P&L are its owner's."""
    WEIGHTED = "weighted"
    """They add up; each on the trade's side has its part of the P&L."""


class ExitReason(StrEnum):
    """Why a trade ended."""

    TAKE_PROFIT = "take_profit"
    STOP_LOSS = "stop_loss"
    TRAILING_STOP = "trailing_stop"
    TIME_STOP = "time_stop"
    FLAT_BY_CLOSE = "flat_by_close"
    DAY_LIMIT = "day_limit"
    PROTECTION_LOST = "protection_lost"
    RUN_ENDED = "run_ended"
    OPERATOR = "operator"
    CLOSED_BY_HAND = "closed_by_hand"


class Contribution(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one strategy had to do with a trade: its signal on the trade's side.

    ``strength`` is in (0, 1], ``confidence`` in [0, 1], ``weight`` >= 0 as it was in force.
    """

    strategy_id: str
    strength: float
    weight: float
    confidence: float


class BracketPlanned(Payload, frozen=True, tag="bracket_planned"):
    """Everything the plan of a trade promises; what is off is None.

    ``strategy_id`` owns the trade: its bracket, its watch. ``contributions`` are those of all
    strategies with a signal on its symbol and side, the owner's first. ``score`` is the owner's, in
    standard deviations of its own noise, >= 0 (the acceleration strategy's is ``|ac_z|``, whose
    sign is the side). ``params_version`` is that of the parameters it was made with.
    """

    trade_id: str
    strategy_id: str
    ensemble_rule: EnsembleRule
    contributions: tuple[Contribution, ...]
    symbol: str
    venue: str
    account: str
    currency: str
    side: int
    quantity: Decimal
    entry_type: str
    entry_limit: Decimal | None
    reference_price: Decimal
    take_profit: Decimal
    stop_loss: Decimal
    notional: Decimal
    score: float
    confidence: float
    candidate_ts: int
    max_hold_secs: int | None
    trailing_stop_percent: Decimal | None
    params_version: int


class ExitRequested(Payload, frozen=True, tag="exit_requested"):
    trade_id: str
    strategy_id: str
    symbol: str
    venue: str
    account: str
    reason: ExitReason


class TradeOpened(Payload, frozen=True, tag="trade_opened"):
    """The entry is filled, wholly or as far as it will be."""

    trade_id: str
    strategy_id: str
    symbol: str
    venue: str
    account: str
    side: int
    quantity: Decimal
    avg_px: Decimal


class TradeClosed(Payload, frozen=True, tag="trade_closed"):
    trade_id: str
    strategy_id: str
    symbol: str
    venue: str
    account: str
    side: int
    quantity: Decimal
    avg_px_open: Decimal
    avg_px_close: Decimal
    realized_pnl: Decimal
    commission: Decimal
    exit_reason: ExitReason


class TradeMeasured(Payload, frozen=True, tag="trade_measured"):
    """How far the market went against (<= 0) and for (>= 0) a trade while open, percent of entry.

    Measured on prints, which are no facts.
    """

    trade_id: str
    strategy_id: str
    symbol: str
    venue: str
    account: str
    mae_pct: float
    mfe_pct: float
