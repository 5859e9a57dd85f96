"""Runs of the real engine for tests: what was asked for, its outcome and its facts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from app.strategies import hosted
from engine.domain.facts import Fact, OrderFilled
from engine.domain.market_data.recorded import MarketData
from engine.domain.parameters import parameters_from
from engine.hub import Outcome
from engine.journal import JournalWriter, MemoryJournal
from engine.runtime import Engine, run_backtest

EAGER = (
    "min_ac_z=2",
    "vol_surge_multiplier=1.5",
    "vol_floor=100",
    "min_cumulative_ao_volume=500",
    "min_cumulative_notional=10000",
    "max_carried_ratio=0.9",
    "max_volume_share_percent=off",
    "max_price=1000",
    "use_market_gravity=false",
    "use_spread_liquidity=false",
    "use_vwap_alignment=false",
    "take_profit_percent=0.8",
    "stop_loss_percent=0.4",
    "max_hold_seconds=600",
    "max_trades_per_day=500",
    "symbol_cooldown_seconds=60",
    "daily_loss_limit_percent=50",
    "daily_profit_target_percent=off",
    "no_entry_after=15:54",
)
"""Gates and limits so wide that any lively day is traded."""


@dataclass(frozen=True)
class Ran:
    """A run and everything it wrote down."""

    outcome: Outcome
    facts: list[Fact]


def run(
    market: MarketData,
    days: Sequence[date],
    engine: Engine = Engine.PRUNED,
    *,
    settings: Sequence[str] = EAGER,
    journal: MemoryJournal | None = None,
    **options: Any,
) -> Ran:
    """Run a backtest of 100,000 USD."""
    journal = MemoryJournal() if journal is None else journal
    options = {"strategies": hosted().strategies} | options
    outcome = run_backtest(
        market,
        days,
        parameters_from({}, settings),
        journal=journal,
        starting_balance=Decimal(100_000),
        engine=engine,
        **options,
    )
    return Ran(outcome, list(journal.facts()))


def cut_off(facts: Iterable[Fact]) -> MemoryJournal:
    """Return a journal that has no more than these facts."""
    left = MemoryJournal()
    record_again(facts, left)
    return left


def record_again(facts: Iterable[Fact], journal: JournalWriter) -> None:
    """Append to a journal what another one holds."""
    for fact in facts:
        journal.append(
            fact.payload,
            ts_event=fact.ts_event,
            ts_init=fact.ts_init,
            causation_id=fact.causation_id,
            correlation_id=fact.correlation_id,
            fact_id=fact.fact_id,
        )


def story(facts: Sequence[Fact]) -> list[tuple[Any, ...]]:
    """Return facts without what the venue makes up: its ids, and the hashes over them."""
    return [
        (
            fact.seq,
            fact.ts_event,
            fact.ts_init,
            fact.causation_id,
            fact.correlation_id,
            msgspec.structs.replace(fact.payload, venue_trade_id="")
            if isinstance(fact.payload, OrderFilled)
            else fact.payload,
        )
        for fact in facts
    ]
