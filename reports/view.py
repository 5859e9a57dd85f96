"""Everything one report shows, as values; whoever holds a run fills it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pyarrow as pa

from engine.domain.parameters import Parameters
from engine.domain.parameters.versions import Stretch

Metrics = Mapping[str, float | int | Decimal | None]
"""Figures of merit by the names of ``engine.accounting.Performance``; None where undefined."""


OF_PRINTS = frozenset(
    {
        "in_buckets",
        "late_trades",
        "future_trades",
        "outside_session",
        "reversals",
        "reversals_applied",
        "reversals_late",
        "reversals_unmatched",
    }
)
"""Counters of data quality that count prints, so that their share of all prints means something."""


class StageKind(StrEnum):
    """Who narrows the funnel at a stage."""

    TAPE = "tape"
    GATE = "gate"
    HUB = "hub"
    FILTER = "filter"
    ORDER = "order"


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the decision funnel.

    Attributes
    ----------
    name : str
        As a reader knows it: "buckets", "warm", a gate, "raised", "judged", a filter, "selected",
        "planned", "filled".
    count : int
        What is left after this stage.
    kind : StageKind
    """

    name: str
    count: int
    kind: StageKind


@dataclass(frozen=True, slots=True)
class GateTally:
    """What one scanner gate did over the whole run.

    ``passed`` counts symbol-buckets that passed this gate out of ``seen`` that have an ``ao``, and
    ``sole_failures`` those that failed this gate and no other.
    """

    gate: str
    passed: int
    seen: int
    sole_failures: int


@dataclass(frozen=True, slots=True)
class Rung:
    """The same run under one fill assumption; ``metrics`` has the keys of ``RunView.metrics``."""

    fills: str
    metrics: Metrics


@dataclass(frozen=True, slots=True)
class Timing:
    """One stage of the run: seconds of wall clock, and prints handled (None where none are)."""

    stage: str
    seconds: float
    trades: int | None = None

    @property
    def trades_per_sec(self) -> float | None:
        """Prints handled per second; None where the stage handles none or took no time."""
        return self.trades / self.seconds if self.trades is not None and self.seconds > 0 else None


@dataclass(frozen=True, slots=True)
class StrategyPart:
    """One strategy's part of a run.

    ``weight`` is its share at the start; ``candidates`` it raised, ``trades`` it owns; ``net_pnl``
    USD, booked to it of all trades it contributed to.
    """

    strategy_id: str
    weight: float
    candidates: int
    judged: int
    approved: int
    trades: int
    net_pnl: Decimal


_TIME = pa.int64()
_USD = pa.decimal128(18, 6)
_SHARES = pa.decimal128(18, 6)
_CHECK = pa.struct(
    [
        ("name", pa.string()),
        ("outcome", pa.string()),
        ("value", pa.float64()),
        ("threshold", pa.float64()),
        ("basis", pa.string()),
    ]
)
_FEATURE = pa.struct(
    [
        ("name", pa.string()),
        ("value", pa.float64()),
        ("threshold", pa.float64()),
        ("passed", pa.bool_()),
    ]
)

