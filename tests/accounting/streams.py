"""Made-up runs as streams of facts, with every way a trade can be filled."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

from hypothesis import strategies as st

from engine.domain.account import ACCELERATION
from engine.domain.facts import (
    AnyPayload,
    BracketPlanned,
    Contribution,
    DayEnded,
    DayStarted,
    EnsembleRule,
    ExitReason,
    Fact,
    OrderAccepted,
    OrderFilled,
    OrderRole,
    OrderSubmitted,
    RunEnded,
    RunStarted,
    TradeClosed,
)
from engine.domain.session import NANOS_PER_SECOND
from engine.journal import JournalWriter, MemoryJournal

OPEN_NS = 1_514_903_400 * NANOS_PER_SECOND
"""The open of 2018-01-02."""

BALANCE = Decimal(100_000)

ALPACA = ("ALPACA", "main")
"""Venue and account of every payload here."""


def run_started() -> RunStarted:
    """Return the first fact of a run."""
    return RunStarted(
        run_id="2018-01-02-0a1b2c3d",
        venue=ALPACA[0],
        account=ALPACA[1],
        currency="USD",
        params_hash="p" * 16,
        code_hash="c" * 64,
        engine_version="engine 1",
        fills="base",
        starting_balance=BALANCE,
        strategies=(ACCELERATION, "reversion"),
        catalog="data/catalog",
        letters=(),
        symbols=(),
    )


def plan(
    trade_id: str,
    symbol: str,
    side: int,
    quantity: int | Decimal,
    price: Decimal,
    *,
    rule: EnsembleRule = EnsembleRule.ANY,
    contributions: tuple[Contribution, ...] = (Contribution(ACCELERATION, 0.5625, 1.0, 1.0),),
) -> BracketPlanned:
    """Return the plan of a bracket with a target 3 % and a stop 1.5 % away."""
    return BracketPlanned(
        trade_id=trade_id,
        strategy_id=contributions[0].strategy_id,
        ensemble_rule=rule,
        contributions=contributions,
        symbol=symbol,
        venue=ALPACA[0],
        account=ALPACA[1],
        currency="USD",
        side=side,
        quantity=Decimal(quantity),
        entry_type="market",
        entry_limit=None,
        reference_price=price,
        take_profit=(price * (1 + side * Decimal("0.03"))).quantize(Decimal("0.01")),
        stop_loss=(price * (1 - side * Decimal("0.015"))).quantize(Decimal("0.01")),
        notional=quantity * price,
        score=4.5,
        confidence=1.0,
        candidate_ts=OPEN_NS,
        max_hold_secs=None,
        trailing_stop_percent=None,
        params_version=1,
    )


def fill(
    of: BracketPlanned,
    role: OrderRole,
    quantity: int | Decimal,
    price: Decimal,
    commission: Decimal,
    number: int = 1,
) -> OrderFilled:
    """Return a fill of one of a bracket's orders, its ``number``-th."""
    buys = (of.side > 0) == (role is OrderRole.ENTRY)
    return OrderFilled(
        client_order_id=f"{of.trade_id}-{role}",
        trade_id=of.trade_id,
        symbol=of.symbol,
        venue=of.venue,
        account=of.account,
        role=role,
        order_side="BUY" if buys else "SELL",
        venue_trade_id=f"v{number}",
        last_qty=Decimal(quantity),
        last_px=price,
        commission=commission,
        liquidity_side="TAKER",
    )


_prices = st.decimals(Decimal("2.0001"), Decimal(500), places=4)
_commissions = st.decimals(Decimal(0), Decimal(5), places=2)
_quantities = st.integers(1, 5_000)


@st.composite
def _pieces(draw: st.DrawFn, total: int) -> list[int]:
    """Cut a quantity into up to four fills."""
    cuts = draw(st.lists(st.integers(1, total), max_size=3))
    edges = [0, *sorted(set(cuts) - {total}), total]
    return [after - before for before, after in pairwise(edges)]


@st.composite
def trade_payloads(draw: st.DrawFn, number: int) -> list[AnyPayload]:
    """Draw one bracket: never filled, left open, or closed, in one fill or in several."""
    side = draw(st.sampled_from([1, -1]))
    symbol = draw(st.sampled_from(["AAA", "BBB", "CCC"]))
    bracket = plan(f"T{number}", symbol, side, draw(_quantities), draw(_prices))
    order_id = f"{bracket.trade_id}-{OrderRole.ENTRY}"
    order_side = "BUY" if side > 0 else "SELL"
    payloads: list[AnyPayload] = [
        bracket,
        OrderSubmitted(
            order_id,
            bracket.trade_id,
            symbol,
            *ALPACA,
            OrderRole.ENTRY,
            1,
            order_side,
            "MARKET",
            bracket.quantity,
            None,
            None,
        ),
        OrderAccepted(order_id, bracket.trade_id, symbol, *ALPACA),
    ]
    entered = draw(st.integers(0, int(bracket.quantity)))
    left = entered if draw(st.booleans()) else draw(st.integers(0, entered))
    leaving = draw(st.sampled_from([OrderRole.TAKE_PROFIT, OrderRole.STOP_LOSS, OrderRole.EXIT]))
    for role, total in ((OrderRole.ENTRY, entered), (leaving, left)):
        payloads.extend(
            fill(bracket, role, piece, draw(_prices), draw(_commissions), number)
            for number, piece in enumerate(draw(_pieces(total)) if total else ())
        )
    if entered and left == entered:
        payloads.append(
            TradeClosed(
                trade_id=bracket.trade_id,
                strategy_id=bracket.strategy_id,
                symbol=symbol,
                venue=bracket.venue,
                account=bracket.account,
                side=side,
                quantity=Decimal(entered),
                avg_px_open=Decimal(1),
                avg_px_close=Decimal(1),
                realized_pnl=Decimal(0),
                commission=Decimal(0),
                exit_reason=draw(st.sampled_from(ExitReason)),
            )
        )
    return payloads


@st.composite
def _interleaved(draw: st.DrawFn) -> list[AnyPayload]:
    """Draw up to six trades whose facts are mixed, each trade's own in order."""
    queues = [draw(trade_payloads(number)) for number in range(draw(st.integers(0, 6)))]
    mixed: list[AnyPayload] = []
    while queues:
        queue = draw(st.sampled_from(queues))
        mixed.append(queue.pop(0))
        queues = [left for left in queues if left]
    return mixed


def record(journal: JournalWriter, payloads: list[AnyPayload]) -> None:
    """Append payloads a second apart, from the open on."""
    for n, payload in enumerate(payloads):
        ts = OPEN_NS + n * NANOS_PER_SECOND
        journal.append(payload, ts_event=ts, ts_init=ts + 1, causation_id=n or None)


def whole_run(middle: list[AnyPayload]) -> list[AnyPayload]:
    """Return a run of one day around what happened in it."""
    ended = [DayEnded("2018-01-02", BALANCE), RunEnded("Ended", "d" * 64, "f" * 64)]
    return [run_started(), DayStarted("2018-01-02", "h" * 64, BALANCE), *middle, *ended]


payload_streams = _interleaved().map(whole_run)
"""Runs of one day as payloads."""


def facts(payloads: list[AnyPayload]) -> list[Fact]:
    """Return payloads as the facts of a journal."""
    journal = MemoryJournal()
    record(journal, payloads)
    return list(journal.facts())


def fills(stream: list[Fact]) -> Iterator[OrderFilled]:
    """Yield the fills of a stream."""
    for fact in stream:
        if isinstance(fact.payload, OrderFilled):
            yield fact.payload
