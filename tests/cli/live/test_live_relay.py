"""One connection for many: through a relay comes what the venue sent, whoever dies meanwhile."""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from catalog import Catalog
from cluster.streams.address import PASSWORD_VARIABLE
from cluster.streams.embedded import EmbeddedServer
from engine.domain.session import NANOS_PER_SECOND, session
from tests.cli.conftest import DAY
from tests.cli.live.live_place import Place, simulated
from tests.cli.live.relayed import RELAY_KEYS, Receiver, RunningRelay, relayed
from tests.forked_processes import ROOT, ForkedProcesses

OPEN = session(DAY).open_ns
_MINUTE = 60 * NANOS_PER_SECOND
_PARTS = (["A-F"], ["G-M"], ["N-SM", "SN-Z"])

type Print = tuple[str, int, float]


@pytest.fixture
def place(nursery: ForkedProcesses, market: Path, tmp_path: Path) -> Iterator[Place]:
    with simulated(nursery, market, tmp_path, start="09:30") as running:
        yield running


def prints(rows: list[dict[str, Any]]) -> Counter[Print]:
    """Return the prints among rows by symbol, time and price."""
    return Counter((row["S"], row["t"].to_unix_nano(), row["p"]) for row in rows if row["T"] == "t")


def recorded(market: Path, start: int, end: int) -> Counter[Print]:
    """Return the prints that arrived in ``(start, end]``, as the day has them."""
    source = Catalog(str(market))
    batch = source.trades(DAY, sorted(source.tapes(DAY)), start + 1, end + 1)
    rows = zip(batch.symbol_id, batch.ts_event, batch.price, batch.condition_id, strict=True)
    return Counter(
        (batch.symbols[number], int(ts), int(price) / 1_000_000)
        for number, ts, price, code in rows
        if not batch.conditions[code].startswith("!")
    )


def test_receivers_of_parts_get_all_that_was_sent_once_and_marks_behind_it(
    place: Place, market: Path
) -> None:
    async def listen(relay: RunningRelay) -> list[Receiver]:
        parts = [await Receiver(part).open(relay.url) for part in _PARTS]
        await parts[0].grant(OPEN)
        for minute in range(1, 5):
            until = OPEN + minute * _MINUTE
            await parts[0].grant(until)
            for part in parts[1:]:
                await part.until_mark(until)
        for part in parts:
            await part.close()
        return parts

    with relayed(place) as relay:
        parts = asyncio.run(listen(relay))
    sent = recorded(market, OPEN, OPEN + 4 * _MINUTE)
    assert sum(sent.values()) > 500
    assert sum((prints(part.rows) for part in parts), Counter[Print]()) == sent
    for part, letters in zip(parts, ("ABCDEF", "GHIJKLM", "NOPQRSTUVWXYZ"), strict=True):
        assert part.rows
        assert {row["S"][0] for row in part.rows} <= set(letters)
        assert not part.gaps


def test_nothing_is_lost_or_counted_twice_when_the_relay_is_killed(
    place: Place, market: Path
) -> None:
    receiver = Receiver(["A-Z"])

    async def before(relay: RunningRelay) -> None:
        await receiver.open(relay.url)
        await receiver.grant(OPEN)
        await receiver.grant(OPEN + _MINUTE)
        await receiver.say(action="advance", until=OPEN + 2 * _MINUTE)
        relay.process.kill()
        await receiver.until_lost()

    async def after(relay: RunningRelay) -> None:
        await receiver.open(relay.url, again=True)
        await receiver.grant(OPEN + 3 * _MINUTE)
        await receiver.close()

    with relayed(place) as relay:
        asyncio.run(before(relay))
        while place.listeners():
            time.sleep(0.05)
        with relayed(place) as deaf:  # it dies before it has handed on anything
            deaf.process.kill()
        while place.listeners():
            time.sleep(0.05)
        with relayed(place) as another:
            place.wait(another.process, place.listeners)  # it asks again what the first was asked
            asyncio.run(after(another))
            assert another.ready["epoch"] == relay.ready["epoch"] + 2
    assert receiver.gaps[-1]["complete"]
    sent = recorded(market, OPEN, OPEN + 3 * _MINUTE)
    assert prints(receiver.rows) == sent
    stamps = [row["stamp"] for row in receiver.rows]
    assert stamps == sorted(stamps)


