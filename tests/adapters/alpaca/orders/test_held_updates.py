"""Updates wait for the host, counted as the simulator counts them."""

from __future__ import annotations

import asyncio

from adapters.alpaca.execution.held_updates import HeldUpdates


def test_updates_are_given_out_up_to_a_number_and_one_that_comes_twice_counts_once() -> None:
    held = HeldUpdates()
    held.count_from(7)
    for frame in ("a", "b", "b", "c"):
        held.put(frame)
    assert held.counted == 10
    assert held.take(9) == ["a", "b", "b"]
    assert held.take(9) == []
    assert held.take(10) == ["c"]


def test_whoever_waits_goes_on_when_the_update_comes() -> None:
    async def wait() -> bool:
        held = HeldUpdates()
        held.count_from(0)
        asyncio.get_running_loop().call_soon(held.put, "a")
        return await held.until(1)

    assert asyncio.run(wait())


def test_a_lost_count_ends_the_waiting_and_a_new_one_covers_what_is_held() -> None:
    async def wait() -> bool:
        held = HeldUpdates()
        held.count_from(0)
        asyncio.get_running_loop().call_soon(held.lose_count)
        heard = await held.until(1)
        held.put("late")
        held.count_from(5)
        assert held.take(5) == ["late"]
        assert held.counted == 5
        return heard

    assert not asyncio.run(wait())


def test_what_a_simulator_that_began_anew_sends_again_is_counted_again() -> None:
    held = HeldUpdates()
    held.count_from(0)
    held.put("filled")
    held.lose_count()
    held.count_from(0)  # it was killed before it had kept that
    held.put("filled")
    assert held.counted == 1