TRADES = pa.schema(
    [
        ("trade_id", pa.string()),
        ("strategy_id", pa.string()),
        ("symbol", pa.string()),
        ("side", pa.int8()),
        ("quantity", pa.float64()),
        ("entry_ts", _TIME),
        ("exit_ts", _TIME),
        ("avg_px_open", _USD),
        ("avg_px_close", _USD),
        ("take_profit", _USD),
        ("stop_loss", _USD),
        ("reference_price", _USD),
        ("realized_pnl", _USD),
        ("commission", _USD),
        ("exit_reason", pa.string()),
        ("score", pa.float64()),
        ("confidence", pa.float64()),
        ("candidate_ts", _TIME),
        ("mae_pct", pa.float64()),
        ("mfe_pct", pa.float64()),
        ("hold_secs", pa.float64()),
        ("slippage_bps", pa.float64()),
    ]
)
FILLS = pa.schema(
    [
        ("ts_event", _TIME),
        ("trade_id", pa.string()),
        ("symbol", pa.string()),
        ("role", pa.string()),
        ("order_side", pa.string()),
        ("last_qty", pa.float64()),
        ("last_px", _USD),
        ("commission", _USD),
    ]
)
EQUITY = pa.schema([("ts", _TIME), ("equity", _USD)])
VERDICTS = pa.schema(
    [
        ("ts_event", _TIME),
        ("strategy_id", pa.string()),
        ("symbol", pa.string()),
        ("side", pa.int8()),
        ("score", pa.float64()),
        ("approved", pa.bool_()),
        ("reason", pa.string()),
        ("detail", pa.string()),
        ("confidence", pa.float64()),
        ("checks", pa.list_(_CHECK)),
    ]
)
CANDIDATES = pa.schema(
    [
        ("ts_event", _TIME),
        ("symbol", pa.string()),
        ("side", pa.int8()),
        ("phase", pa.string()),
        ("fade_reason", pa.string()),
        ("qualified", pa.bool_()),
        ("ao", pa.float64()),
        ("ac", pa.float64()),
        ("ac_z", pa.float64()),
        ("sigma_bps", pa.float64()),
        ("last", _USD),
        ("volume", _SHARES),
        ("gates", pa.int64()),
    ]
)
BUCKETS = pa.schema(
    [
        ("symbol", pa.string()),
        ("ts", _TIME),
        ("high", _USD),
        ("low", _USD),
        ("last", _USD),
        ("volume", _SHARES),
        ("ao", pa.float64()),
        ("ac", pa.float64()),
    ]
)
BREADTH = pa.schema(
    [("ts", _TIME), ("live", pa.int64()), ("rising", pa.int64()), ("falling", pa.int64())]
)
SIGNALS = pa.schema(
    [
        ("ts_event", _TIME),
        ("strategy_id", pa.string()),
        ("symbol", pa.string()),
        ("features", pa.list_(_FEATURE)),
    ]
)
NEAR = pa.schema(
    [("ts_event", _TIME), ("symbol", pa.string()), ("side", pa.int8()), ("ac_z", pa.float64())]
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RunView:
    """What a report shows of one run; nothing here is computed from anything else here.

    Tables are Arrow. They must have the columns of the schemas in this module, by name; they may
    have more, in any order, and any numeric type will do: USD columns may be decimal (32 to 256
    bits) or float, counts any integer, strings plain or dictionary-coded. Times are int64 UTC ns
    (``timestamp('ns')`` will not do). Nulls and NaN are shown as a dash. Prices are USD, never
    1e-6 units.

    Attributes
    ----------
    manifest : mapping
        Read by key, each may be absent: ``run_id, status, engine, fills, start, end`` (ISO dates),
        ``letters, symbols, starting_balance, created, note`` (why a run is partial, or failed),
        ``params_hash, data_hash, code_hash, engine_version, decision_digest, fill_digest``.
    metrics : mapping
        ``msgspec.structs.asdict`` of an ``engine.accounting`` ``Performance``, or what JSON keeps
        of it with the numbers as numbers; any key may be absent. Read: ``trades, net_pnl,
        return_pct, win_rate, expectancy, profit_factor, sharpe, sortino, trade_sharpe,
        max_drawdown, max_drawdown_pct, exposure, avg_win, avg_loss, avg_hold_secs, mae_pct,
        mfe_pct, commission``. ``win_rate`` and ``exposure`` are 0..1, ``*_pct`` percent, money USD,
        ``max_drawdown`` a positive amount.
    trades : table, schema ``TRADES``
        One row per trade that was entered; ``exit_ts`` is null while it is open. ``side`` is 1 or
        -1; ``mae_pct`` <= 0 <= ``mfe_pct``, in percent of the entry price; ``slippage_bps`` of the
        entry against ``reference_price``, > 0 when it cost.
    fills : table, schema ``FILLS``
        ``role`` as ``engine.domain.facts.OrderRole``.
    equity : table, schema ``EQUITY``
        Ascending ``ts``.
    verdicts : table, schema ``VERDICTS``
        One row per judged candidate bucket. ``reason`` null when approved. ``outcome`` of a check
        is ``pass``, ``fail``, ``unknown`` or ``off``.
    candidates : table, schema ``CANDIDATES``
        One row per raised, updated or faded, ascending ``ts_event``; ``gates`` are bits by
        ``engine.domain.candidate.Gate``.
    buckets : table, schema ``BUCKETS``
        Buckets of symbols that traded, ascending ``ts`` within a symbol, any number of days;
        ``high = low = 0`` or null in a carried bucket. Ten minutes before an entry to five after
        the exit are drawn; more is cut off, less is drawn as far as it goes (the scanner's own
        ``buckets`` end where a candidate fades, so a trade's later buckets must be added).
    breadth : table, schema ``BREADTH``
        One row per bucket of the session.
    signals : table, schema ``SIGNALS``
        Candidates of strategies that look at the tape, with their features.
    strategies : sequence of StrategyPart
        In order of precedence; empty where acceleration ran alone.
    near : table, schema ``NEAR``, or None
        One row per symbol-bucket that passed every gate except perhaps ``AC_Z``, whatever its
        ``ac_z``: the sample behind the noise floor (``reports.funnel.near_gate``). None draws the
        candidates alone.
    funnel : sequence of Stage
        In flow order: ``reports.funnel`` makes it of a scan's counts and the tables above; where
        several strategies ran it is acceleration's, and without it the hub's part alone.
    gates : sequence of GateTally
        By ``Gate``: ``reports.funnel.gate_tallies``.
    params : Parameters or None
        What the run was started with; None leaves out the table, the threshold and the noise
        floor's curve.
    changes : sequence of Stretch
        Versions that came into force during the run, in order. Where they shape candidates there is
        no one threshold, and it is left out with the curve.
    ladder : sequence of Rung
        Other fill assumptions of the same run, the run's own among them; empty or one: no ladder.
    quality : mapping of str to int
        Counters of the data read, ``trades`` (prints) among them: ``late, reversals, …``.
    timings : sequence of Timing
        In order; a stage called ``total`` comes last.
    peak_memory_bytes : int or None
    """

    manifest: Mapping[str, Any]
    metrics: Metrics
    trades: pa.Table = field(default_factory=TRADES.empty_table)
    fills: pa.Table = field(default_factory=FILLS.empty_table)
    equity: pa.Table = field(default_factory=EQUITY.empty_table)
    verdicts: pa.Table = field(default_factory=VERDICTS.empty_table)
    candidates: pa.Table = field(default_factory=CANDIDATES.empty_table)
    buckets: pa.Table = field(default_factory=BUCKETS.empty_table)
    breadth: pa.Table = field(default_factory=BREADTH.empty_table)
    signals: pa.Table = field(default_factory=SIGNALS.empty_table)
    strategies: Sequence[StrategyPart] = ()
    near: pa.Table | None = None
    funnel: Sequence[Stage] = ()
    gates: Sequence[GateTally] = ()
    params: Parameters | None = None
    changes: Sequence[Stretch] = ()
    ladder: Sequence[Rung] = ()
    quality: Mapping[str, int] = field(default_factory=dict[str, int])
    timings: Sequence[Timing] = ()
    peak_memory_bytes: int | None = None

    @property
    def scan_params(self) -> Parameters | None:
        """What shaped every candidate of the run; None where that is not known or changed."""
        if self.params is None:
            return None
        hashes = {each.params.scan_hash() for each in self.changes}
        return self.params if hashes <= {self.params.scan_hash()} else None

    def __post_init__(self) -> None:
        """Refuse a table that lacks a column, naming both."""
        for name, schema in SCHEMAS.items():
            table: pa.Table | None = getattr(self, name)
            missing = [] if table is None else sorted(set(schema.names) - set(table.column_names))
            if missing:
                raise ValueError(f"RunView.{name} lacks {', '.join(missing)}; see its schema")


SCHEMAS = {
    "trades": TRADES,
    "fills": FILLS,
    "equity": EQUITY,
    "verdicts": VERDICTS,
    "candidates": CANDIDATES,
    "buckets": BUCKETS,
    "breadth": BREADTH,
    "signals": SIGNALS,
    "near": NEAR,
}
