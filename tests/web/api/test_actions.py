"""What can be done by the API: parameters, backtests as jobs, and requests that are refused."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import DAY, EAGER
from tests.web.api.conftest import SESSION, Kept
from tests.web.api.gateway import PATIENCE_SECS, Gateway, served
from web.places import Places

_WHY = {"because": "calmer"}


@pytest.fixture(scope="module")
def desk(small_market: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """Yield the API over an empty database."""
    folder = tmp_path_factory.mktemp("desk")
    places = Places(
        database=str(folder / "facts.sqlite"), runs=folder / "runs", catalog=str(small_market)
    )
    with served(places) as found:
        yield found


def _set(gateway: Gateway, values: dict[str, Any], base: int, **more: Any) -> Any:
    body = {"values": values, **_WHY, **more}
    return gateway.client.post("/parameters/versions", json=body, headers={"If-Match": f'"{base}"'})


def test_parameters_are_set_from_a_base_scheduled_withdrawn_and_rolled_back(desk: Gateway) -> None:
    shown = desk.client.get("/parameters")
    assert shown.headers["etag"] == '"1"'
    assert desk.client.post("/parameters/versions", json={"values": {"min_ac_z": 3}, **_WHY}
                            ).status_code == 428  # fmt: skip
    kept = _set(desk, {"min_ac_z": 3}, 1)
    assert (kept.status_code, kept.headers["etag"]) == (201, '"2"')
    assert (kept.json()["who"], kept.json()["changes"][0]["new"]) == ("ann", 3.0)
    stale = _set(desk, {"min_ac_z": 3.5}, 1)
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_base")
    assert [each["version"] for each in stale.json()["since"]] == [2]

    at = str(time.time_ns() + 10**15)
    later = _set(desk, {"min_ac_z": 3.5}, 2, effective_ns=at).json()
    scheduled = desk.client.get("/parameters/scheduled").json()["scheduled"]
    assert [each["version"] for each in scheduled][-1] == later["version"] == 3
    taken = desk.client.delete("/parameters/versions/3", params=_WHY)
    assert taken.json() == {"status": "withdrawn", "version": 3}
    assert desk.client.delete("/parameters/versions/3", params=_WHY).status_code == 404

    # version 2 takes effect at the end of its bucket; what was in force before is gone back to
    back = desk.client.post(
        "/parameters/versions/1/rollback", json=_WHY, headers={"If-Match": '"3"'}
    )
    assert (back.status_code, back.json()["changes"][0]["old"]) == (201, 3.0)
    refused = _set(desk, {"no_such": 3}, 4)
    assert (refused.status_code, refused.json()["code"]) == (422, "breaks_a_rule")


def test_a_limit_is_loosened_by_who_confirms_the_request_and_by_nobody_else(desk: Gateway) -> None:
    base = desk.client.get("/parameters").json()["latest"]
    values = {"max_trades_per_day": 50}
    asked = _set(desk, values, base)
    assert (asked.status_code, asked.json()["code"]) == (403, "step_up_required")
    assert desk.client.get("/parameters").json()["latest"] == base
    desk.caller.may_step_up = True
    try:
        kept = _set(desk, values, base)
        assert (kept.status_code, kept.json()["stepped_up"]) == (201, True)
        assert kept.json()["step_up"] == ["max_trades_per_day"]
        tightened = _set(desk, {"max_trades_per_day": 3}, base + 1)
        assert tightened.json()["stepped_up"] is False
        assert desk.caller.proofs == ["/api/v1/parameters/versions"]
    finally:
        desk.caller.may_step_up = False


def test_a_preview_names_candidates_and_trades_and_changes_nothing(desk: Gateway) -> None:
    before = desk.client.get("/parameters").json()["latest"]
    found = desk.client.post("/parameters/preview", json={"values": {"min_ac_z": 10}}).json()
    assert found["status"] == "preview"
    assert 0 == found["preview"]["candidates_after"] < found["preview"]["candidates_before"]
    assert desk.client.get("/parameters").json()["latest"] == before
    nothing = desk.client.post("/parameters/preview", json={})
    assert nothing.status_code == 422


def _over(gateway: Gateway, path: str) -> Any:
    patience = time.monotonic() + PATIENCE_SECS
    while time.monotonic() < patience:
        job = gateway.client.get(path).json()
        if job["status"] not in {"queued", "running", "cancelling"}:
            return job
        time.sleep(0.05)
    raise TimeoutError(path)


def test_a_backtest_is_ordered_queued_watched_and_leaves_the_run_of_the_command(
    desk: Gateway, kept: Kept
) -> None:
    form = desk.client.get("/backtests/form").json()
    assert form["days"] == [str(DAY)]
    values = {name: value for name, _, value in (each.partition("=") for each in EAGER)}
    ordered = desk.client.post(
        "/backtests", json={"values": values, "start": str(DAY), "name": "by form"}
    )
    assert ordered.status_code == 202, ordered.text
    path = ordered.headers["location"].removeprefix("/api/v1")
    waits = desk.client.post("/backtests", json={"values": values, "engine": "full"})
    while desk.client.get(path).json()["status"] == "queued":
        time.sleep(0.01)
    if waits.status_code == 409:  # the first had not begun yet
        waits = desk.client.post("/backtests", json={"values": values, "engine": "full"})
    assert waits.status_code == 202, waits.text
    second = waits.headers["location"].removeprefix("/api/v1")
    desk.client.delete(second)
    done = _over(desk, path)
    assert (done["status"], done["progress"], done["who"]) == ("done", 100.0, "ann")
    assert _over(desk, second)["status"] == "cancelled"
    mine = desk.client.get(f"/runs/{done['run_id']}").json()
    theirs = kept.told("runs", "show", kept.first, takes="dr")
    for name in ("decision_digest", "fill_digest", "params_hash"):
        assert mine[name] == theirs[name], name
    assert desk.client.delete(path).json()["status"] == "done"
    assert desk.client.get(path).status_code == 404
    assert desk.client.get("/runs/by form").json()["run_id"] == done["run_id"]
    assert desk.client.delete("/runs/by form").status_code == 204
    assert desk.client.get("/runs").json()["items"] == []


def test_an_order_that_cannot_be_run_is_refused_when_it_is_given(desk: Gateway) -> None:
    for body, words in (
        ({"values": {"min_ac_z": -3}}, "min_ac_z"),
        ({"strategies": ["os:path"]}, "no strategy"),
        ({"start": "2020-01-02", "end": "2020-01-03"}, "2020"),
        ({"engine": "fast"}, "engine"),
        ({"symbols": "@/etc/passwd"}, "no symbol"),
    ):
        answer = desk.client.post("/backtests", json=body)
        assert answer.status_code in {404, 422}, answer.text
        assert words in answer.json()["detail"]


def test_a_run_that_is_over_takes_no_command_and_words_are_understood(
    gateway: Gateway, kept: Kept
) -> None:
    headers = {"Idempotency-Key": "12345678"}
    path = f"/runs/{SESSION}/commands"
    assert gateway.client.post(path, json={"command": "pause"}).status_code == 428
    over = gateway.client.post(path, json={"command": "pause"}, headers=headers)
    assert (over.status_code, over.json()["code"]) == (409, "run_over")
    shown = gateway.client.post(f"{path}/preview", json={"command": "pause"}).json()
    assert shown["preview"].startswith("would be refused")
    wrong = gateway.client.post("/say", json={"text": "flaten all", "run": SESSION}).json()
    assert (wrong["code"], wrong["suggestion"]) == ("no_command", "flatten all")
    said = gateway.client.post("/say", json={"text": "balance", "run": SESSION}).json()
    assert said["cash"] == kept.told("say", "balance", "--run", SESSION, takes="dr")["cash"]
    assert gateway.client.post("/say", json={"text": "help flatten"}).json()["commands"]
