"""A frame that cannot be read is fetched again; where more come, entries wait."""

from __future__ import annotations

from catalog import Catalog
from tests.adapters.alpaca.live.scene import (
    Scene,
    Stock,
    is_whole,
)
from tests.simulator.server.served import Served


def test_what_follows_an_unreadable_frame_is_fetched_and_a_second_one_holds_entries(
    running: Served, stock: Stock, market: Catalog
) -> None:
    scene = Scene(running, stock, stepped=False)
    desk = scene.desk

    async def script() -> None:
        await scene.resume()
        trades = desk.puppet.trades
        await desk.until(lambda: len(trades) > 10)
        await scene.strike("malformed")
        await desk.until(lambda: desk.venue.health.gaps == 1 and not desk.watch.troubles)
        heard = len(trades)
        await desk.until(lambda: len(trades) > heard + 10)
        await scene.strike("malformed")
        await desk.until(lambda: "backfill" in desk.watch.troubles)
        heard = len(trades)
        await desk.until(lambda: len(trades) > heard + 10)

    scene.play(script)
    told = dict(desk.watch.told)
    assert "could not be read" in told["backfill"]
    assert "an update cannot be read" in told["orders"]
    assert "orders" not in desk.watch.troubles
    assert desk.venue.health.gaps == 1
    assert is_whole(scene, market)
