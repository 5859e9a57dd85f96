"""Commands to a session that runs in another process: given once, answered by its engine."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

from tests.web.api.conftest import LATER
from tests.web.api.gateway import PATIENCE_SECS, Gateway

_PATH = f"/runs/{LATER}/commands"


def _give(gateway: Gateway, key: str, **body: Any) -> Any:
    return gateway.client.post(_PATH, json=body, headers={"Idempotency-Key": key})


def _answered(gateway: Gateway, location: str) -> Any:
    patience = time.monotonic() + PATIENCE_SECS
    while time.monotonic() < patience:
        found = gateway.client.get(location.removeprefix("/api/v1"), params={"wait_secs": 5})
        if found.json()["status"] in {"done", "refused"}:
            return found.json()
    raise TimeoutError(location)


def test_a_stop_is_moved_towards_the_market_and_confirmed_by_the_venue(running: Gateway) -> None:
    trades: list[Any] = []
    patience = time.monotonic() + PATIENCE_SECS
    while not trades and time.monotonic() < patience:
        governor = running.client.get(f"/runs/{LATER}/governor").json()
        trades = [each for each in governor["open_trades"] if each["entered_ns"]]
    trade = trades[0]
    cent = Decimal("0.01") * trade["side"]
    nearer, away = (str(Decimal(trade["stop"]) + sign * cent) for sign in (1, -1))
    named = {"command": "move_stop", "trade_id": trade["trade_id"]}
    shown = running.client.post(f"{_PATH}/preview", json={**named, "price": nearer}).json()
    assert shown["preview"] == (
        f"moves the stop of {trade['trade_id']} to {nearer} from {trade['stop']}"
    )
    given = _give(running, "move-00001", **named, price=nearer)
    done = _answered(running, given.headers["location"])
    assert (done["status"], done["detail"]) == (
        "done", f"the stop is at {nearer}, confirmed by the venue"
    )  # fmt: skip
    refused = _give(running, "move-00002", **named, price=away)
    told = _answered(running, refused.headers["location"])
    assert (told["status"], told["detail"].partition(":")[0]) == ("refused", "needs_step_up")
    orders = running.client.get(f"/runs/{LATER}/orders", params={"limit": 500}).json()["items"]
    (stop,) = (
        each
        for each in orders
        if each["role"] == "stop_loss" and each["trade_id"] == trade["trade_id"]
    )
    assert Decimal(stop["trigger_price"]) == Decimal(nearer)


def test_a_command_is_given_once_and_answered_by_the_engine(running: Gateway) -> None:
    shown = running.client.post(f"{_PATH}/preview", json={"command": "pause"}).json()
    assert (shown["status"], "nothing is entered" in shown["preview"]) == ("preview", True)
    given = _give(running, "pause-0001", command="pause")
    assert given.status_code == 202
    assert given.json()["status"] in {"unanswered", "accepted", "done"}, "the engine may be quick"
    assert (given.json()["source"], given.json()["who"]) == ("web", "ann")
    done = _answered(running, given.headers["location"])
    assert done["status"] == "done"
    assert int(done["answered_ns"]) > 0
    again = _give(running, "pause-0001", command="pause")
    assert (again.status_code, again.json()["status"]) == (202, "done")
    other = _give(running, "pause-0001", command="resume")
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    refused = _give(running, "pause-0002", command="pause")
    told = _answered(running, refused.headers["location"])
    assert (told["status"], "paused" in told["detail"]) == ("refused", True)
    governor = running.client.get(f"/runs/{LATER}/governor").json()
    assert governor["paused"]
    newest = running.client.get(_PATH, params={"limit": 1}).json()["items"][0]
    assert newest["command_id"] == "pause-0002"
    assert _give(running, "resume-001", command="resume").status_code == 202


def test_entries_that_were_stopped_are_resumed_by_who_confirms_and_exits_need_nothing(
    running: Gateway,
) -> None:
    stopped = _give(running, "stop-00001", command="stop_entries")
    assert _answered(running, stopped.headers["location"])["status"] == "done"
    asked = _give(running, "resume-002", command="resume")
    assert (asked.status_code, asked.json()["code"]) == (403, "step_up_required")
    for key, body in (
        ("exit-00001", {"command": "cancel_entries"}),
        ("exit-00002", {"command": "flatten_all"}),
        ("exit-00003", {"command": "flatten_symbol", "symbol": "AAPL"}),
    ):
        assert _give(running, key, **body).status_code == 202
    by_word = running.client.post(
        "/say",
        json={"text": "resume", "run": LATER, "yes": True},
        headers={"Idempotency-Key": "resume-003"},
    )
    assert by_word.json()["code"] == "step_up_required"
    running.caller.may_step_up = True
    try:
        resumed = _give(running, "resume-004", command="resume")
        assert _answered(running, resumed.headers["location"])["status"] == "done"
    finally:
        running.caller.may_step_up = False


def test_a_symbol_is_locked_by_what_is_said(running: Gateway) -> None:
    unknown = running.client.post(
        "/say",
        json={"text": "lock ZZZZ", "run": LATER, "yes": True},
        headers={"Idempotency-Key": "lock-00000"},
    )
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_symbol")
    asked = {"text": "lock QQQ", "run": LATER}
    shown = running.client.post("/say", json=asked).json()
    assert shown["status"] == "preview"
    given = running.client.post(
        "/say", json=asked | {"yes": True}, headers={"Idempotency-Key": "lock-00001"}
    )
    assert _answered(running, given.headers["location"])["status"] == "done"
    wrong = _give(running, "lock-00002", command="lock_symbol", symbol="no symbol")
    assert wrong.status_code == 422
    nothing = _give(running, "close-0001", command="close_symbol", symbol="ZZZZ")
    assert nothing.status_code == 404
