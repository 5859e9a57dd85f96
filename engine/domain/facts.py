"""The facts a run is made of; each kind is a tag chosen by hand and kept for ever."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec

from engine.domain.commands import AnyCommand


class OrderRole(StrEnum):
    """What an order is for."""

    ENTRY = "entry"
    TAKE_PROFIT = "take_profit"
    STOP_LOSS = "stop_loss"
    EXIT = "exit"


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


class Fee(StrEnum):
    """What a regulatory fee is for; brokers pass them on."""

    SEC = "sec"
    TAF = "taf"
    CAT = "cat"
    OTHER = "other"


class Movement(StrEnum):
    """Why cash moved without a fill or a fee."""

    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    DIVIDEND = "dividend"
    INTEREST = "interest"
    ADJUSTMENT = "adjustment"


class EnsembleRule(StrEnum):
    """How the signals of several strategies become one trade, and whose its P&L is."""

    ANY = "any"
    """Each competes by itself; the trade and its P&L are its owner's."""
    WEIGHTED = "weighted"
    """They add up; each on the trade's side has its part of the P&L."""


class Contribution(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one strategy had to do with a trade: its signal on the trade's side.

    ``strength`` is in (0, 1], ``confidence`` in [0, 1], ``weight`` >= 0 as it was in force.
    """

    strategy_id: str
    strength: float
    weight: float
    confidence: float


class Payload(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind"):
    """Body of a fact.

    Prices, money and shares are exact ``Decimal``, money in the account's currency (USD), times UTC
    nanoseconds. ``symbol`` and ``venue`` together are the key of an instrument, ``AAPL.ALPACA``;
    ``account`` is what the configuration calls the account at that venue, ``main`` by default.
    Every fact of a trade, order, fill or payment names all three, so that it can be read alone;
    the strategy is named by the plan, by the facts of a trade's life and in its ``trade_id``. What
    concerns a whole run, day or symbol list is of the account that ``RunStarted`` names.
    """


class RunStarted(Payload, frozen=True, tag="run_started"):
    run_id: str
    venue: str
    account: str
    currency: str
    params_hash: str
    code_hash: str
    engine_version: str
    fills: str
    starting_balance: Decimal
    strategies: tuple[str, ...]


class DayStarted(Payload, frozen=True, tag="day_started"):
    day: str
    data_hash: str
    equity: Decimal


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


class OrderSubmitted(Payload, frozen=True, tag="order_submitted"):
    """An order is on its way.

    ``client_order_id`` is the id it has at the market; it names the ``number``-th order, from 1, of
    that ``role`` of the trade.
    """

    client_order_id: str
    trade_id: str
    symbol: str
    venue: str
    account: str
    role: OrderRole
    number: int
    order_side: str
    order_type: str
    quantity: Decimal
    price: Decimal | None
    trigger_price: Decimal | None


class OrderAccepted(Payload, frozen=True, tag="order_accepted"):
    client_order_id: str
    trade_id: str
    symbol: str
    venue: str
    account: str


class OrderUpdated(Payload, frozen=True, tag="order_updated"):
    client_order_id: str
    trade_id: str
    symbol: str
    venue: str
    account: str
    quantity: Decimal
    price: Decimal | None
    trigger_price: Decimal | None


class OrderFilled(Payload, frozen=True, tag="order_filled"):
    client_order_id: str
    trade_id: str
    symbol: str
    venue: str
    account: str
    role: OrderRole
    order_side: str
    venue_trade_id: str
    last_qty: Decimal
    last_px: Decimal
    commission: Decimal
    liquidity_side: str


class FillCorrected(Payload, frozen=True, tag="fill_corrected"):
    """The venue restated a fill: these values stand in its place."""

    client_order_id: str
    trade_id: str
    symbol: str
    venue: str
    account: str
    venue_trade_id: str
    last_qty: Decimal
    last_px: Decimal
    commission: Decimal


class FillBusted(Payload, frozen=True, tag="fill_busted"):
    """The venue took a fill back: it never was."""

    client_order_id: str
    trade_id: str
    symbol: str
    venue: str
    account: str
    venue_trade_id: str
    reason: str


class FeeCharged(Payload, frozen=True, tag="fee_charged"):
    """A fee taken from cash: ``amount`` USD, > 0, for one fill or, ``trade_id`` None, for a day."""

    venue: str
    account: str
    fee: Fee
    day: str
    amount: Decimal
    trade_id: str | None
    venue_trade_id: str | None


class CashMoved(Payload, frozen=True, tag="cash_moved"):
    """Cash came (``amount`` > 0 USD) or went, by neither a fill nor a fee."""

    venue: str
    account: str
    movement: Movement
    amount: Decimal
    note: str


class OrderCanceled(Payload, frozen=True, tag="order_canceled"):
    client_order_id: str
    trade_id: str
    symbol: str
    venue: str
    account: str


class OrderRejected(Payload, frozen=True, tag="order_rejected"):
    """The venue, or the engine before it, refused an order."""

    client_order_id: str
    trade_id: str
    symbol: str
    venue: str
    account: str
    reason: str


class OrderExpired(Payload, frozen=True, tag="order_expired"):
    client_order_id: str
    trade_id: str
    symbol: str
    venue: str
    account: str


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


class GovernorMoved(Payload, frozen=True, tag="governor_moved"):
    """The day's phase changed; a note to read, nothing follows from it."""

    before: str
    after: str
    reason: str


class ParamChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One parameter before and after, as JSON values."""

    name: str
    old: Any
    new: Any


class ParamsChanged(Payload, frozen=True, tag="params_changed"):
    """A new version of the parameters: all of its changes or none.

    ``effective_ns`` is the end of the bucket from which on it holds, ``who`` a person or service,
    as they say; ``stepped_up`` whether the door they came through had them prove it for this.
    """

    version: int
    effective_ns: int
    changes: tuple[ParamChange, ...]
    params_hash: str
    who: str
    because: str
    stepped_up: bool


class ParamsWithdrawn(Payload, frozen=True, tag="params_withdrawn"):
    """A scheduled version was taken back before it took effect."""

    version: int
    who: str
    because: str


class Member(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One strategy of a run.

    ``source`` is where it was found, ``module:Class``; empty for those that come with the engine.
    ``parameters`` are its own, as JSON values; ``bracket`` those of the account's that it replaces
    for its own trades.
    """

    strategy_id: str
    source: str
    weight: float
    is_on: bool
    parameters: dict[str, Any]
    bracket: dict[str, Any]


class EnsembleChanged(Payload, frozen=True, tag="ensemble_changed"):
    """The strategies of a run from one bucket on; a run of acceleration alone never says so.

    ``effective_ns`` is the end of the first bucket that is decided by it.
    """

    version: int
    effective_ns: int
    members: tuple[Member, ...]
    who: str
    because: str


class SymbolLocked(Payload, frozen=True, tag="symbol_locked"):
    symbol: str
    reason: str


class SymbolUnlocked(Payload, frozen=True, tag="symbol_unlocked"):
    symbol: str


class EntriesHeld(Payload, frozen=True, tag="entries_held"):
    """Something is wrong, a feed or the books: nothing is entered until it is over."""

    trouble: str
    detail: str


class EntriesReleased(Payload, frozen=True, tag="entries_released"):
    """The trouble of that name is over."""

    trouble: str


class ProtectionStarted(Payload, frozen=True, tag="protection_started"):
    """Nothing is entered in this run: it protects what a quarantined one has left at the venue.

    ``of`` is that run; ``detail`` says which of its facts does not hold. What happens to its orders
    is told by the venue and is not recorded here, for the books they belong to are broken.
    """

    of: str
    detail: str


class GapBackfilled(Payload, frozen=True, tag="gap_backfilled"):
    """Market data that nobody heard from ``start_ns`` to ``end_ns`` (UTC ns) was fetched later.

    ``symbols`` were asked for; ``trades`` and ``quotes`` of theirs were taken that had not come by
    themselves. What the scanner said meanwhile it said without them; not ``complete``, still does.
    """

    start_ns: int
    end_ns: int
    symbols: int
    trades: int
    quotes: int
    complete: bool


class Channel(StrEnum):
    """The door through which a command came in."""

    COMMAND_LOG = "command_log"
    """Whoever reaches the database writes there; nobody is asked who they are."""
    PARAMETER_DESK = "parameter_desk"
    """Kept versions of the parameters, each with whether its author stepped up."""


class CommandReceived(Payload, frozen=True, tag="command_received"):
    """Somebody asked for something.

    ``source`` and ``who`` are what they say of themselves: to be read, and no right follows from
    them. ``channel`` and ``stepped_up``, whether the operator proved who they are, are set by
    whoever receives the command, whatever it says itself.
    """

    command_id: str
    source: str
    who: str
    command: AnyCommand
    channel: Channel
    stepped_up: bool


class CommandAccepted(Payload, frozen=True, tag="command_accepted"):
    command_id: str


class CommandRefused(Payload, frozen=True, tag="command_refused"):
    command_id: str
    reason: str


class CommandDone(Payload, frozen=True, tag="command_done"):
    command_id: str
    outcome: str


class FlatVerified(Payload, frozen=True, tag="flat_verified"):
    """Nothing is held and nothing works; ``symbol`` None: of all symbols."""

    symbol: str | None


class Alarm(StrEnum):
    """What needs a person."""

    NOT_FLAT = "not_flat"
    """The day's end, or what is left of an order to end it, does not come to be."""
    EXIT_HELD_UP = "exit_held_up"
    """A trade that is to be closed is still open, by a halt or for want of a fill."""
    POSITIONS_DIFFER = "positions_differ"
    """Venue and ledger disagree on what is held: somebody traded it by hand."""
    JOURNAL_BROKEN = "journal_broken"
    """The facts of a run are not those that were written: it is quarantined."""
    UNPROTECTED = "unprotected"
    """Shares have no stop at the venue; they are sold."""


class AlarmRaised(Payload, frozen=True, tag="alarm_raised"):
    """Something needs a person."""

    alarm: Alarm
    detail: str


class DayEnded(Payload, frozen=True, tag="day_ended"):
    day: str
    equity: Decimal


class RunEnded(Payload, frozen=True, tag="run_ended"):
    status: str
    decision_digest: str
    fill_digest: str


OrderFact = (
    OrderSubmitted
    | OrderAccepted
    | OrderUpdated
    | OrderFilled
    | OrderCanceled
    | OrderRejected
    | OrderExpired
)
"""What became of an order."""

AnyPayload = (
    RunStarted
    | DayStarted
    | BracketPlanned
    | OrderSubmitted
    | OrderAccepted
    | OrderUpdated
    | OrderFilled
    | FillCorrected
    | FillBusted
    | FeeCharged
    | CashMoved
    | OrderCanceled
    | OrderRejected
    | OrderExpired
    | ExitRequested
    | TradeOpened
    | TradeClosed
    | TradeMeasured
    | GovernorMoved
    | ParamsChanged
    | ParamsWithdrawn
    | EnsembleChanged
    | SymbolLocked
    | SymbolUnlocked
    | EntriesHeld
    | EntriesReleased
    | ProtectionStarted
    | GapBackfilled
    | CommandReceived
    | CommandAccepted
    | CommandRefused
    | CommandDone
    | FlatVerified
    | AlarmRaised
    | DayEnded
    | RunEnded
)


class Fact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A payload in its place: ``seq`` is the replay order, ``hash`` chains it to the one before.

    ``ts_event`` is when it happened, ``ts_init`` when the engine learned of it (UTC ns).
    ``causation_id`` is the ``seq`` of the fact that led to this one, ``correlation_id`` the trade.
    ``fact_id`` names what may reach the journal twice, a fill or a command, and is kept once.
    ``version`` is that of the payload's shape as it was written.
    """

    seq: int
    ts_event: int
    ts_init: int
    version: int
    payload: AnyPayload
    causation_id: int | None
    correlation_id: str | None
    fact_id: str | None
    prev_hash: str
    hash: str