@pytest.mark.parametrize("what", ["drop", "malformed"])
def test_when_the_venue_is_lost_ours_hear_of_the_gap_and_others_are_cut_off_as_the_venue_does(
    place: Place, market: Path, what: str
) -> None:
    async def listen(relay: RunningRelay) -> Receiver:
        ours = await Receiver(["A-Z"]).open(relay.url)
        await ours.grant(OPEN)
        async with connect(f"{relay.url}/v2/sip") as other:
            key, secret = _key(0)
            for said in (
                {"action": "auth", "key": key, "secret": secret},
                {"action": "subscribe", "trades": ["*"]},
            ):
                await other.recv()
                await other.send(json.dumps(said))
            await ours.grant(OPEN + _MINUTE)
            await asyncio.to_thread(place.steer, "chaos/strike", what=what)
            heard: list[dict[str, Any]] = []
            with suppress(ConnectionClosed):
                while True:
                    heard += json.loads(await asyncio.wait_for(other.recv(), 60))
        assert heard[-1]["code"] == 500
        assert sum(row["T"] == "t" for row in heard) > 50
        while not ours.gaps or not ours.gaps[-1]["complete"]:
            await ours.take_next()
        await ours.grant(OPEN + 2 * _MINUTE)
        await ours.close()
        return ours

    with relayed(place) as relay:
        ours = asyncio.run(listen(relay))
    assert prints(ours.rows) == recorded(market, OPEN, OPEN + 2 * _MINUTE)


def test_the_official_sdk_hears_the_venue_through_a_relay(
    nursery: ForkedProcesses, market: Path, tmp_path: Path
) -> None:
    pace = ("--speed", "20")
    with (
        simulated(nursery, market, tmp_path, start="09:30", pace=pace) as running,
        relayed(running) as relay,
    ):
        words = [sys.executable, "-m", "tests.cli.live.sdk_listener", relay.url, *_key(0)]
        done = subprocess.run(
            words, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
        )
    assert done.returncode == 0, done.stderr
    heard = json.loads(done.stdout)
    sent = recorded(market, OPEN - _MINUTE, OPEN + 60 * _MINUTE)
    assert len(heard["trades"]) >= 50
    assert {tuple(each) for each in heard["trades"]} <= set(sent)
    assert heard["quotes"] > 0


def test_who_may_not_is_refused_by_the_venues_own_codes_and_told_why(place: Place) -> None:
    async def refused(relay: RunningRelay) -> list[int]:
        codes: list[int] = []

        async def asked(path: str, *said: dict[str, Any]) -> None:
            async with connect(f"{relay.url}{path}") as socket:
                answers = [await socket.recv()]
                for each in said:
                    await socket.send(json.dumps(each))
                    answers.append(await socket.recv())
                codes.append(json.loads(answers[-1])[0].get("code", 0))

        reads, steers = ({"action": "auth", "key": k, "secret": s} for k, s in map(_key, (0, 1)))
        await asked("/v2/sip", {"action": "subscribe", "trades": ["*"]})
        await asked("/v2/sip", reads | {"secret": "wrong"})
        await asked("/v2/iex", reads)
        await asked("/v2/sip", reads, reads)
        await asked("/v2/sip", reads, {"action": "advance", "until": OPEN})
        await asked("/v2/sip", reads, {"action": "subscribe", "prefixes": ["C-A"], "channels": []})
        await asked("/v2/sip", reads, {"action": "subscribe", "prefixes": "A", "channels": 7})
        await asked("/v2/sip", steers, {"action": "advance", "until": "soon"})
        await asked("/v2/sip", steers, {"action": "subscribe", "trades": ["../x"]})
        await asked("/v2/sip", steers, {"action": ["auth"]})
        return codes

    with relayed(place) as relay:
        codes = asyncio.run(refused(relay))
        health = f"{relay.url.replace('ws', 'http')}/health"
        key, secret = _key(0)
        headers = {"APCA-API-KEY-ID": key, "APCA-API-SECRET-KEY": secret}
        assert httpx.get(health, trust_env=False).status_code == 401
        state = httpx.get(health, headers=headers, trust_env=False).json()
    assert codes == [401, 402, 409, 403, 400, 400, 400, 400, 400, 400]
    assert state["upstream"] == "live"
    assert state["epoch"] == relay.ready["epoch"]
    assert secret not in json.dumps(state)


