"""A node trades at the simulator through the clients, on granted time."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import msgspec
import pytest

from catalog import Catalog
from simulator.tape import Mode
from tests.adapters.alpaca.live.scene import (
    CENT,
    DAY,
    LAST,
    SECOND,
    Scene,
    Stock,
)
from tests.simulator.server.served import Served, setting


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
