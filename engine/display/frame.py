"""What a screen shows of a running day, as one value: the display frame.

A frame is whole: whoever sees one needs none before it. Only the names of the tape strip may have
come with an earlier one, see ``ScoreStrip``. Money, prices of ours and shares are exact decimals,
texts in JSON; figures of the market are floats, ``None`` where they are unknown; times are UTC ns.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec

from engine.tape.health import HealthLine, Light

VERSION = 1
"""Of the shape of a frame; it goes up when a field is taken away or comes to mean something else.

A field that is added leaves it as it is: readers pass over what they do not know.
"""

RUNNING = "Running"
"""``status`` of a frame while its run goes on; the last frame of a process says how it ended."""


class Protection(StrEnum):
    """What keeps the loss of a position small."""

    RESTING = "resting"
    """A stop order rests at the venue: it works without this process, too."""
    GUARDIAN = "guardian"
    """No stop rests: the guardian of this process closes the trade."""
    FILLING = "filling"
    """The entry is being filled; its stop begins to work once it is."""
    ENTERING = "entering"
    """Nothing is held yet."""


class FeatureRow(msgspec.Struct, frozen=True):
    """A number behind a signal, what it is held against, and whether it passed."""

    name: str
    value: float | None
    threshold: float | None
    passed: bool


class CheckRow(msgspec.Struct, frozen=True):
    """A filter's answer; ``outcome`` is pass, fail, unknown or off."""

    name: str
    outcome: str
    value: float | None
    threshold: float | None
    basis: str


class VerdictRow(msgspec.Struct, frozen=True):
    """What was last decided on a candidate; ``reason`` is None where it was approved."""

    ts_event: int
    approved: bool
    reason: str | None
    detail: str
    confidence: float | None
    rank: int | None
    checks: tuple[CheckRow, ...]


class WindowRow(msgspec.Struct, frozen=True):
    """The last buckets of a symbol, oldest first, for a small chart.

    ``ts`` is the end of each; ``last`` USD; ``volume`` shares; ``ao`` and ``ac`` USD.
    """

    ts: tuple[int, ...]
    last: tuple[float, ...]
    volume: tuple[float, ...]
    ao: tuple[float | None, ...]
    ac: tuple[float | None, ...]


