"""A silent venue decides nothing; a clear word does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace
from starlette.responses import JSONResponse, Response

from adapters.alpaca.http.rest import AlpacaRest
from adapters.alpaca.orders.entry import OrderEntry
from adapters.alpaca.orders.events import Filled, OrderUpdate, Rejected
from adapters.alpaca.orders.own_order import OwnOrder
from adapters.alpaca.orders.own_orders import OwnOrders
from adapters.alpaca.orders.requests import OrderRequest, StopLoss, TakeProfit
from adapters.alpaca.orders.sync import OrderSync
from tests.adapters.alpaca.orders.live_desk import Watch
from tests.adapters.alpaca.orders.venue_orders import (
    BRACKET,
    ENTRY,
    ENTRY_ID,
    IDS,
    STOP,
    STOP_LEG,
    T0,
    TARGET,
    TARGET_LEG,
    fill,
    kinds,
    live_bracket,
    sent_bracket,
    update,
)
from tests.adapters.alpaca.scripted_rest import CREDENTIALS, NOT_FOUND, QUICK, RestVenue, order

REQUEST = OrderRequest(
    client_order_id=IDS.venue_id(ENTRY), symbol="AAPL", side="buy", type="limit",
    time_in_force="day", qty=Decimal(100), limit_price=Decimal(100), order_class="bracket",
    take_profit=TakeProfit(Decimal(103)), stop_loss=StopLoss(Decimal(98)),
)  # fmt: skip
EXIT = OrderRequest(
    client_order_id=IDS.venue_id("T-exit"), symbol="AAPL", side="sell", type="market",
    time_in_force="day", qty=Decimal(100), position_intent="sell_to_close",
)  # fmt: skip
LEGS = [
    order("leg-1", id=TARGET_LEG.id, side="sell", qty="100", limit_price="103", status="held"),
    order("leg-2", id=STOP_LEG.id, side="sell", type="stop", qty="100", stop_price="98",
          limit_price=None, status="held"),
]  # fmt: skip
TAKEN = order(IDS.venue_id(ENTRY), id=ENTRY_ID, qty="100", limit_price="100", order_class="bracket")
ORDERS, BY_CLIENT_ID = "/v2/orders", "/v2/orders:by_client_order_id"
GATEWAY = Response("<html>504</html>", 504)


class Entry:
    """An order entry on a scripted venue."""

    def __init__(self, rest: AlpacaRest, own: OwnOrders, *, give_up_secs: float = 30.0) -> None:
        self.own = own
        self.news: list[OrderUpdate] = []
        self.watch = Watch()
        self.sync = OrderSync(rest, own, self.tell, lambda: 0)
        self.entry = OrderEntry(
            rest, own, self.tell, self.watch, lambda: T0, give_up_secs=give_up_secs
        )

    def tell(self, news: Iterable[OrderUpdate]) -> None:
        """Keep what is news."""
        self.news += news


def play(
    venue: RestVenue,
    own: OwnOrders,
    script: Callable[[Entry], Coroutine[Any, Any, None]],
    *,
    give_up_secs: float = 30.0,
) -> Entry:
    async def run() -> Entry:
        async with AlpacaRest(venue.endpoints, CREDENTIALS, patience=QUICK) as rest:
            entry = Entry(rest, own, give_up_secs=give_up_secs)
            await script(entry)
            return entry

    return asyncio.run(run())


def test_an_order_that_shows_up_late_is_accepted_and_was_sent_once() -> None:
    with RestVenue() as venue:
        venue.on("POST", ORDERS, GATEWAY)
        venue.on("GET", BY_CLIENT_ID, *[NOT_FOUND] * 4, JSONResponse(TAKEN))
        venue.on("GET", f"{ORDERS}/{ENTRY_ID}", JSONResponse({**TAKEN, "legs": LEGS}))
        played = play(venue, sent_bracket(), lambda entry: entry.entry.submit(ENTRY, REQUEST))
        assert kinds(played.news) == [("Accepted", ENTRY), ("Accepted", TARGET), ("Accepted", STOP)]
        assert venue.count("POST", ORDERS) == 1
    assert [what for what, _ in played.watch.told] == [f"order {ENTRY}"]
    assert played.watch.troubles == {}


def test_an_order_that_the_venue_does_not_have_is_given_up_and_canceled_if_it_comes() -> None:
    with RestVenue() as venue:
        venue.on("POST", ORDERS, GATEWAY)
        own = sent_bracket()
        played = play(
            venue, own, lambda entry: entry.entry.submit(ENTRY, REQUEST), give_up_secs=0.0
        )
    assert [type(one) for one in played.news] == [Rejected] * 3
    assert "not found at the venue" in str(played.news[0])
    assert kinds(list(own.take(update("new", replace(BRACKET, status="new"))))) == [
        ("Stray", ENTRY)
    ]


def test_a_clear_refusal_rejects_the_bracket_with_the_venues_words() -> None:
    refusal = {"code": 40310000, "message": "insufficient buying power", "buying_power": "12.00"}
    with RestVenue() as venue:
        venue.on("POST", ORDERS, JSONResponse(refusal, 403))
        played = play(venue, sent_bracket(), lambda entry: entry.entry.submit(ENTRY, REQUEST))
    assert kinds(played.news) == [("Rejected", ENTRY), ("Rejected", STOP), ("Rejected", TARGET)]
    said = "HTTP 403 (code 40310000): insufficient buying power, buying_power 12.00"
    assert said in str(played.news[0])


def test_a_change_that_is_refused_leaves_the_order_as_it_was() -> None:
    with RestVenue() as venue:
        refusal = {"code": 42210000, "message": "unable to replace order in current state"}
        venue.on("PATCH", f"{ORDERS}/{STOP_LEG.id}", JSONResponse(refusal, 422))
        own = live_bracket()

        async def script(entry: Entry) -> None:
            terms: dict[str, Any] = {"quantity": None, "price": None}
            await entry.entry.replace(STOP, **terms, trigger_price=Decimal("98.555"))
            await entry.entry.replace(STOP, **terms, trigger_price=Decimal(99))

        played = play(venue, own, script)
        assert venue.count("PATCH", f"{ORDERS}/{STOP_LEG.id}") == 1
    assert kinds(played.news) == [("ModifyRejected", STOP)] * 2
    assert "rule 612" in str(played.news[0])
    assert own.orders[STOP].pending is None


def test_a_cancel_that_comes_too_late_is_refused_and_the_order_looked_up() -> None:
    with RestVenue() as venue:
        refusal = {"code": 42210000, "message": "order is not cancelable"}
        venue.on("DELETE", f"{ORDERS}/{TARGET_LEG.id}", JSONResponse(refusal, 422))
        own = live_bracket()
        played = play(venue, own, lambda entry: entry.entry.cancel(TARGET))
    assert kinds(played.news) == [("CancelRejected", TARGET)]
    assert own.looks == {ENTRY_ID}


def test_an_exit_waits_for_the_legs_that_hold_its_shares() -> None:
    with RestVenue() as venue:
        for leg in (TARGET_LEG, STOP_LEG):
            venue.on("DELETE", f"{ORDERS}/{leg.id}", Response(status_code=204))
        sent = order(EXIT.client_order_id, id="exit-1", side="sell", type="market", qty="100")
        venue.on("POST", ORDERS, JSONResponse(sent))
        own = live_bracket()
        own.sent(exit_order())

        async def script(entry: Entry) -> None:
            await entry.entry.close_out("T-exit", EXIT)
            assert entry.entry.freed() == []
            assert venue.count("POST", ORDERS) == 0
            for leg in (TARGET_LEG, STOP_LEG):
                entry.tell(own.take(update("canceled", replace(leg, status="canceled"))))
            assert entry.entry.freed() == ["T-exit"]
            await entry.entry.send_freed("T-exit")

        played = play(venue, own, script)
        assert venue.count("POST", ORDERS) == 1
    assert kinds(played.news)[-1] == ("Accepted", "T-exit")


def test_an_exit_whose_shares_were_sold_meanwhile_is_not_sent() -> None:
    with RestVenue() as venue:
        for leg in (TARGET_LEG, STOP_LEG):
            venue.on("DELETE", f"{ORDERS}/{leg.id}", Response(status_code=204))
        own = live_bracket()
        own.sent(exit_order())

        async def script(entry: Entry) -> None:
            await entry.entry.close_out("T-exit", EXIT)
            entry.tell(own.take(fill(TARGET_LEG, 100, 100, "103.00")))
            entry.tell(own.take(update("canceled", replace(STOP_LEG, status="canceled"))))
            await entry.entry.send_freed("T-exit")

        played = play(venue, own, script)
        assert venue.count("POST", ORDERS) == 0
    assert kinds(played.news)[-1] == ("Rejected", "T-exit")


def test_an_exit_whose_legs_cannot_be_canceled_is_rejected_so_that_it_is_tried_again() -> None:
    with RestVenue() as venue:
        refusal = {"code": 42210000, "message": "order is not cancelable"}
        venue.on("DELETE", f"{ORDERS}/{STOP_LEG.id}", JSONResponse(refusal, 422))
        venue.on("DELETE", f"{ORDERS}/{TARGET_LEG.id}", Response(status_code=204))
        own = live_bracket()
        own.sent(exit_order())
        played = play(venue, own, lambda entry: entry.entry.close_out("T-exit", EXIT))
    assert kinds(played.news) == [("Rejected", "T-exit")]


@pytest.mark.parametrize("found", [GATEWAY, JSONResponse({**TAKEN, "status": "new"})])
def test_an_exit_whose_legs_may_not_have_heard_of_their_cancel_is_tried_again(
    found: Response,
) -> None:
    with RestVenue() as venue:
        for leg in (TARGET_LEG, STOP_LEG):
            venue.on("DELETE", f"{ORDERS}/{leg.id}", GATEWAY)
            venue.on("GET", f"{ORDERS}/{leg.id}", found)
        own = live_bracket()
        own.sent(exit_order())

        async def script(entry: Entry) -> None:
            await entry.entry.close_out("T-exit", EXIT)
            assert entry.entry.freed() == []

        played = play(venue, own, script)
    (refused,) = played.news
    assert isinstance(refused, Rejected)
    assert "it is not known whether the cancel arrived: HTTP 504" in refused.reason
    assert own.looks == {ENTRY_ID}


def test_an_order_that_was_given_up_but_lives_is_canceled_until_the_venue_has_heard_it() -> None:
    with RestVenue() as venue:
        path = f"{ORDERS}/{ENTRY_ID}"
        venue.on("DELETE", path, GATEWAY, Response(status_code=204))
        venue.on("GET", path, JSONResponse(TAKEN))
        played = play(venue, sent_bracket(), lambda entry: entry.entry.cancel_stray(ENTRY_ID))
        assert venue.count("DELETE", path) == 2
    assert played.watch.troubles == {}
    assert [what for what, _ in played.watch.told] == [f"stray {ENTRY_ID}"]


def test_an_exit_goes_out_when_a_leg_that_cannot_be_canceled_has_ended_unheard_of() -> None:
    ended = [{**leg, "status": "canceled", "canceled_at": "2026-09-18T13:31:00Z"} for leg in LEGS]
    with RestVenue() as venue:
        refusal = {"code": 42210000, "message": "order is not cancelable"}
        venue.on("DELETE", f"{ORDERS}/{STOP_LEG.id}", JSONResponse(refusal, 422))
        venue.on("DELETE", f"{ORDERS}/{TARGET_LEG.id}", Response(status_code=204))
        bracket = {**TAKEN, "status": "filled", "filled_qty": "100", "legs": ended}
        venue.on("GET", f"{ORDERS}/{ENTRY_ID}", JSONResponse(bracket))
        own = live_bracket()
        own.sent(exit_order())

        async def script(entry: Entry) -> None:
            await entry.entry.close_out("T-exit", EXIT)
            assert entry.entry.freed() == ["T-exit"]

        played = play(venue, own, script)
    assert sorted(kinds(played.news)) == [("Canceled", STOP), ("Canceled", TARGET)]


def test_more_than_is_held_is_never_sold() -> None:
    own = live_bracket()
    with RestVenue() as venue:

        async def script(entry: Entry) -> None:
            assert entry.entry.refusal(EXIT, reduce_only=True) is None
            more = replace(EXIT, qty=Decimal(101))
            assert "do more than close the 100 shares" in (
                entry.entry.refusal(more, reduce_only=True) or ""
            )

        play(venue, own, script)


@pytest.mark.parametrize(
    ("sold", "left", "told"),
    [
        ((100,), 0, [("Filled", 100)]),
        ((30, 70), 0, [("Filled", 30), ("Filled", 70)]),
        ((60,), 40, [("Filled", 60), ("Canceled", 60)]),
        ((90, 60), -50, [("Filled", 90), ("Filled", 10)]),
    ],
)
def test_an_exit_of_shares_that_somebody_sold_is_his_sale_and_never_sent(
    sold: tuple[int, ...], left: int, told: list[tuple[str, int]]
) -> None:
    with RestVenue() as venue:
        own = by_hand(venue, sold, left)
        played = play(venue, own, lambda entry: entry.entry.close_out("T-exit", EXIT))
        assert venue.count("POST", ORDERS) == 0
    done = Decimal(0)
    seen: list[tuple[str, int]] = []
    for one in played.news:
        done += one.quantity if isinstance(one, Filled) else 0
        seen.append((type(one).__name__, int(getattr(one, "quantity", done))))
    assert seen == [("Accepted", 0), *told]
    assert own.known.held("AAPL") == max(left, 0)
    assert [trade for trade, _ in played.watch.by_hand] == ["T"]


def test_an_order_of_somebody_else_that_goes_on_filling_is_booked_once() -> None:
    with RestVenue() as venue:
        own = by_hand(venue, (30,), 70)
        again = replace(EXIT, client_order_id=IDS.venue_id("T-exit-2"), qty=Decimal(70))

        async def script(entry: Entry) -> None:
            await entry.entry.close_out("T-exit", EXIT)
            sells(venue, (30, 50), 20)
            own.sent(OwnOrder("T-exit-2", "AAPL", "sell", "market", Decimal(70)))
            await entry.entry.close_out("T-exit-2", again)

        played = play(venue, own, script)
        assert venue.count("POST", ORDERS) == 0
    filled = [one for one in played.news if isinstance(one, Filled)]
    assert [one.quantity for one in filled] == [30, 50]
    assert len({one.trade_id for one in filled}) == 2
    assert own.known.held("AAPL") == 20


def test_an_exit_of_shares_that_went_nobody_knows_where_is_not_sent() -> None:
    with RestVenue() as venue:
        own = by_hand(venue, (), 0)
        played = play(venue, own, lambda entry: entry.entry.close_out("T-exit", EXIT))
        assert venue.count("POST", ORDERS) == 0
    (refused,) = played.news
    assert isinstance(refused, Rejected)
    assert "100 shares of AAPL that our orders left are not in the account" in refused.reason
    assert own.looks == {ENTRY_ID}


def test_an_exit_that_never_arrived_is_sent_again_under_its_id() -> None:
    with RestVenue() as venue:
        own = by_hand(venue, (), 100)
        sent = order(EXIT.client_order_id, id="exit-1", side="sell", type="market", qty="100")
        venue.on("POST", ORDERS, GATEWAY, JSONResponse(sent))
        played = play(venue, own, lambda entry: entry.entry.close_out("T-exit", EXIT))
        first, second = (asked.body for asked in venue.asked if asked.method == "POST")
    assert first == second
    assert kinds(played.news) == [("Accepted", "T-exit")]
    assert [what for what, _ in played.watch.told] == ["order T-exit"]
    assert played.watch.troubles == {}


def test_an_exit_of_shares_that_are_there_says_that_it_closes() -> None:
    with RestVenue() as venue:
        own = by_hand(venue, (), 100)
        sent = order(EXIT.client_order_id, id="exit-1", side="sell", type="market", qty="100")
        venue.on("POST", ORDERS, JSONResponse(sent))
        play(venue, own, lambda entry: entry.entry.close_out("T-exit", EXIT))
        (body,) = (asked.body for asked in venue.asked if asked.method == "POST")
    assert b'"position_intent":"sell_to_close"' in body


def by_hand(venue: RestVenue, sold: tuple[int, ...], left: int) -> OwnOrders:
    """Let somebody cancel the legs of a bracket and sell; return the books with our exit."""
    sells(venue, sold, left)
    own = live_bracket()
    for leg in (TARGET_LEG, STOP_LEG):
        list(own.take(update("canceled", replace(leg, status="canceled"))))
    own.looks.clear()
    own.sent(exit_order())
    return own


def sells(venue: RestVenue, sold: tuple[int, ...], left: int) -> None:
    """Let somebody's order have so many executions, after which shares are left."""
    position = {"symbol": "AAPL", "qty": str(left), "avg_entry_price": "100",
                "side": "long" if left > 0 else "short"}  # fmt: skip
    if left:
        venue.on("GET", "/v2/positions/AAPL", JSONResponse(position))
    fills = [
        {
            "id": f"20260918133005000::{number}", "activity_type": "FILL", "type": "fill",
            "price": "101.5", "qty": str(shares), "cum_qty": str(sum(sold[: number + 1])),
            "side": "sell", "symbol": "AAPL", "transaction_time": "2026-09-18T13:40:00Z",
            "order_id": "by-hand",
        }
        for number, shares in enumerate(sold)
    ]  # fmt: skip
    venue.on("GET", "/v2/account/activities/FILL", JSONResponse(fills))
    theirs = order("abc", id="by-hand", side="sell", type="market", qty=str(sum(sold)),
                   filled_qty=str(sum(sold)), status="filled")  # fmt: skip
    venue.on("GET", f"{ORDERS}/by-hand", JSONResponse(theirs))


