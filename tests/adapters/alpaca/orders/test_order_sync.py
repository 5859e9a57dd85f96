"""What a process that starts asks the venue about its orders, and how often."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.responses import JSONResponse

from adapters.alpaca.http.rest import AlpacaRest
from adapters.alpaca.orders.events import Foreign, OrderUpdate
from adapters.alpaca.orders.own_orders import OwnOrders
from adapters.alpaca.orders.sync import OrderSync
from tests.adapters.alpaca.orders.venue_orders import (
    ENTRY,
    ENTRY_ID,
    IDS,
    STOP,
    STOP_LEG,
    TARGET_LEG,
)
from tests.adapters.alpaca.scripted_rest import CREDENTIALS, QUICK, RestVenue, order

_MOVES = 300
_BRACKETS = 250
"""More than the requests that an account has in a minute."""


def asked_at_start(venue: RestVenue, own: OwnOrders) -> list[OrderUpdate]:
    """Compare with a venue as a process does that has just started; return what is news."""
    told: list[OrderUpdate] = []

    async def reconcile() -> None:
        async with AlpacaRest(venue.endpoints, CREDENTIALS, patience=QUICK) as rest:
            await OrderSync(rest, own, told.extend, lambda: 0).reconcile()

    asyncio.run(reconcile())
    return told


def test_a_stop_that_was_moved_all_day_is_known_again_after_a_few_questions() -> None:
    links = [
        order(f"link-{n}", id=f"stop-{n}", side="sell", type="stop", qty="100", limit_price=None,
              stop_price="98", status="replaced" if n < _MOVES else "new",
              replaces=f"stop-{n - 1}" if n else None,
              replaced_by=f"stop-{n + 1}" if n < _MOVES else None)
        for n in range(_MOVES + 1)
    ]  # fmt: skip
    target = order("leg-1", id=TARGET_LEG.id, side="sell", qty="100", limit_price="103")
    entry = order(IDS.venue_id(ENTRY), id=ENTRY_ID, qty="100", limit_price="100",
                  order_class="bracket")  # fmt: skip
    nested = [{**entry, "legs": [target, links[-1]]}]
    own = OwnOrders(IDS)
    with RestVenue() as venue:
        flat = JSONResponse([entry, target, *links])
        venue.on("GET", "/v2/orders", JSONResponse(nested), JSONResponse([]), flat)
        asked_at_start(venue, own)
        assert venue.count("GET", "/v2/orders") == 3
        assert not [each for each in venue.asked if "/v2/orders/" in each.path]
    assert [link.venue.id for link in own.orders[STOP].links] == [each["id"] for each in links]


def test_brackets_that_are_over_are_not_asked_for_one_by_one() -> None:
    brackets: list[dict[str, Any]] = []
    for n in range(_BRACKETS):
        filled = {"qty": "100", "filled_qty": "100", "status": "filled"}
        legs = [
            order(f"target-{n}", side="sell", filled_avg_price="103", limit_price="103", **filled),
            order(f"stop-{n}", side="sell", type="stop", qty="100", limit_price=None,
                  stop_price="98", status="canceled"),
        ]  # fmt: skip
        name = IDS.venue_id(f"T{n}-entry")
        entry = order(name, order_class="bracket", filled_avg_price="100", **filled)
        brackets.append({**entry, "legs": legs})
    own = OwnOrders(IDS)
    with RestVenue() as venue:
        venue.on("GET", "/v2/orders", JSONResponse(brackets), JSONResponse([]))
        venue.on("GET", "/v2/account/activities/FILL", JSONResponse([]))
        asked_at_start(venue, own)
        assert len(venue.asked) == 3
    assert len(own.orders) == 3 * _BRACKETS
    assert all(each.is_closed for each in own.orders.values())


def test_legs_that_are_listed_before_their_entry_are_nobody_elses() -> None:
    shares = {"qty": "100", "side": "sell", "submitted_at": "2026-09-18T13:30:05Z"}
    target = order("leg-1", id=TARGET_LEG.id, limit_price="103", status="new", **shares)
    stop = order("leg-2", id=STOP_LEG.id, type="stop", limit_price=None, stop_price="98",
                 status="held", **shares)  # fmt: skip
    entry = order(IDS.venue_id(ENTRY), id=ENTRY_ID, order_class="bracket", qty="100",
                  filled_qty="100", filled_avg_price="100", status="filled",
                  submitted_at=shares["submitted_at"])  # fmt: skip
    own = OwnOrders(IDS)
    with RestVenue() as venue:
        with_legs, open_alone = [{**entry, "legs": [target, stop]}], [target, stop]
        venue.on("GET", "/v2/orders", JSONResponse(with_legs), JSONResponse(open_alone))
        venue.on("GET", "/v2/account/activities/FILL", JSONResponse([]))
        told = asked_at_start(venue, own)
    assert not [each for each in told if isinstance(each, Foreign)]
    assert own.orders[STOP].is_open
