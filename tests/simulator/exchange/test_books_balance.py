"""Whatever is sent and whatever trades: the books balance, and nothing is lost over a restart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.exchange import (
    NBBO,
    SIZE_LIMITED,
    Exchange,
    FillMode,
    Order,
    OrderEvent,
    backtest_fills,
    cancel_all,
    close_all,
    listed,
)
from simulator.exchange.book.orders import NOTHING, Status
from tests.simulator.exchange.floor import TEN

CASH = Decimal(50_000)
MODES = (backtest_fills("optimistic"), backtest_fills("base"), NBBO, SIZE_LIMITED)
MS = 1_000_000

KINDS = ("quote", "quote", "print", "print", "send", "send", "replace", "cancel", "all")
"""What may happen next; what stands here twice happens as often."""

type Step = Callable[[Exchange, str, int], object]

prices = st.integers(9_900, 10_100).map(lambda cents: Decimal(cents) / 100)
sides = st.sampled_from(["buy", "sell"])


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    """Draw an order that makes sense by itself, more often than not."""
    side, at = draw(sides), draw(prices)
    body: dict[str, Any] = {
        "symbol": "ABC",
        "side": side,
        "qty": str(draw(st.integers(1, 200))),
        "type": draw(st.sampled_from(["market", "limit", "limit", "stop", "trailing_stop"])),
        "time_in_force": draw(st.sampled_from(["day", "day", "gtc", "ioc", "fok"])),
    }
    match body["type"]:
        case "limit":
            body["limit_price"] = str(at)
        case "stop":
            body["stop_price"] = str(at)
        case "trailing_stop":
            body["trail_price"] = "0.5"
    if draw(st.booleans()) and body["type"] in {"market", "limit"}:
        group = draw(st.sampled_from(["bracket", "oco", "oto"]))
        way = (1 if side == "buy" else -1) * (-1 if group == "oco" else 1)
        body |= {
            "order_class": group,
            "time_in_force": "day",
            "stop_loss": {"stop_price": str(at - way)},
        }
        if group != "oto":
            body["take_profit"] = {"limit_price": str(at + (0 if group == "oco" else way))}
    return body


@st.composite
def steps(draw: st.DrawFn) -> tuple[int, Step]:
    """Draw what happens next and how many milliseconds later."""
    after = draw(st.sampled_from([0, 10, 60, 300, 2_000]))
    kind = draw(st.sampled_from(KINDS))
    if kind == "quote":
        bid, size = int(draw(prices) * 1_000_000), draw(st.integers(1, 300))
        ask = bid + draw(st.integers(1, 10)) * 10_000
        return after, lambda each, _, now: each.feed.quote("ABC", bid, ask, size, size, now)
    if kind == "print":
        price = int(draw(prices) * 1_000_000)
        return after, lambda each, _, now: each.feed.print("ABC", price, 100, now)
    if kind == "send":
        body = draw(bodies())
        return after, lambda each, who, now: each.submit(who, body, now)
    if kind == "all":
        cancels = draw(st.booleans())
        if cancels:
            return after, cancel_all
        return after, lambda each, who, now: close_all(each, who, now, cancel_orders=True)
    which, qty, price = draw(st.integers(0, 30)), draw(st.integers(1, 200)), str(draw(prices))

    def change(each: Exchange, who: str, now: int) -> object:
        orders = [order for order in each.orders_of(who) if not order.is_closed]
        if not orders:
            return None
        order = orders[which % len(orders)]
        if kind == "cancel":
            return each.cancel(who, order.id, now)
        field = "limit_price" if order.limit_price else "stop_price"
        return each.replace(who, order.id, {"qty": str(qty), field: price}, now)

    return after, change


def opened(mode: FillMode) -> tuple[Exchange, str]:
    exchange = Exchange(mode, listed(["ABC"]), seed=9)
    return exchange, exchange.accounts.open(CASH, TEN, account_id="one").id


def play(
    exchange: Exchange, who: str, script: Sequence[tuple[int, Step]], now: int
) -> tuple[list[OrderEvent], int]:
    """Play some steps and return what was told, and the time."""
    events: list[OrderEvent] = []
    for after, step in script:
        now += after * MS
        step(exchange, who, now)
        exchange.advance(now)
        events += exchange.take_events()
        check_books(exchange, who)
    return events, now


def check_books(exchange: Exchange, who: str) -> None:
    account = exchange.state.accounts[who]
    signed = [(fill.qty if fill.side == "buy" else -fill.qty, fill.price) for fill in account.fills]
    held, reserved = account.held("ABC"), exchange.accounts.held_for_orders(who, "ABC")
    assert held == sum((qty for qty, _ in signed), NOTHING)
    assert account.cash == CASH - sum((qty * price for qty, price in signed), NOTHING)
    assert reserved <= abs(held)
    assert account.cash + held * _last(exchange, account) == exchange.accounts.balances(who).equity
    filled: Counter[str] = Counter()
    for fill in account.fills:
        filled[fill.order_id] += fill.qty  # pyright: ignore[reportArgumentType]
    for order in exchange.orders_of(who):
        assert order.filled_qty == filled[order.id]
        assert order.qty is None or order.filled_qty <= order.qty
        assert (order.status is Status.FILLED) == (not order.leaves_qty and order.is_closed)
        assert (order.id in exchange.state.open_ids.get("ABC", [])) != order.is_closed


def _last(exchange: Exchange, account: Any) -> Decimal:
    position = account.positions.get("ABC")
    return NOTHING if position is None else exchange.accounts.price(position)


@settings(max_examples=300)
@given(mode=st.sampled_from(MODES), script=st.lists(steps(), min_size=5, max_size=40))
def test_books_balance_after_every_step(mode: FillMode, script: list[tuple[int, Step]]) -> None:
    exchange, who = opened(mode)
    events, _ = play(exchange, who, script, TEN)

    over: set[str] = set()
    for event in events:
        if event.price is not None:
            assert event.order.id not in over, "filled after its end"
        if event.event in {"canceled", "expired", "rejected", "fill"}:
            over.add(event.order.id)
    assert [event.ts for event in events] == sorted(event.ts for event in events)


@settings(max_examples=150)
@given(
    mode=st.sampled_from(MODES),
    before=st.lists(steps(), min_size=3, max_size=20),
    after=st.lists(steps(), min_size=3, max_size=20),
)
def test_a_restart_changes_nothing(
    mode: FillMode, before: list[tuple[int, Step]], after: list[tuple[int, Step]]
) -> None:
    exchange, who = opened(mode)
    now, whole, changes = TEN, exchange.snapshot(), list[bytes]()
    for step in before:
        _, now = play(exchange, who, [step], now)
        changes.append(exchange.changes())
    other, _ = opened(mode)
    other.restore(whole, changes)
    assert other.state == exchange.state
    assert list(other.state.orders) == list(exchange.state.orders)

    assert play(other, who, after, now) == play(exchange, who, after, now)
    assert other.state == exchange.state


def test_the_same_seed_gives_the_same_ids() -> None:
    ids = [opened(NBBO)[0].state.new_id() for _ in range(2)]
    assert ids[0] == ids[1]


def test_a_script_gets_somewhere() -> None:
    exchange, who = opened(backtest_fills("base"))
    exchange.feed.quote("ABC", 100_000_000, 100_100_000, 100, 100, TEN)
    body = {"symbol": "ABC", "side": "buy", "qty": "5", "type": "market", "time_in_force": "day"}
    order = exchange.submit(who, body, TEN)
    exchange.feed.quote("ABC", 100_000_000, 100_100_000, 100, 100, TEN + MS)
    exchange.advance(TEN + 60 * MS)
    assert isinstance(order, Order)
    assert order.status is Status.FILLED
    check_books(exchange, who)
