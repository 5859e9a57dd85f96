"""A node trades at the simulator through the clients, on granted time."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterator
from decimal import Decimal
from random import Random
from typing import Any

import httpx
import msgspec
import numpy as np
import pytest

from catalog import Catalog
from engine.domain.eligibility import moves_orders
from engine.domain.fixed_point import decimal_price
from engine.domain.session import NANOS_PER_SECOND, session
from engine.domain.trades import TradeBatch
from simulator.exchange import fill_mode
from simulator.tape import Mode
from tests.adapters.alpaca.live_desk import LiveDesk
from tests.simulator.server.conftest import DAY, market
from tests.simulator.server.served import Served, setting

__all__ = ["market"]

SECOND = NANOS_PER_SECOND
OPEN = session(DAY).open_ns + 1_800 * SECOND
LAST = OPEN + 5_400 * SECOND
CENT = Decimal("0.01")


@pytest.fixture(autouse=True)
def _collected_here() -> Iterator[None]:
    """Collect garbage in this thread alone: what is nautilus's dies where it was made."""
    gc.disable()
    yield
    gc.collect()
    gc.enable()


@pytest.fixture
def served(market: Catalog) -> Iterator[Served]:
    with Served(market, setting(mode=Mode.STEPPED, speed=None, start_ns=OPEN)) as running:
        yield running


class Stock(msgspec.Struct, frozen=True):
    """A symbol whose price rises and then falls.

    ``high`` is its highest price in the quarter of an hour after a test begins, at ``peak_ns``;
    ``low`` the lowest in the hour after that. USD.
    """

    symbol: str
    high: Decimal
    peak_ns: int
    low: Decimal


@pytest.fixture(scope="module")
def stock(market: Catalog) -> Stock:
    """Return the symbol with most prints around the time of these tests."""
    names = [row["symbol"] for row in market.instruments().to_pylist()]
    batch = market.trades(DAY, names, OPEN + 60 * SECOND, OPEN + 4_500 * SECOND)
    batch = batch.rows(moves_orders(batch, market.tapes(DAY)))
    number = int(np.bincount(batch.symbol_id).argmax())
    mine = batch.rows(batch.symbol_id == number)
    first = int(np.searchsorted(mine.ts_init, OPEN + 900 * SECOND))
    peak = int(mine.price[:first].argmax())
    high, low = (decimal_price(int(price)) for price in (mine.price[peak], mine.price[peak:].min()))
    return Stock(
        mine.symbols[number], high.quantize(CENT), int(mine.ts_init[peak]), low.quantize(CENT)
    )


class Scene:
    """A desk at a served simulator that trades one symbol."""

    def __init__(self, served: Served, stock: Stock, **changes: Any) -> None:
        self.served = served
        self.stock = stock
        self.symbol = stock.symbol
        self.desk = LiveDesk(served.address, [stock.symbol], now=OPEN, **changes)

    def play(self, script: Callable[[], Awaitable[None]]) -> None:
        asyncio.run(self.desk.play(script))

    async def price(self) -> Decimal:
        """Return the last print, once there is one."""
        trades = self.desk.puppet.trades
        await self.desk.grant_until(lambda: trades, last=LAST, width_ns=SECOND)
        return trades[-1].price.as_decimal().quantize(CENT)

    async def filled(self, name: str, width_ns: int = 30 * SECOND) -> None:
        """Let time go on until an order is filled."""
        is_so = lambda: self.desk.status(name) == "FILLED"  # noqa: E731
        await self.desk.grant_until(is_so, last=LAST, width_ns=width_ns)

    async def at_peak(self) -> None:
        """Let time go on until the price is highest."""
        peak = self.stock.peak_ns
        await self.desk.grant_until(lambda: self.desk.now >= peak, last=peak, width_ns=LAST)

    async def entered(self, trade: str = "T1") -> Decimal:
        """Enter at the market with exits far away; return the last print then."""
        price = await self.price()
        far = (price * Decimal("0.2")).quantize(CENT)
        self.desk.bracket(self.symbol, trade=trade, target=price + far, stop=price - far)
        await self.filled(f"{trade}-entry")
        return self.desk.puppet.trades[-1].price.as_decimal().quantize(CENT)

    async def chaos(self, **switches: Any) -> None:
        """Turn switches of the simulator."""
        async with httpx.AsyncClient(base_url=f"http://{self.served.address}") as admin:
            (await admin.post("/sim/chaos", json=switches)).raise_for_status()

    async def resume(self) -> None:
        """Let the tape run."""
        async with httpx.AsyncClient(base_url=f"http://{self.served.address}") as admin:
            (await admin.post("/sim/resume", json={})).raise_for_status()

    async def strike(self, what: str) -> None:
        """Do something to all sockets."""
        async with httpx.AsyncClient(base_url=f"http://{self.served.address}") as admin:
            (await admin.post("/sim/chaos/strike", json={"what": what})).raise_for_status()

    def venue_orders(self) -> list[dict[str, Any]]:
        """Return all orders the venue ever had, parents alone."""
        with self.served.rest() as rest:
            query = {"status": "all", "nested": "true", "limit": "500", "direction": "asc"}
            return rest.get("/v2/orders", params=query).json()


