"""Every answer of the trading API is what the official document says it is."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance

from catalog import Catalog
from simulator.tape import Mode
from tests.simulator.market_data.official import document
from tests.simulator.server.served import ALICE, Served, keys, market_client, setting
from tests.simulator.server.test_trading import OPEN, SECOND, bracketed, busy, placed

__all__ = ["busy"]

DOCUMENT = "fixtures/alpaca/openapi/trading-api.json"
_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
OPENAPI = "fixtures/alpaca/openapi"
FUZZED = [
    (
        "trading-api.json",
        r"^/v[123]/(account|orders|positions|clock|calendar|assets|watchlists|options|locates|corp)",
        150,
    ),
    ("market-data-api.json", r"^/(?!v1beta1/logos)", 60),
]


@pytest.fixture(scope="module")
def served(market: Catalog) -> Iterator[Served]:
    playing = setting(mode=Mode.STEPPED, speed=None, start_ns=OPEN, requests=1_000_000)
    with Served(market, playing) as running:
        yield running


def valid(body: Any, official: Path, route: str, method: str = "get", status: str = "200") -> None:
    known = document(official)
    answer = known["paths"][route][method]["responses"][status]
    schema = answer["content"]["application/json"]["schema"]
    Draft202012Validator({**known, **schema}).validate(body)


def without_slack(official: Path) -> dict[str, Any]:
    """Return a document less what the venue itself does not keep to.

    News without its text has an empty one. Of a position that cannot be closed the body is the
    refusal, of which the document knows none beside the order.
    """
    known: dict[str, Any] = json.loads(official.read_text())
    schemas = known["components"]["schemas"]
    if "news" in schemas:
        del schemas["news"]["properties"]["content"]["minLength"]
    if "PositionClosedReponse" in schemas:
        schemas["PositionClosedReponse"]["properties"]["body"] = {"type": "object"}
    return known


def test_orders_positions_and_accounts_are_valid(served: Served, busy: str, shared: Path) -> None:
    official = shared / DOCUMENT
    one, position = "/v2/orders/{order_id}", "/v2/positions/{symbol_or_asset_id}"

    async def scene() -> None:
        async with market_client(served) as data:
            with served.rest() as rest:
                bracket, last = bracketed(rest, busy)
                valid(bracket, official, "/v2/orders", "post")
                for kind, terms in (
                    ("stop", {"stop_price": f"{last * 2:.2f}"}),
                    ("trailing_stop", {"trail_percent": "5"}),
                    ("limit", {"limit_price": f"{last:.2f}"}),
                ):
                    other = placed(rest, symbol=busy, type=kind, **terms)
                    valid(other, official, "/v2/orders", "post")
                for _ in range(8):
                    await data.grant(OPEN + 60 * SECOND)
                for query in ({}, {"status": "all"}, {"status": "all", "nested": "true"}):
                    orders = rest.get("/v2/orders", params=query).json()
                    assert orders
                    valid(orders, official, "/v2/orders")
                valid(rest.get(f"/v2/orders/{bracket['id']}").json(), official, one)
                target = next(leg for leg in bracket["legs"] if leg["type"] == "limit")
                moved = rest.patch(
                    f"/v2/orders/{target['id']}", json={"limit_price": f"{last * 1.6:.2f}"}
                )
                valid(moved.json(), official, one, "patch")
                for path in ("/v2/positions", "/v2/account", "/v2/account/configurations"):
                    valid(rest.get(path).json(), official, path)
                valid(rest.get(f"/v2/positions/{busy}").json(), official, position)
                fills = rest.get("/v2/account/activities/FILL").json()
                assert fills
                # the document's "one of" holds for both of its kinds: every field is optional
                known = document(official)
                fill = {**known, "$ref": "#/components/schemas/TradingActivities"}
                Draft202012Validator(fill).validate(fills[0])
                valid(
                    rest.get("/v2/account/portfolio/history").json(),
                    official,
                    "/v2/account/portfolio/history",
                )
                canceled = rest.delete("/v2/orders")
                assert canceled.status_code == 207
                valid(canceled.json(), official, "/v2/orders", "delete", "207")
                told = [(each["id"], each["body"]["id"]) for each in canceled.json()]
                assert [named for named, _ in told] == [held for _, held in told] != []
                valid(canceled.json()[0]["body"], official, one)

    asyncio.run(scene())


def test_watchlists_are_valid_by_id_and_by_name(served: Served, busy: str, shared: Path) -> None:
    official = shared / DOCUMENT
    every = "/v2/watchlists"
    one, by_name = f"{every}/{{watchlist_id}}", f"{every}:by_name"
    with served.rest() as rest:
        made = rest.post(every, json={"name": "Mine", "symbols": [busy, None, busy]})
        valid(made.json(), official, every, "post")
        path = f"{every}/{made.json()['id']}"
        valid(rest.get(every).json(), official, every)
        valid(rest.get(path).json(), official, one)
        mine = {"name": "Mine"}
        added = rest.post(by_name, json={"symbol": "SPY"}, params=mine)
        valid(added.json(), official, by_name, "post")
        assert [asset["symbol"] for asset in added.json()["assets"]] == [busy, "SPY"]
        removed = rest.delete(f"{path}/{busy}")
        valid(removed.json(), official, "/v2/watchlists/{watchlist_id}/{symbol}", "delete")
        renamed = rest.put(by_name, json={"name": "Yours", "symbols": [busy]}, params=mine)
        valid(renamed.json(), official, by_name, "put")
        assert [asset["symbol"] for asset in renamed.json()["assets"]] == [busy]
        asked: list[tuple[str, str, Any]] = [
            ("GET", by_name, None),
            ("POST", every, {"name": "Yours"}),
            ("POST", every, {"name": ""}),
            ("POST", every, {"name": "x" * 65}),
            ("POST", every, {"name": "Other", "symbols": ["NONESUCH"]}),
            ("POST", every, {"name": "Other", "symbols": "SPY"}),
            ("POST", path, {"symbol": busy}),
            ("POST", path, {}),
            ("DELETE", f"{path}/SPY", None),
            ("DELETE", path, None),
            ("DELETE", path, None),
        ]
        answers = [rest.request(method, where, json=body) for method, where, body in asked]
        codes = [answer.status_code for answer in answers]
        assert codes == [404, 422, 422, 422, 422, 422, 422, 422, 404, 204, 404]
        assert all("message" in answer.json() for answer in answers if answer.status_code != 204)


ELSEWHERE = re.compile(
    r"/v2/(wallets|tokenization|perpetuals)|/v2beta1/events|/v1beta1/logos|.*by_(client|name)"
)
"""Money in crypto, a stream of events and pictures: not there; the last two need what exists."""

GIVEN = {
    "symbols": "AAPL240119C00100000",
    "isins": "US912797PX11",
    "currency_pairs": "USDJPY",
    "timeframe": "1Min",
    "tape": "A",
    "ca_types": "dividend",
    "since": "2026-09-01",
    "until": "2026-09-30",
    "loc": "us",
    "ticktype": "trade",
    "market_type": "stocks",
    "market": "NYSE",
    "activity_type": "FILL",
    "symbol": "AAPL",
    "symbol_or_asset_id": "AAPL",
}


@pytest.mark.parametrize("name", ["trading-api.json", "market-data-api.json"])
def test_every_documented_question_finds_somebody_who_answers(
    served: Served, shared: Path, name: str
) -> None:
    official = shared / OPENAPI / name
    answered: set[str] = set()
    with served.rest() as rest:
        for route, methods in document(official)["paths"].items():
            if "get" not in methods or ELSEWHERE.match(route):
                continue
            path = re.sub(r"{(\w+)}", lambda found: GIVEN.get(found[1], "none"), route)
            answer = rest.get(path, params=GIVEN)
            assert answer.json() != {"code": 40410000, "message": "endpoint not found."}, route
            assert answer.status_code in {200, 404}, (route, answer.text)
            if answer.status_code == 200 and "activities" not in route:
                valid(answer.json(), official, route)
                answered.add(route)
    assert len(answered) > 15


def test_what_is_not_held_here_is_refused_as_documented(served: Served, busy: str) -> None:
    with served.rest() as rest:
        for word in ("exercise", "do-not-exercise"):
            held = rest.post(f"/v2/positions/AAPL240119C00100000/{word}")
            assert (held.status_code, held.json()["code"]) == (403, 40310000)
        contract = rest.get("/v2/options/contracts/TSLA231110C00021000")
        assert (contract.status_code, contract.json()) == (
            404,
            {"code": 40410000, "message": "option contract TSLA231110C00021000 not found"},
        )
        for symbol, code in ((busy, "easy_to_borrow"), ("NONE", "symbol_not_found")):
            located = rest.post("/v1/locates", json={"symbol": symbol, "qty": 100})
            assert (located.status_code, located.json()["code"]) == (422, code)
            quoted = rest.get("/v1/locates/quotes", params={"symbols": symbol}).json()
            assert [each["code"] for each in quoted["errors"]] == [code]


def test_an_asset_is_the_same_wherever_it_is_named(served: Served) -> None:
    async def scene() -> None:
        async with market_client(served) as data:
            with served.rest() as rest:
                placed(rest, symbol="SPY")
                while rest.get("/v2/positions/SPY").status_code != 200:
                    await data.grant(served.connections.venue.now + 60 * SECOND)
                asset, held = (
                    rest.get(f"/v2/{what}/SPY").json() for what in ("assets", "positions")
                )
                assert (asset["exchange"], asset["name"]) == ("ARCA", "SPY (synthetic)")
                assert (held["exchange"], held["asset_id"]) == (asset["exchange"], asset["id"])
                made = rest.post("/v2/watchlists", json={"name": "Same", "symbols": ["SPY"]})
                assert made.json()["assets"] == [asset]
                changed = {"symbol": "SPY", "tradable": False}
                told = rest.post("/sim/asset", json=changed).json()
                assert told == rest.get("/v2/assets/SPY").json() == asset | {"tradable": False}
                rest.post("/sim/asset", json=changed | {"tradable": True}).raise_for_status()

    asyncio.run(scene())


@pytest.mark.parametrize(("name", "routes", "examples"), FUZZED)
def test_no_request_that_a_document_allows_brings_the_server_down_or_is_answered_otherwise(
    served: Served, shared: Path, name: str, routes: str, examples: int
) -> None:
    official = without_slack(shared / OPENAPI / name)
    schema = schemathesis.openapi.from_dict(official).include(path_regex=routes)
    strategy = schema.as_strategy(generation_mode=GenerationMode.POSITIVE)
    asked: set[int] = set()

    @given(case=strategy)
    @settings(max_examples=examples, deadline=None, derandomize=True, suppress_health_check=_SLOW)
    def fuzz(case: Any) -> None:
        answer = case.call(base_url=f"http://{served.address}", headers=keys(ALICE), timeout=60)
        asked.add(answer.status_code)
        case.validate_response(answer, checks=[not_a_server_error, response_schema_conformance])

    fuzz()
    assert {200} < asked
