"""What gets lost, doubled or mixed up on the way to the venue and back changes nothing."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest

from catalog import Catalog
from simulator.exchange import fill_mode
from simulator.tape import Mode
from tests.adapters.alpaca.live.scene import (
    CENT,
    LAST,
    OPEN,
    SECOND,
    Scene,
    Stock,
    is_whole,
)
from tests.simulator.server.conftest import DAY
from tests.simulator.server.served import Served, setting


def test_an_order_whose_answer_was_lost_is_found_and_not_sent_again(scene: Scene) -> None:
    desk = scene.desk

    async def script() -> None:
        await scene.chaos(lost_replies=1)
        await scene.entered()
        assert desk.heard("T1-entry") == ["Initialized", "Submitted", "Accepted", "Filled"]
        assert desk.heard("T1-take_profit")[-1] == "Accepted"

    scene.play(script)
    assert len(scene.venue_orders()) == 1


def test_an_entry_whose_cancel_never_arrived_can_be_canceled_again(scene: Scene) -> None:
    desk = scene.desk

    async def script() -> None:
        price = await scene.price()
        far = (price * Decimal("0.2")).quantize(CENT)
        desk.bracket(
            scene.symbol, trade="T1", limit=price - far, target=price + far, stop=price - 2 * far
        )
        await desk.settle()
        await scene.chaos(failing_requests=1)
        desk.cancel("T1-entry")
        await desk.settle()
        assert desk.heard("T1-entry")[-1] == "CancelRejected"
        assert desk.status("T1-entry") == "ACCEPTED"
        desk.cancel("T1-entry")
        await desk.settle()
        await desk.grant(desk.now + SECOND)
        assert desk.status("T1-entry") == "CANCELED"

    scene.play(script)
    assert [each["status"] for each in scene.venue_orders()] == ["canceled"]
    assert desk.watch.troubles == {}


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
        async with scene.served.admin() as admin:
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
    again = Scene(scene.served, scene.stock)
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
    assert is_whole(scene, market)
    (gap,) = desk.watch.gaps
    symbols = {symbol for batch in desk.puppet.prints for symbol in batch.symbols}
    lost = market.trades(DAY, sorted(symbols), gap.start_ns - SECOND, gap.end_ns)
    assert len(lost) >= gap.trades > 0
    assert OPEN < gap.start_ns < gap.end_ns < LAST
    assert 0 < gap.symbols <= len(symbols)
    assert gap.complete


@pytest.mark.parametrize("seed", [1, 2])
def test_after_a_day_of_mishaps_the_node_holds_what_the_venue_holds(
    market: Catalog, stock: Stock, seed: int
) -> None:
    begin = setting(
        mode=Mode.STEPPED, speed=None, start_ns=OPEN, fills=fill_mode("nbbo"), seed=seed
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