@pytest.fixture
def scene(served: Served, stock: Stock) -> Scene:
    return Scene(served, stock)


def test_a_bracket_is_filled_and_its_target_taken(scene: Scene) -> None:
    desk = scene.desk

    async def script() -> None:
        price = await scene.price()
        target, stop = scene.stock.high - CENT, (price / 2).quantize(CENT)
        desk.bracket(scene.symbol, trade="T1", target=target, stop=stop)
        await desk.settle()
        assert desk.heard("T1-entry")[-2:] == ["Submitted", "Accepted"]
        assert desk.heard("T1-stop_loss")[-1] == "Accepted"
        await scene.filled("T1-entry")
        assert dict(await desk.venue.positions()) == {scene.symbol: 100}
        await scene.filled("T1-take_profit")
        assert desk.status("T1-stop_loss") == "CANCELED"
        assert dict(await desk.venue.positions()) == {}

    scene.play(script)
    assert desk.watch.troubles == {}
    assert desk.watch.strangers == []
    (order,) = scene.venue_orders()
    assert order["client_order_id"] == "r1.0.T1-entry"


def test_a_stop_is_moved_and_fills_under_its_new_id(scene: Scene) -> None:
    desk = scene.desk

    async def script() -> None:
        await scene.entered()
        stop_price = scene.stock.low + CENT
        await scene.at_peak()
        before = desk.order("T1-stop_loss").venue_order_id
        desk.modify("T1-stop_loss", trigger=stop_price)
        await desk.settle()
        stop = desk.order("T1-stop_loss")
        assert desk.heard("T1-stop_loss")[-1] == "Updated"
        assert stop.venue_order_id != before
        assert stop.trigger_price.as_decimal() == stop_price
        await scene.filled("T1-stop_loss")
        assert desk.status("T1-take_profit") == "CANCELED"

    scene.play(script)
    assert desk.watch.troubles == {}


