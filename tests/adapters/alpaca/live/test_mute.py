"""A feed that is connected and says nothing is noticed, reopened, and whole again afterwards."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from catalog import Catalog
from engine.domain.fixed_point import decimal_price
from engine.runtime.bridge.values import instrument_id
from tests.adapters.alpaca.live.scene import (
    DAY,
    OPEN,
    SECOND,
    Scene,
    Stock,
    is_whole,
)
from tests.simulator.server.served import Served

_QUICK = {"stepped": False, "stale_feed_seconds": 0.1, "mute_symbol_secs": 0.6}


async def _withhold(scene: Scene, **switches: Any) -> None:
    """Let half a minute of the day pass under switches of the simulator, and stop its time."""
    await scene.chaos(**switches)
    venue = scene.served.connections.venue
    until = venue.now + 30 * SECOND
    await scene.desk.until(lambda: venue.now > until)
    async with scene.served.admin() as admin:
        (await admin.post("/sim/pause", json={})).raise_for_status()


async def _go_on(scene: Scene, **switches: Any) -> None:
    """Turn switches back, let time pass again and wait for prints."""
    desk = scene.desk
    await scene.chaos(**switches)
    await scene.resume()
    heard = len(desk.puppet.trades)
    await desk.until(lambda: len(desk.puppet.trades) > heard + 10 and not desk.watch.troubles)


def test_a_mute_socket_is_reopened_and_what_it_withheld_is_fetched(
    running: Served, stock: Stock, market: Catalog
) -> None:
    scene = Scene(running, stock, **_QUICK)
    desk = scene.desk

    async def script() -> None:
        await scene.resume()
        await desk.until(lambda: len(desk.puppet.trades) > 10)
        await _withhold(scene, mute=True)
        gaps = desk.venue.health.gaps
        await desk.until(lambda: any("mute" in detail for _, detail in desk.watch.told))
        await desk.until(lambda: desk.venue.health.gaps > gaps and not desk.watch.troubles)
        await _go_on(scene, mute=False)

    scene.play(script)
    told = [detail for what, detail in desk.watch.told if what == "feed"]
    assert any("mute" in detail for detail in told)
    assert any("is being fetched" in detail for detail in told)
    assert is_whole(scene, market)


def test_after_a_gap_the_last_quote_is_the_venues(
    running: Served, stock: Stock, market: Catalog
) -> None:
    scene = Scene(running, stock, **_QUICK)
    desk, traded = scene.desk, instrument_id(stock.symbol, "ALPACA")

    async def script() -> None:
        await scene.resume()
        await desk.until(lambda: desk.cache.quote(traded))
        before = desk.cache.quote(traded)
        await _withhold(scene, mute=True)
        at = running.connections.venue.now
        gaps = desk.venue.health.gaps
        await desk.until(lambda: desk.venue.health.gaps > gaps and not desk.watch.troubles)
        quotes = market.quotes(DAY, [stock.symbol], OPEN, at + 1)
        last = tuple(decimal_price(int(side[-1])) for side in (quotes.bid, quotes.ask))

        def told() -> tuple[Decimal, Decimal]:
            quote = desk.cache.quote(traded)
            return quote.bid_price.as_decimal(), quote.ask_price.as_decimal()

        # the feed is whole before the node has worked through all that was handed to it
        await desk.until(lambda: told() == last)
        assert desk.cache.quote(traded).ts_event > before.ts_event

    scene.play(script)


def test_a_mute_symbol_opens_another_connection_and_is_fetched_since_its_own_last_print(
    running: Served, stock: Stock, market: Catalog
) -> None:
    scene = Scene(running, stock, **_QUICK | {"stale_feed_seconds": 60, "mute_symbol_secs": 5})
    desk = scene.desk

    async def script() -> None:
        await scene.resume()
        await desk.until(lambda: len(desk.puppet.trades) > 10)
        await _withhold(scene, mute_symbols=[stock.symbol])
        await desk.until(lambda: "mute symbols" in dict(desk.watch.told))
        await desk.until(lambda: desk.venue.health.gaps and not desk.watch.troubles)
        await _go_on(scene, mute_symbols=[])

    scene.play(script)
    assert f"no data for {stock.symbol}, which trade" in dict(desk.watch.told)["mute symbols"]
    assert is_whole(scene, market)
