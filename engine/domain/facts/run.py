"""That a run or a day began or ended, and what the day allows."""

from __future__ import annotations

from decimal import Decimal

from engine.domain.facts.payload import Payload


class RunStarted(Payload, frozen=True, tag="run_started"):
    """What a run starts with.

    ``letters`` and ``symbols`` are what it was narrowed to, both empty for everything. ``catalog``
    is where its days are recorded, or will be: secrets hidden, empty where nobody said.
    """

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
    catalog: str
    letters: tuple[str, ...]
    symbols: tuple[str, ...]


class DayStarted(Payload, frozen=True, tag="day_started"):
    day: str
    data_hash: str
    equity: Decimal


class GovernorMoved(Payload, frozen=True, tag="governor_moved"):
    """The day's phase changed; a note to read, nothing follows from it."""

    before: str
    after: str
    reason: str


class ProtectionStarted(Payload, frozen=True, tag="protection_started"):
    """Nothing is entered in this run: it protects what a quarantined one has left at the venue.

    ``of`` is that run; ``detail`` says which of its facts does not hold. What happens to its orders
    is told by the venue and is not recorded here, for the books they belong to are broken.
    """

    of: str
    detail: str


class FlatVerified(Payload, frozen=True, tag="flat_verified"):
    """Nothing is held and nothing works; ``symbol`` None: of all symbols."""

    symbol: str | None


class DayEnded(Payload, frozen=True, tag="day_ended"):
    day: str
    equity: Decimal


class RunEnded(Payload, frozen=True, tag="run_ended"):
    status: str
    decision_digest: str
    fill_digest: str
