"""Live push beside a session that goes on: resumed without a gap, stalled, ended."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.web.api.conftest import LATER
from tests.web.api.gateway import PATIENCE_SECS, Gateway
from web.push.channel import KEPT, Channel, Update, message
from web.push.radar_change import FIELDS, radar_change, whole_radar
from web.push.subscription import ChannelSubscription

STATES = ("radar", "governor", "positions", "health")


@contextmanager
def _browser(gateway: Gateway) -> Iterator[ClientConnection]:
    with connect(gateway.stream_url, max_size=None) as browser:
        yield browser


def _say(browser: ClientConnection, **told: Any) -> None:
    browser.send(json.dumps(told))


def _read(browser: ClientConnection) -> dict[str, Any]:
    got = browser.recv(PATIENCE_SECS)
    if isinstance(got, bytes):
        kind, full, _, seq, ts, scale, strips = struct.unpack_from("<BBHIqHH", got)
        assert (kind, scale, strips) == (1, 10, 1)
        return {"ch": "tape", "seq": seq, "full": bool(full), "ts": ts, "scores": got[20:]}
    return json.loads(got)


def _closed_with(browser: ClientConnection) -> int:
    """Return the code with which a browser is sent away."""
    with suppress(ConnectionClosed):
        while True:
            browser.recv(PATIENCE_SECS)
    assert browser.close_code is not None
    return browser.close_code


def _read_until(browser: ClientConnection, channel: str, seq: int = 0) -> list[dict[str, Any]]:
    """Return the messages of a channel up to a number, each acknowledged."""
    found: list[dict[str, Any]] = []
    while not found or found[-1]["seq"] < seq:
        got = _read(browser)
        if got["ch"] == channel:
            found.append(got)
            _say(browser, ack={channel: got["seq"]})
    return found


def _shown(browser: ClientConnection, channel: str) -> dict[str, Any]:
    """Return the first message of a channel once the run has shown something."""
    got = _read_until(browser, channel)[-1]
    while got["data"] is None:
        got = _read_until(browser, channel, got["seq"] + 1)[-1]
    return got


def _laid_over(before: list[list[Any]], got: dict[str, Any]) -> list[list[Any]]:
    """Return the rows that a browser shows after a message of the radar."""
    rows: list[list[Any]] = []
    for row in got["data"]["rows"]:
        if isinstance(row, int):
            rows.append(before[row])
            continue
        *values, window = row
        if not window["full"]:
            (old,) = (each for each in before if _key(each) == _key(row))
            size = len(old[-1]["ts"])
            window = {n: (old[-1][n] + window[n])[-max(size, 36) :] for n in old[-1] if n != "full"}
        rows.append([*values, {n: each for n, each in window.items() if n != "full"}])
    return rows


def _key(row: list[Any]) -> tuple[Any, ...]:
    return tuple(row[1:4])


def test_changes_laid_over_each_other_are_the_whole(running: Gateway) -> None:
    with _browser(running) as first:
        _say(first, sub=["radar"], run=LATER)
        begun = _shown(first, "radar")
        assert begun["full"]
        assert begun["data"]["fields"][1:4] == ["strategy_id", "symbol", "side"]
        rows = _laid_over([], begun)
        seq = begun["seq"]
        while seq < begun["seq"] + 15 or not rows:
            for got in _read_until(first, "radar", seq + 1):
                rows = _laid_over([] if got["full"] else rows, got)
                seq = got["seq"]
        with _browser(running) as second:
            _say(second, sub=["radar"], run=LATER, since={"radar": seq}, epoch=begun["epoch"])
            more = _read_until(second, "radar", seq + 1)
            for got in more:
                rows = _laid_over([] if got["full"] else rows, got)
            assert [got["seq"] for got in more] == [*range(seq + 1, more[-1]["seq"] + 1)]
            with _browser(running) as third:
                _say(third, sub=["radar"], run=LATER)
                whole = _read_until(third, "radar")[0]
            for got in _read_until(second, "radar", whole["seq"]):
                if got["seq"] <= whole["seq"]:
                    rows = _laid_over([] if got["full"] else rows, got)
    assert [row[:-1] for row in _laid_over([], whole)] == [row[:-1] for row in rows]
    for mine, theirs in zip(rows, _laid_over([], whole), strict=True):
        size = len(theirs[-1]["ts"])
        assert {n: mine[-1][n][-size:] for n in theirs[-1]} == theirs[-1]


def test_a_browser_that_comes_back_misses_no_fact_whoever_pushes_them(running: Gateway) -> None:
    stored: list[Any] = []
    with _browser(running) as browser:
        _say(browser, sub=["facts"], run=LATER)
        got = _read_until(browser, "facts")[0]
        assert got["full"]
        epoch, seen = got["epoch"], [each["seq"] for each in got["items"]]
    assert epoch == LATER
    with _browser(running) as browser:  # as after a restart: facts have numbers of their own
        _say(browser, sub=["facts"], run=LATER, since={"facts": 3}, epoch=epoch)
        while not stored or stored[-1]["seq"] < max(seen):
            got = _read(browser)
            assert not got["full"]
            stored += got["items"]
            _say(browser, ack={"facts": got["seq"]})
    assert [each["seq"] for each in stored] == [*range(4, stored[-1]["seq"] + 1)]
    shown = running.client.get(f"/runs/{LATER}/facts", params={"since": 3, "limit": 5})
    assert stored[:5] == shown.json()["items"]


def test_a_stalled_browser_is_sent_two_frames_then_the_newest_whole(running: Gateway) -> None:
    with _browser(running) as browser, _browser(running) as other:
        _say(browser, sub=["radar"], run=LATER)
        _say(other, sub=["radar"], run=LATER)
        first, second = _read(browser), _read(browser)
        last = _read_until(other, "radar", second["seq"] + 10)[-1]
        with pytest.raises(TimeoutError):
            browser.recv(0.3)  # nothing is on its way to it
        _say(browser, ack={"radar": second["seq"]})
        newest = _read(browser)
    assert (first["full"], newest["full"]) == (True, True)
    assert newest["seq"] >= last["seq"]


def test_the_tape_comes_after_the_names_of_its_places(running: Gateway) -> None:
    with _browser(running) as browser:
        _say(browser, sub=["tape", *STATES], run=LATER)
        found: dict[str, dict[str, Any]] = {}
        while not {"tape", *STATES} <= found.keys():
            got = _read(browser)
            if "scores" in got:
                assert len(got["scores"]) <= len(found["names"]["names"])
            if got.get("data", got) is not None:
                found.setdefault(got["ch"], got)
            if got["ch"] != "names":
                _say(browser, ack={got["ch"]: got["seq"]})
    assert all(found[name]["full"] for name in STATES)
    assert found["health"]["data"]["status"] == "Running"
    assert isinstance(found["governor"]["data"]["equity"], str)


def test_who_may_not_look_on_is_told_so_and_whose_sign_in_ends_is_closed(running: Gateway) -> None:
    with _browser(running) as browser:
        _say(browser, sub=["governor"], run=LATER)
        _read_until(browser, "governor")
        running.caller.is_here = False
        try:
            assert _closed_with(browser) == 4401
            with _browser(running) as late:
                assert _closed_with(late) == 4401
        finally:
            running.caller.is_here = True
    for told, code in (
        ({"sub": ["prices"]}, 1008),
        ({"sub": ["radar"], "run": "none such"}, 4404),
        ({"subscribe": 1}, 1008),
    ):
        with _browser(running) as browser:
            _say(browser, **told)
            assert _closed_with(browser) == code


async def _sent(subscription: ChannelSubscription) -> list[tuple[int, bool]]:
    found: list[tuple[int, bool]] = []
    while (payload := await subscription.next()) is not None:
        got = json.loads(payload)
        found.append((got["seq"], got["full"]))
    return found


def _put(channel: Channel, count: int) -> None:
    def told(*, full: bool) -> Any:
        return lambda seq, epoch: message("radar", "r", seq, epoch, full=full)

    for _ in range(count):
        channel.put(Update(told(full=False), told(full=True)))


async def _frames_after_a_pause(missed: int) -> list[tuple[int, bool]]:
    channel = Channel("radar", "r", "e")
    _put(channel, 200)
    since = channel.newest
    _put(channel, missed)
    return await _sent(ChannelSubscription(channel, since))


def test_what_is_kept_is_sent_again_and_what_is_not_is_sent_whole() -> None:
    import asyncio

    gapless = asyncio.run(_frames_after_a_pause(KEPT))
    assert gapless == [(seq, False) for seq in range(201, 201 + KEPT)]
    assert asyncio.run(_frames_after_a_pause(KEPT + 1)) == [(201 + KEPT, True)]
    assert asyncio.run(_frames_after_a_pause(0)) == []


def _row(symbol: str, score: float, first: int, count: int) -> dict[str, Any]:
    values: dict[str, Any] = dict.fromkeys(FIELDS)
    points = [each * 1.5 for each in range(first, first + count)]
    window: dict[str, Any] = dict.fromkeys(("last", "volume", "ao", "ac"), points)
    window["ts"] = [str(each) for each in range(first, first + count)]
    identity = {"strategy_id": "a", "symbol": symbol, "side": 1}
    return values | identity | {"score": score, "window": window}


def test_a_row_that_is_as_it_was_is_its_place_and_one_with_a_new_point_is_that_point() -> None:
    before = [_row("AAPL", 4.0, 0, 36), _row("MSFT", 3.0, 0, 36), _row("NVDA", 2.0, 0, 36)]
    after = [_row("MSFT", 3.0, 0, 36), _row("AAPL", 4.5, 1, 36), _row("KO", 1.0, 0, 36)]
    rows = radar_change(before, after)["rows"]
    assert rows[0] == 1
    assert rows[1][-1]["full"] is False
    assert rows[1][-1]["ts"] == ["36"]
    assert rows[2][-1]["full"] is True
    begun = _laid_over([], {"data": whole_radar(before)})
    told = _laid_over(begun, {"data": {"rows": rows}})
    assert told == _laid_over([], {"data": whole_radar(after)})