class RadarRow(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate of the last minute; see ``engine.domain.candidate.Candidate``.

    Attributes
    ----------
    rank : int
        From 1, by score; that of a verdict counts among the confident of its bucket.
    last : Decimal
        USD.
    spread_bps : float or None
        As quoted; None without a quote of the last minute.
    verdict : VerdictRow or None
        None while none was given in the last minute.
    """

    rank: int
    strategy_id: str
    symbol: str
    side: int
    phase: str
    qualified: bool
    ts_event: int
    score: float
    strength: float
    confidence: float
    last: Decimal
    volume: Decimal
    session_volume: Decimal
    sigma_bps: float | None
    vwap: float | None
    vwap_slope: float | None
    spread_bps: float | None
    features: tuple[FeatureRow, ...]
    window: WindowRow
    verdict: VerdictRow | None


class ScoreStrip(msgspec.Struct, frozen=True):
    """Every symbol's score at the close of the last bucket, one byte each.

    Attributes
    ----------
    strategy_id : str
        Whose score.
    scores : bytes
        int8 by place: ``scale`` times the score, signed by side; -128 unknown, ±127 for more.
    names_from : int
        Place of the first of ``names``; a symbol keeps its place as long as the process lives.
    names : tuple of str
        Those the reader has not been told yet.
    """

    strategy_id: str
    scale: int
    scores: bytes
    names_from: int
    names: tuple[str, ...]


class StrategyStrip(msgspec.Struct, frozen=True):
    """The same of a strategy over the tape: by the places, and so the names, of ``ScoreStrip``.

    Attributes
    ----------
    scores : bytes
        int8 by place as there; 0 where the strategy has nothing to say.
    """

    strategy_id: str
    scale: int
    scores: bytes


class IndexRow(msgspec.Struct, frozen=True):
    """One index ETF; None until its oscillators are warm."""

    symbol: str
    ao_bps: float | None
    ac_z: float | None


class BreadthRow(msgspec.Struct, frozen=True, kw_only=True):
    """The whole tape at one close, beside what noise alone would show.

    Attributes
    ----------
    live, rising, falling : int
        Symbols with an ``ao``; above and below zero.
    gravity : float or None
        In [-1, 1], see ``engine.decision.market.market_gravity``.
    known, beyond : int
        Symbols with a score; how many are at the threshold or beyond it, on a side that is traded.
    threshold : float
        ``min_ac_z``.
    noise : float
        How many of ``known`` would be there if scores were standard normal.
    """

    live: int
    rising: int
    falling: int
    gravity: float | None
    indices: tuple[IndexRow, ...]
    known: int
    beyond: int
    threshold: float
    noise: float


class BucketRow(msgspec.Struct, frozen=True):
    """The bucket that closed last."""

    ts_event: int
    width_ns: int
    breadth: BreadthRow


class Locked(msgspec.Struct, frozen=True):
    """A symbol that may not be entered, and why."""

    symbol: str
    reason: str


class Cooling(msgspec.Struct, frozen=True):
    """A symbol that may not be entered until an instant."""

    symbol: str
    until_ns: int


class GovernorRow(msgspec.Struct, frozen=True, kw_only=True):
    """What the day allows, and how much of its limits is used; amounts in USD.

    Attributes
    ----------
    standing : str
        Where the day stands, as it is shown: ``paused`` or ``stopped`` by hand, ``held`` by an
        issue, else the phase.
    phase : str
        As facts have it; ``halted`` for any of the first three.
    loss_limit, profit_target : Decimal or None
        What the day may lose, negative, and at which result it is done; None where it is off.
    under_way : tuple of str
        Commands that are accepted and not done.
    """

    standing: str
    phase: str
    paused: bool
    stopped: bool
    equity: Decimal
    cash: Decimal
    realized_pnl: Decimal
    open_pnl: Decimal
    exposure: float
    loss_limit: Decimal
    profit_target: Decimal | None
    trades: int
    max_trades: int
    wins: int
    max_wins: int | None
    slots_used: int
    slots: int
    entries_from_ns: int
    entries_until_ns: int
    flatten_ns: int
    locked: tuple[Locked, ...]
    cooling: tuple[Cooling, ...]
    under_way: tuple[str, ...]


class PositionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A trade that is not over, and what protects it; amounts in USD.

    Attributes
    ----------
    quantity, planned : Decimal
        Shares held by now, and to be held; both >= 0.
    avg_px_open, last : Decimal or None
        None before the first fill.
    stop : Decimal
        Where the stop rests; where it was planned while none does.
    trailing_percent : Decimal or None
        How far behind the best price the stop is drawn; None where it stays.
    pnl, pnl_at_stop, pnl_at_target : Decimal
        Open result now and at either end of the bracket, before fees.
    time_stop_ns : int or None
        When the clock alone closes it.
    exit_reason : str or None
        Why it is being closed; None while it is not.
    """

    trade_id: str
    strategy_id: str
    symbol: str
    side: int
    quantity: Decimal
    planned: Decimal
    entry_limit: Decimal | None
    avg_px_open: Decimal | None
    last: Decimal | None
    stop: Decimal
    target: Decimal
    protection: Protection
    trailing_percent: Decimal | None
    pnl: Decimal
    pnl_at_stop: Decimal
    pnl_at_target: Decimal
    entered_ns: int | None
    time_stop_ns: int | None
    exit_reason: str | None
    has_alarm: bool


class HealthRow(msgspec.Struct, frozen=True, kw_only=True):
    """Lights, the worst first, and what was counted; see ``VenueHealth``."""

    worst: Light
    lines: tuple[HealthLine, ...]
    trades: int
    quotes: int
    gaps: int
    skipped: int
    requests_left: int | None


class Issue(msgspec.Struct, frozen=True):
    """Something that is wrong and what a person can do; an alarm wants that person now."""

    what: str
    detail: str
    remedy: str
    is_alarm: bool


class Activity(msgspec.Struct, frozen=True):
    """A fact in words."""

    seq: int
    ts: int
    kind: str
    text: str
    trade_id: str | None


class Hours(msgspec.Struct, frozen=True):
    """The trading day."""

    day: str
    open_ns: int
    close_ns: int


class FrameHeading(msgspec.Struct, frozen=True, kw_only=True):
    """What all frames of one process have in common.

    Attributes
    ----------
    epoch : int
        Which process of the run, counted from its first.
    venue : str
        Where it trades.
    sends : bool
        Whether plans become orders.
    """

    run_id: str
    epoch: int
    venue: str
    sends: bool


class DisplayFrame(msgspec.Struct, frozen=True, kw_only=True):
    """Everything there is to see of a run at one instant.

    Attributes
    ----------
    number : int
        Counts the frames of the process from 1; a reader may miss some.
    status, note : str
        ``Running``; in the last frame how the process ended, and why.
    ts : int
        The run's own time.
    fact_seq : int
        The last fact.
    bucket, strip
        None before the first close; a recorded day that is not played tick by tick has no strip.
    strips : tuple of StrategyStrip
        Of the strategies over the tape that are asked, in order of precedence.
    activity : tuple of Activity
        The last facts, newest first.
    """

    version: int
    heading: FrameHeading
    number: int
    status: str
    note: str
    ts: int
    fact_seq: int
    params_version: int
    hours: Hours
    bucket: BucketRow | None
    radar: tuple[RadarRow, ...]
    strip: ScoreStrip | None
    governor: GovernorRow
    positions: tuple[PositionRow, ...]
    health: HealthRow
    issues: tuple[Issue, ...]
    activity: tuple[Activity, ...]
    strips: tuple[StrategyStrip, ...] = ()

    @property
    def is_over(self) -> bool:
        """Whether the process that showed it has said its last."""
        return self.status != RUNNING


def with_names_from(frame: DisplayFrame, told: int) -> DisplayFrame:
    """Return a frame without the names of the strip before a place, for who knows them."""
    strip = frame.strip
    if strip is None or told <= strip.names_from:
        return frame
    left = strip.names[told - strip.names_from :]
    cut: Any = msgspec.structs.replace(strip, names_from=told, names=left)
    return msgspec.structs.replace(frame, strip=cut)