def test_blocks_go_on_where_the_disk_is_full_and_health_and_status_say_that_they_are_not_kept(
    place: Place, market: Path
) -> None:
    def states(relay: RunningRelay, server: EmbeddedServer) -> tuple[dict[str, Any], list[str]]:
        key, secret = _key(0)
        headers = {"APCA-API-KEY-ID": key, "APCA-API-SECRET-KEY": secret}
        health = f"{relay.url.replace('ws', 'http')}/health"
        asked = ("cluster", "status", "--json", "--redis", server.address.shown)
        added = {PASSWORD_VARIABLE: server.address.password or ""}
        status = place.nursery.answer(asked, added, place.folder).json
        issues = [each for each in status["issues"] if each.startswith("relay: recording: ")]
        return httpx.get(health, headers=headers, trust_env=False).json(), issues

    async def listen(relay: RunningRelay, server: EmbeddedServer) -> Receiver:
        ours = await Receiver(["A-Z"]).open(relay.url)
        await ours.grant(OPEN + _MINUTE)
        before = states(relay, server)
        full = max(path.stat().st_size for path in relay.blocks.glob("*.blocks"))
        limits = resource.prlimit(relay.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(relay.process.pid, resource.RLIMIT_FSIZE, (full, limits[1]))
        await ours.grant(OPEN + 2 * _MINUTE)
        meanwhile = states(relay, server)
        resource.prlimit(relay.process.pid, resource.RLIMIT_FSIZE, limits)
        await ours.grant(OPEN + 3 * _MINUTE)
        after = states(relay, server)
        await ours.close()
        assert [state["is_kept"] for state, _ in (before, meanwhile, after)] == [True, False, True]
        assert [bool(issues) for _, issues in (before, meanwhile, after)] == [False, True, False]
        assert "make room on the disk" in meanwhile[1][0]
        return ours

    with EmbeddedServer(place.folder / "streams", port=0) as server:
        named = server.address.shown.replace("redis://", f"redis://:{server.address.password}@")
        with relayed(place, "--redis", named) as relay:
            ours = asyncio.run(listen(relay, server))
    assert not ours.gaps
    assert prints(ours.rows) == recorded(market, OPEN, OPEN + 3 * _MINUTE)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--listen", "0.0.0.0:0"), "--tls-cert"),
        (("--listen", "nowhere"), "expected HOST:PORT"),
        (("--tls-cert", "c.pem"), "name both"),
        (("--relay-keys", "open.keys"), "chmod 600"),
        (("--relay-keys", "short.keys"), "at least 16"),
        (("--relay-keys", "absent.keys"), "cannot be read"),
        (("--symbols", "AAPL"), "trades nothing"),
        (("--role", "all", "--listen", "127.0.0.1:0"), "add --role relay"),
        (("--role", "all", "--relay-keys", "short.keys"), "name one with --relay"),
        (("--role", "all", "--relay", "ws://192.0.2.1:1"), "by wss:// alone"),
        (("--role", "all", "--relay", "http://127.0.0.1"), "expected an address"),
    ],
)
def test_what_is_not_safe_or_not_asked_of_its_role_does_not_start(
    place: Place, arguments: tuple[str, ...], words: str
) -> None:
    for name, mode, text in (("open", 0o644, RELAY_KEYS[0]), ("short", 0o600, "KEY:short")):
        path = place.folder / f"{name}.keys"
        path.write_text(text)
        path.chmod(mode)
    asked = ("live", "--role", "relay", "--venue", "alpaca-sim", "--database", place.database)
    if "--role" not in arguments and "--listen" not in arguments:
        asked = (*asked, "--listen", "127.0.0.1:0")
    added = {"APCA_API_KEY_ID": "K", "APCA_API_SECRET_KEY": "S", "TRADECTL_SIM_URL": place.url}
    answer = place.nursery.answer((*asked, *arguments), added, place.folder)
    assert answer.code == 2
    assert words in " ".join(answer.err.split())


def _key(number: int) -> tuple[str, str]:
    name, secret, *_ = RELAY_KEYS[number].split(":")
    return name, secret