def test_an_opposite_order_of_somebody_else_keeps_an_order_back() -> None:
    own = live_bracket()
    theirs = replace(TARGET_LEG, id="theirs", order_class="", status="new", type="stop")
    list(own.take(update("new", theirs)))
    plain = replace(REQUEST, order_class="simple", take_profit=None, stop_loss=None)
    with RestVenue() as venue:

        async def script(entry: Entry) -> None:
            assert "wash_trade" in (entry.entry.refusal(plain, reduce_only=False) or "")
            assert entry.entry.refusal(REQUEST, reduce_only=False) is None

        play(venue, own, script)


def test_a_reconciliation_tells_what_was_missed_once_and_skips_what_it_cannot_read() -> None:
    filled = {**TAKEN, "status": "filled", "filled_qty": "100", "filled_avg_price": "99.99",
              "filled_at": "2026-09-18T13:30:05Z", "updated_at": "2026-09-18T13:30:05Z",
              "legs": LEGS}  # fmt: skip
    execution = {
        "id": "20260918133005000::0c1f", "activity_type": "FILL", "type": "fill", "price": "99.99",
        "qty": "100", "cum_qty": "100", "leaves_qty": "0", "side": "buy", "symbol": "AAPL",
        "transaction_time": "2026-09-18T13:30:05Z", "order_id": ENTRY_ID,
    }  # fmt: skip
    with RestVenue() as venue:
        venue.on("GET", ORDERS, JSONResponse([{"id": 7, "qty": "NaN"}, filled]))
        venue.on("GET", "/v2/account/activities/FILL", JSONResponse([execution]))
        own = sent_bracket()

        async def script(entry: Entry) -> None:
            await entry.sync.reconcile()
            await entry.sync.reconcile()

        played = play(venue, own, script)
    assert kinds(played.news) == [
        ("Accepted", ENTRY), ("Accepted", TARGET), ("Accepted", STOP), ("Filled", ENTRY),
    ]  # fmt: skip
    assert list(own.take(fill(BRACKET, 100, 100, "99.99"))) == []


def exit_order() -> OwnOrder:
    return OwnOrder("T-exit", "AAPL", "sell", "market", Decimal(100))
