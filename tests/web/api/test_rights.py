"""Each route has a row in the table of rights, and takes what it says."""

from __future__ import annotations

import pytest
from fastapi.routing import APIRoute, APIWebSocketRoute

from tests.web.api.gateway import Gateway
from web.api.mount import ROUTES
from web.callers import Rank
from web.rights import PREFIX, RIGHTS, StepUp, right_of


def _routes() -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for route in (each for router in ROUTES for each in router.routes):
        if isinstance(route, APIRoute):
            found |= {(method, route.path.removeprefix(PREFIX)) for method in route.methods or ()}
        elif isinstance(route, APIWebSocketRoute):
            found.add(("GET", route.path.removeprefix(PREFIX)))
    return found


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    routes = _routes()
    assert len(routes) > 50
    assert routes == set(RIGHTS)


def test_reading_takes_no_more_than_a_viewer_and_no_row_lets_a_viewer_act() -> None:
    for (method, path), right in RIGHTS.items():
        assert (right.rank is Rank.VIEWER) == (method == "GET"), path
        assert right.step_up is StepUp.NEVER or method == "POST"


@pytest.mark.parametrize("rank", Rank)
def test_a_rank_may_do_what_its_row_says(gateway: Gateway, rank: Rank) -> None:
    gateway.caller.rank = rank
    try:
        for (method, path), right in RIGHTS.items():
            if path in {"/stream", "/runs/{run}/missed", "/runs/{run}/report"}:
                continue  # told of where it is tested; the others take minutes
            named = path.replace("{version}", "99").replace("{", "no-").replace("}", "")
            answer = gateway.client.request(method, named, json={})
            is_refused = answer.status_code == 403 and answer.json()["code"] == "rank_too_low"
            assert is_refused == (rank < right.rank), (method, path, answer.text)
    finally:
        gateway.caller.rank = Rank.OPERATOR


def test_nobody_is_answered_who_has_not_signed_in(gateway: Gateway) -> None:
    gateway.caller.is_here = False
    try:
        for method, path in RIGHTS:
            if path != "/stream":
                named = path.replace("{version}", "99").replace("{", "no-").replace("}", "")
                answer = gateway.client.request(method, named, json={})
                assert answer.status_code == 401, (method, path)
    finally:
        gateway.caller.is_here = True


def test_a_route_without_a_row_is_closed(monkeypatch: pytest.MonkeyPatch, gateway: Gateway) -> None:
    monkeypatch.delitem(RIGHTS, ("GET", "/markets"))
    assert right_of("GET", "/markets") is None
    answer = gateway.client.get("/markets")
    assert (answer.status_code, answer.json()["code"]) == (403, "closed")
