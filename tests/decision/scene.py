"""A desk, a market and candidates to decide about; every test changes only what it is about."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
from hypothesis import strategies as st

from engine.decision import DeskState, GovernorState, OpenTrade, evolve
from engine.domain.account import ACCELERATION, ALPACA_MAIN
from engine.domain.candidate import (
    Breadth,
    BucketReport,
    Candidate,
    Feature,
    Gate,
    IndexReading,
    Phase,
    Side,
    Window,
)
from engine.domain.commands import AnyCommand, Pause
from engine.domain.facts import (
    AnyPayload,
    BracketPlanned,
    Channel,
    CommandAccepted,
    CommandReceived,
    Contribution,
    DayStarted,
    EnsembleRule,
    TradeClosed,
)
from engine.domain.facts import ExitReason as Exit
from engine.domain.fixed_point import PRICE_SCALE
from engine.domain.market_data.quotes import Quote
from engine.domain.parameters import Parameters, parameters_from
from engine.domain.session import NANOS_PER_SECOND, session

SESSION = session(date(2025, 9, 18))
HALF_DAY = session(date(2025, 11, 28))
NOON = SESSION.at("12:00")
GRACE = 250_000_000

CALM = Breadth(
    live=1_000,
    rising=500,
    falling=400,
    indices=(
        IndexReading("SPY", 0.5, 1.0),
        IndexReading("QQQ", 0.5, 2.0),
        IndexReading("IWM", 0.0, float("nan")),
    ),
)


def units(price: str | Decimal) -> int:
    """Return a price in 1e-6 USD."""
    return int(Decimal(price) * PRICE_SCALE)


def quote(bid: str, ask: str, size: int = 10_000, *, ts: int = NOON, age_secs: float = 0) -> Quote:
    return Quote(units(bid), units(ask), size, size, ts + GRACE - int(age_secs * NANOS_PER_SECOND))


def window(high: list[int], low: list[int]) -> Window:
    """Return buckets with these highs and lows in 1e-6 USD; 0 marks a carried one."""
    empty = np.zeros(len(high), dtype=np.int64)
    return Window(
        ts=empty,
        high=np.array(high, dtype=np.int64),
        low=np.array(low, dtype=np.int64),
        last=empty,
        volume=empty.astype(np.float64),
        ao=empty.astype(np.float64),
        ac=empty.astype(np.float64),
    )


def candidate(symbol: str = "AAPL", *, ts: int = NOON, **changes: Any) -> Candidate:
    """Return a candidate at 100 USD that every filter likes."""
    side = changes.get("side", Side.LONG)
    usual: dict[str, Any] = {
        "side": Side.LONG,
        "phase": Phase.RAISED,
        "fade_reason": None,
        "qualified": True,
        "strategy_id": ACCELERATION,
        "score": 6.0,
        "strength": 0.75,
        "confidence": 1.0,
        "notional": 9e6,
        "features": tuple(Feature(gate.name.lower(), 1.0, 0.0, passed=True) for gate in Gate),
        "sigma_bps": 2.0,
        "last": units("100.00"),
        "volume": 9_000,
        "session_volume": 2_000_000,
        "vwap": 99.0 if side is Side.LONG else 101.0,
        "vwap_slope": 0.05 * side,
        "quote": quote("99.99", "100.01", ts=ts),
        "window": window([units("100.10")] * 3, [units("100.00")] * 3),
    }
    return Candidate(symbol=symbol, ts_event=ts, ts_init=ts + GRACE, **(usual | changes))


def report(*candidates: Candidate, ts: int = NOON, breadth: Breadth = CALM) -> BucketReport:
    return BucketReport(
        ts, ts + GRACE, breadth, tuple(sorted(candidates, key=lambda each: each.symbol))
    )


def parameters(**changes: Any) -> Parameters:
    return parameters_from(changes)


def received(command: AnyCommand, command_id: str = "c1") -> CommandReceived:
    return CommandReceived(
        command_id, "test", "ann", command, channel=Channel.COMMAND_LOG, stepped_up=False
    )


def ordered(command: AnyCommand, command_id: str = "c1") -> list[AnyPayload]:
    """Return the facts of a command that was accepted."""
    return [received(command, command_id), CommandAccepted(command_id)]


PAUSED = ordered(Pause(), "pause")
STARTED = DayStarted(day=SESSION.day.isoformat(), data_hash="", equity=Decimal(100_000))


def planned(trade_id: str, symbol: str = "MSFT", notional: int = 5_000) -> BracketPlanned:
    return BracketPlanned(
        trade_id=trade_id,
        strategy_id=ACCELERATION,
        ensemble_rule=EnsembleRule.ANY,
        contributions=(Contribution(ACCELERATION, 0.6, 1.0, 1.0),),
        symbol=symbol,
        venue="ALPACA",
        account="main",
        currency="USD",
        side=1,
        quantity=Decimal(50),
        entry_type="market",
        entry_limit=None,
        reference_price=Decimal(100),
        take_profit=Decimal(103),
        stop_loss=Decimal("98.50"),
        notional=Decimal(notional),
        score=5.0,
        confidence=1.0,
        candidate_ts=SESSION.at("11:00"),
        max_hold_secs=None,
        trailing_stop_percent=None,
        params_version=1,
    )


def closed(trade_id: str, pnl: int, symbol: str = "MSFT") -> TradeClosed:
    return TradeClosed(
        trade_id=trade_id,
        strategy_id=ACCELERATION,
        symbol=symbol,
        venue="ALPACA",
        account="main",
        side=1,
        quantity=Decimal(50),
        avg_px_open=Decimal(100),
        avg_px_close=Decimal(101),
        realized_pnl=Decimal(pnl),
        commission=Decimal(0),
        exit_reason=Exit.TAKE_PROFIT,
    )


def governor(
    *facts: AnyPayload, ts: int = SESSION.at("11:00"), params: Parameters | None = None
) -> GovernorState:
    """Return the state after the start of the day and these facts, all at one time."""
    state = GovernorState()
    for fact in (STARTED, *facts):
        state = evolve(state, fact, ts, params or Parameters())
    return state


def desk(
    *open_trades: OpenTrade,
    state: GovernorState | None = None,
    equity: int = 100_000,
    day_has_quotes: bool = True,
    halted: frozenset[str] = frozenset(),
    locked: frozenset[str] = frozenset(),
    late_ns: int = 0,
) -> DeskState:
    return DeskState(
        account=ALPACA_MAIN,
        governor=governor() if state is None else state,
        open_trades=open_trades,
        equity=Decimal(equity),
        day_has_quotes=day_has_quotes,
        halted=halted,
        locked=locked,
        late_ns=late_ns,
    )


def open_trade(symbol: str = "MSFT", notional: int = 5_000, **changes: Any) -> OpenTrade:
    usual: dict[str, Any] = {"max_hold_secs": 1_800}
    trade_id = f"20250918-{symbol}-110000"
    return OpenTrade(trade_id, symbol, Side.LONG, Decimal(notional), **(usual | changes))


sides = st.sampled_from(list(Side))
prices = st.decimals("0.02", "4000", places=4).map(units)
