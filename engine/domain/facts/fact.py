"""A fact: a body in its place in the journal."""

from __future__ import annotations

import msgspec

from engine.domain.facts.access import (
    ActionAuthorized,
    PasskeyAdded,
    PasskeySuspended,
    RecoveryCodesMade,
    RecoveryCodeUsed,
    RefreshReused,
    RoleChanged,
    SessionEnded,
    SignedIn,
    SignInRefused,
    UserAdded,
    UserInvited,
    UserRestored,
    UserSuspended,
)
from engine.domain.facts.cash import CashMoved, FeeCharged
from engine.domain.facts.changes import EnsembleChanged, ParamsChanged, ParamsWithdrawn
from engine.domain.facts.commands import (
    CommandAccepted,
    CommandDone,
    CommandReceived,
    CommandRefused,
)
from engine.domain.facts.orders import (
    FillBusted,
    FillCorrected,
    OrderAccepted,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderSubmitted,
    OrderUpdated,
)
from engine.domain.facts.run import (
    DayEnded,
    DayStarted,
    FlatVerified,
    GovernorMoved,
    ProtectionStarted,
    RunEnded,
    RunStarted,
)
from engine.domain.facts.trades import (
    BracketPlanned,
    ExitRequested,
    TradeClosed,
    TradeMeasured,
    TradeOpened,
)
from engine.domain.facts.trouble import (
    AlarmRaised,
    BucketIncomplete,
    EntriesHeld,
    EntriesReleased,
    GapBackfilled,
    SymbolLocked,
    SymbolUnlocked,
)

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
    | BucketIncomplete
    | CommandReceived
    | CommandAccepted
    | CommandRefused
    | CommandDone
    | FlatVerified
    | AlarmRaised
    | DayEnded
    | RunEnded
    | UserInvited
    | UserAdded
    | PasskeyAdded
    | PasskeySuspended
    | SignedIn
    | SignInRefused
    | RefreshReused
    | SessionEnded
    | RecoveryCodesMade
    | RecoveryCodeUsed
    | RoleChanged
    | UserSuspended
    | UserRestored
    | ActionAuthorized
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