def test_a_waiting_bracket_is_canceled_with_its_legs(scene: Scene) -> None:
    desk = scene.desk

    async def script() -> None:
        price = await scene.price()
        low = (price / 2).quantize(CENT)
        desk.bracket(scene.symbol, trade="T1", limit=low, target=price, stop=low / 2 // CENT * CENT)
        await desk.grant(desk.now + SECOND)
        desk.cancel("T1-entry")
        await desk.grant_until(
            lambda: desk.status("T1-entry") == "CANCELED", last=LAST, width_ns=SECOND
        )
        assert {desk.status(f"T1-{leg}") for leg in ("stop_loss", "take_profit")} == {"CANCELED"}

    scene.play(script)
    assert desk.watch.troubles == {}


def test_what_the_venue_refuses_is_rejected_with_its_reason(scene: Scene) -> None:
    desk = scene.desk

    async def script() -> None:
        price = await scene.price()
        half = (price / 2).quantize(CENT)
        desk.bracket(scene.symbol, trade="T1", target=price * 2, stop=half, shares=100_000_000)
        await desk.settle()
        for role in ("entry", "stop_loss", "take_profit"):
            assert desk.heard(f"T1-{role}")[-2:] == ["Submitted", "Rejected"]
        assert "insufficient buying power" in str(desk.puppet.events[-1].reason)

    scene.play(script)


def test_an_order_whose_answer_was_lost_is_found_and_not_sent_again(scene: Scene) -> None:
    desk = scene.desk

    async def script() -> None:
        await scene.chaos(lost_replies=1)
        await scene.entered()
        assert desk.heard("T1-entry") == ["Initialized", "Submitted", "Accepted", "Filled"]
        assert desk.heard("T1-take_profit")[-1] == "Accepted"

    scene.play(script)
    assert len(scene.venue_orders()) == 1


def test_updates_that_come_twice_and_in_the_wrong_order_change_nothing(scene: Scene) -> None:
    desk = scene.desk

    async def script() -> None:
        await scene.chaos(duplicate_updates=True, reorder_updates=True)
        price = await scene.price()
        target, stop = scene.stock.high - CENT, (price / 2).quantize(CENT)
        desk.bracket(scene.symbol, trade="T1", target=target, stop=stop)
        await scene.filled("T1-take_profit")
        assert desk.heard("T1-entry").count("Filled") == 1
        assert desk.heard("T1-take_profit").count("Filled") == 1
        assert desk.status("T1-stop_loss") == "CANCELED"

    scene.play(script)


def test_a_target_that_fills_while_it_is_replaced_is_filled_once(scene: Scene) -> None:
    desk = scene.desk

    async def script() -> None:
        price = await scene.entered()
        await scene.chaos(fill_during_replace=1)
        desk.modify("T1-take_profit", price=price + 1)
        await scene.filled("T1-take_profit")
        assert desk.heard("T1-take_profit").count("Filled") == 1
        await desk.grant(desk.now + SECOND)
        assert desk.status("T1-stop_loss") == "CANCELED"

    scene.play(script)


def test_a_fill_that_nobody_heard_is_told_once_after_the_reconnect(scene: Scene) -> None:
    desk = scene.desk

    async def script() -> None:
        price = await scene.price()
        far = (price * Decimal("0.2")).quantize(CENT)
        desk.bracket(scene.symbol, trade="T1", target=price + far, stop=price - far)
        await desk.settle()
        await scene.strike("drop")
        await desk.until(lambda: desk.watch.told)
        # the tape goes on while nobody listens
        async with httpx.AsyncClient(base_url=f"http://{scene.served.address}") as admin:
            step = await admin.post("/sim/step", json={"span_ns": 60 * SECOND})
            step.raise_for_status()
        await scene.filled("T1-entry")
        assert desk.heard("T1-entry") == ["Initialized", "Submitted", "Accepted", "Filled"]
        assert dict(await desk.venue.positions()) == {scene.symbol: 100}

    scene.play(script)
    assert desk.watch.troubles == {}


def test_a_restart_knows_its_bracket_and_sends_nothing_twice(scene: Scene) -> None:
    first = scene.desk

    async def enter() -> None:
        await scene.entered()
        price = first.puppet.trades[-1].price.as_decimal().quantize(CENT)
        first.modify("T1-stop_loss", trigger=price / 2 // CENT * CENT)
        await first.settle()
        await first.grant(first.now + SECOND)

    scene.play(enter)
    fill = first.puppet.events[[type(e).__name__ for e in first.puppet.events].index("OrderFilled")]
    again = Scene(scene.served, scene.stock, epoch=1)
    again.desk.now = first.now
    desk = again.desk

    async def go_on() -> None:
        assert desk.status("T1-entry") == "FILLED"
        assert desk.order("T1-entry").trade_ids == [fill.trade_id]
        assert desk.status("T1-stop_loss") == "ACCEPTED"
        assert desk.status("T1-take_profit") == "ACCEPTED"
        (position,) = desk.cache.positions_open()
        assert position.quantity.as_decimal() == 100
        await again.at_peak()
        desk.modify("T1-stop_loss", trigger=again.stock.low + CENT)
        await desk.settle()
        assert desk.heard("T1-stop_loss")[-1] == "Updated"
        await again.filled("T1-stop_loss")
        assert desk.status("T1-take_profit") == "CANCELED"
        assert dict(await desk.venue.positions()) == {}
        assert desk.cache.positions_open() == []

    again.play(go_on)
    assert len(again.venue_orders()) == 1
    assert desk.watch.strangers == []


def test_an_order_of_somebody_else_is_told_of_and_left_alone(scene: Scene) -> None:
    desk = scene.desk

    async def script() -> None:
        await scene.price()
        with scene.served.rest() as rest:
            body = {"symbol": scene.symbol, "qty": "7", "side": "buy", "type": "market"}
            rest.post("/v2/orders", json=body | {"time_in_force": "day"}).raise_for_status()
        await desk.grant(desk.now + 10 * SECOND)
        await desk.grant(desk.now + 10 * SECOND)
        assert desk.cache.orders() == []

    scene.play(script)
    assert [symbol for symbol, _ in desk.watch.strangers] == [scene.symbol]


def test_a_market_exit_frees_the_shares_that_its_legs_hold(scene: Scene) -> None:
    desk = scene.desk

    async def script() -> None:
        await scene.entered()
        desk.sell(scene.symbol, name="T1-exit", shares=100)
        await scene.filled("T1-exit")
        assert {desk.status(f"T1-{leg}") for leg in ("stop_loss", "take_profit")} == {"CANCELED"}
        assert dict(await desk.venue.positions()) == {}
        desk.sell(scene.symbol, name="T1-exit-2", shares=100)
        await desk.settle()
        assert desk.heard("T1-exit-2")[-1] == "Denied"

    scene.play(script)


def test_a_halted_stock_takes_no_market_order(market: Catalog, stock: Stock) -> None:
    halt = next(status for status in market.statuses(DAY) if status.halted)
    begin = setting(mode=Mode.STEPPED, speed=None, start_ns=halt.ts_init - 60 * SECOND)
    with Served(market, begin) as served:
        halted = msgspec.structs.replace(stock, symbol=halt.symbol)
        desk = Scene(served, halted).desk
        desk.now = halt.ts_init - 60 * SECOND

        async def script() -> None:
            await desk.grant(halt.ts_init)
            desk.bracket(halt.symbol, trade="T1", target=Decimal(900), stop=Decimal(1))
            await desk.settle()
            assert {desk.heard(f"T1-{role}")[-1] for role in ("entry", "stop_loss")} == {"Denied"}
            assert "halted" in str(desk.puppet.events[-1].reason)
            limit, target, stop = Decimal(20), Decimal(900), Decimal(1)
            desk.bracket(halt.symbol, trade="T2", limit=limit, target=target, stop=stop)
            await desk.grant(desk.now + SECOND)
            await desk.grant(desk.now + SECOND)
            assert desk.status("T2-entry") in {"ACCEPTED", "REJECTED"}
            assert desk.status("T2-entry") == desk.status("T2-stop_loss")

        asyncio.run(desk.play(script))


@pytest.fixture
def running(market: Catalog) -> Iterator[Served]:
    with Served(market, setting(speed=20.0, start_ns=OPEN, paused=True)) as served:
        yield served


def test_updates_that_outrun_their_answer_are_told_in_order(running: Served, stock: Stock) -> None:
    scene = Scene(running, stock, stepped=False)
    desk = scene.desk

    async def script() -> None:
        await scene.resume()
        await desk.until(lambda: desk.puppet.trades)
        await scene.chaos(early_updates=True, slow_rest_secs=0.3)
        price = desk.puppet.trades[-1].price.as_decimal().quantize(CENT)
        far = (price * Decimal("0.2")).quantize(CENT)
        desk.bracket(scene.symbol, trade="T1", target=price + far, stop=price - far)
        await desk.until(lambda: desk.status("T1-entry") == "FILLED")
        await desk.until(lambda: desk.status("T1-stop_loss") == "ACCEPTED")
        assert desk.heard("T1-entry") == ["Initialized", "Submitted", "Accepted", "Filled"]

    scene.play(script)
    assert desk.watch.strangers == []


def test_prints_lost_between_two_connections_are_fetched_once(
    running: Served, stock: Stock, market: Catalog
) -> None:
    scene = Scene(running, stock, stepped=False)
    desk = scene.desk

    async def script() -> None:
        await scene.resume()
        trades = desk.puppet.trades
        await desk.until(lambda: len(trades) > 10)
        await scene.chaos(refuse_connections_secs=1)
        await scene.strike("drop")
        await desk.until(lambda: desk.venue.health.gaps == 1 and not desk.watch.troubles)
        heard = len(trades)
        await desk.until(lambda: len(trades) > heard + 10)

    scene.play(script)
    heard = [row for batch in desk.puppet.prints for row in rows(batch, stock.symbol)]
    first, last = heard[0][0], max(row[0] for row in heard)
    day = market.trades(DAY, [stock.symbol], OPEN, OPEN + 3_600 * SECOND)
    printed = [row for row in rows(day, stock.symbol) if first < row[0] < last]
    assert len(printed) > 30
    assert sorted(row for row in heard if first < row[0] < last) == sorted(printed)


def rows(batch: TradeBatch, symbol: str) -> list[tuple[int, int, int]]:
    """Return time, price and size of a symbol's prints, those taken back left out."""
    if symbol not in batch.symbols:
        return []
    taken_back = [codes.startswith("!") for codes in batch.conditions]
    mine = batch.rows(batch.symbol_id == batch.symbols.index(symbol))
    listed = zip(
        mine.ts_event.tolist(), mine.price.tolist(), mine.size.tolist(),
        mine.condition_id.tolist(), strict=True,
    )  # fmt: skip
    return [(ts, price, size) for ts, price, size, codes in listed if not taken_back[codes]]


def test_wrong_keys_stop_the_start_with_what_to_do(served: Served, stock: Stock) -> None:
    scene = Scene(served, stock, secret="not-the-secret", connect_secs=1)

    async def script() -> None:
        raise AssertionError("the node must not start")

    with pytest.raises(RuntimeError):
        scene.play(script)
    refusals = scene.desk.watch.refusals
    assert any("APCA_API_KEY_ID" in refusal for refusal in refusals)
    assert all("keys" in refusal for refusal in refusals)
    assert "not-the-secret" not in str((refusals, scene.desk.watch.told))


@pytest.mark.parametrize("seed", [1, 2])
def test_after_a_day_of_mishaps_the_node_holds_what_the_venue_holds(
    market: Catalog, stock: Stock, seed: int
) -> None:
    begin = setting(
        mode=Mode.STEPPED, speed=None, start_ns=OPEN, fills=fill_mode("paper"), seed=seed
    )
    with Served(market, begin) as served:
        scene, chance = Scene(served, stock), Random(seed)
        desk = scene.desk

        async def script() -> None:
            await scene.price()
            for number in range(10):
                await mishap(scene, chance)
                price = desk.puppet.trades[-1].price.as_decimal().quantize(CENT)
                width = chance.randint(2, 6) * CENT
                limit = None if chance.random() < 0.5 else price
                target, stop = price + width, price - width
                desk.bracket(
                    scene.symbol, trade=f"T{number}", limit=limit, target=target, stop=stop
                )
                for _ in range(4):
                    await desk.grant(desk.now + 10 * SECOND)
                if desk.status(f"T{number}-stop_loss") == "ACCEPTED":
                    desk.modify(f"T{number}-stop_loss", trigger=stop - CENT)
                for _ in range(4):
                    await desk.grant(desk.now + 10 * SECOND)
                if desk.status(f"T{number}-entry") in {"ACCEPTED", "PARTIALLY_FILLED"}:
                    desk.cancel(f"T{number}-entry")
            await scene.chaos(duplicate_updates=False, reorder_updates=False)
            for _ in range(4):
                await desk.grant(desk.now + 10 * SECOND)

        scene.play(script)
        with served.rest() as rest:
            fills = rest.get("/v2/account/activities/FILL", params={"page_size": "100"}).json()
            held = {each["symbol"]: int(each["qty"]) for each in rest.get("/v2/positions").json()}
    told = [event for event in desk.puppet.events if type(event).__name__ == "OrderFilled"]
    assert len(told) > 10
    assert sorted((event.last_px.as_decimal(), int(event.last_qty)) for event in told) == sorted(
        (Decimal(each["price"]).quantize(Decimal("0.000001")), int(each["qty"])) for each in fills
    )
    signed = [int(event.last_qty) * (1 if event.order_side.name == "BUY" else -1) for event in told]
    assert sum(signed) == held.get(stock.symbol, 0)
    assert desk.watch.strangers == []
    assert desk.watch.troubles == {}


async def mishap(scene: Scene, chance: Random) -> None:
    """Let something go wrong."""
    match chance.randrange(5):
        case 0:
            await scene.strike("drop")
        case 1:
            await scene.chaos(lost_replies=1)
        case 2:
            await scene.chaos(duplicate_updates=chance.random() < 0.5, reorder_updates=True)
        case 3:
            await scene.chaos(fill_during_replace=1)
        case _:
            await scene.strike("close_1011")
