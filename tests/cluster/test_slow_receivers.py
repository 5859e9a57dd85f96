"""A receiver that reads slowly loses older quotes, then its connection; nobody else notices."""

from __future__ import annotations

import json
import resource
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgpack
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from cluster.relay import Waiting
from tests.adapters.alpaca.wire.frames import ARRIVED, msgpack_frame
from tests.cluster.relay_in_thread import KEY, RelayInThread

_FEW, _MOST = 200_000, 20_000_000
_ROWS = 500


@contextmanager
def listener(relay: RelayInThread, *, slow: bool = False) -> Iterator[ClientConnection]:
    """Yield a connection that has asked for everything; a slow one reads only when it is told."""
    most = 1 if slow else 100_000
    with connect(f"{relay.url}/v2/sip", max_size=None, max_queue=most, compression=None) as socket:
        for said in (
            {"action": "auth", "key": KEY.key, "secret": KEY.secret},
            {"action": "subscribe", "trades": ["*"], "quotes": ["*"]},
        ):
            socket.recv()
            socket.send(json.dumps(said))
        assert json.loads(socket.recv())[0]["T"] == "subscription"
        yield socket


@contextmanager
def ours(relay: RelayInThread, since: dict[str, int]) -> Iterator[ClientConnection]:
    """Yield a connection of ours that asks for what came behind a block."""
    headers = {"Content-Type": "application/msgpack"}
    address = f"{relay.url}/v2/sip"
    with connect(address, additional_headers=headers, max_size=None) as socket:
        for said in (
            {"action": "auth", "key": KEY.key, "secret": KEY.secret},
            {"action": "subscribe", "prefixes": ["A-Z"], "channels": ["trades"], "from": since},
        ):
            socket.recv()
            socket.send(msgpack.packb(said) or b"")
        assert msgpack.unpackb(socket.recv(), timestamp=3)[0]["T"] == "subscription"
        yield socket


def frame(number: int) -> bytes:
    """Return a frame of one trade and many quotes, which tell their number."""
    trade = {"T": "t", "S": "A", "i": number + 1, "p": 1.0, "s": number, "t": ARRIVED}
    quote: dict[str, Any] = {"T": "q", "bp": 1.0, "bs": number, "ap": 2.0, "as": 1, "t": ARRIVED}
    return msgpack_frame([trade, *(quote | {"S": f"S{k}"} for k in range(_ROWS))])


def conflated(relay: RelayInThread) -> int:
    """Return how many quotes were left out for newer ones."""
    return sum(each["conflated_quotes"] for each in relay.state()["receivers"])


def test_who_reads_slowly_gets_every_trade_and_the_newest_quotes(tmp_path: Path) -> None:
    with (
        RelayInThread(tmp_path, Waiting(_FEW, _MOST)) as relay,
        listener(relay, slow=True) as slow,
        listener(relay) as quick,
    ):
        sent = 0
        while conflated(relay) < 50 * _ROWS:
            relay.hear(frame(sent), ARRIVED + sent)
            assert json.loads(quick.recv())[0]["s"] == sent
            sent += 1
        trades: list[int] = []
        newest: dict[str, int] = {}
        while len(trades) <= sent or set(newest.values()) != {sent}:
            if len(trades) == sent:  # it has read on: what waited comes with the next rows
                relay.hear(frame(sent), ARRIVED + sent)
            for row in json.loads(slow.recv()):
                if row["T"] == "t":
                    trades.append(row["s"])
                else:
                    assert row["bs"] >= newest.get(row["S"], 0)
                    newest[row["S"]] = row["bs"]
        assert trades == list(range(sent + 1))


def test_who_never_reads_is_cut_off_and_nobody_else(tmp_path: Path) -> None:
    with (
        RelayInThread(tmp_path, Waiting(_FEW, 1_000_000)) as relay,
        listener(relay, slow=True) as silent,
        listener(relay) as quick,
    ):
        sent = 0
        trade = {"T": "t", "S": "A", "p": 1.0, "s": 1, "t": ARRIVED, "c": ["@"] * 40}
        while len(relay.state()["receivers"]) > 1:
            relay.hear(msgpack_frame([trade | {"i": sent + 1}] * 200), ARRIVED + sent)
            assert json.loads(quick.recv())[-1]["i"] == sent + 1
            sent += 1
        assert sent > 10
        with pytest.raises(ConnectionClosed):
            deque(iter(lambda: silent.recv(timeout=20), None))
        relay.hear(msgpack_frame([trade | {"i": sent + 1}]), ARRIVED + sent)
        assert json.loads(quick.recv())[-1]["i"] == sent + 1


def test_ours_are_told_what_a_full_disk_did_not_keep(tmp_path: Path) -> None:
    with RelayInThread(tmp_path, Waiting()) as relay:
        for number in range(3):
            relay.hear(frame(number), ARRIVED + number)
        with no_room(tmp_path):
            relay.hear(frame(3), ARRIVED + 3)
        assert not relay.state()["is_kept"]
        with ours(relay, {"e": 1, "n": 1}) as socket:
            said = [heads(socket) for _ in range(3)]
            assert said == [("relay", 2, 1), ("relay", 3, 2), ("gap", None, None)]
            relay.hear(frame(4), ARRIVED + 4)
            assert heads(socket) == ("relay", 5, 3)
        assert relay.state()["is_kept"]
        with ours(relay, {"e": 1, "n": 2}) as socket:  # the hole lies in the middle by now
            said = [heads(socket) for _ in range(3)]
            assert said == [("relay", 3, 2), ("gap", None, None), ("relay", 5, 3)]
        with ours(relay, {"e": 7, "n": 9}) as socket:
            assert heads(socket)[0] == "gap"


def heads(socket: ClientConnection) -> tuple[str, int | None, int | None]:
    """Return the first message of the next frame, without what tells the time."""
    head = msgpack.unpackb(socket.recv(), timestamp=3)[0]
    assert head["T"] != "gap" or not head["complete"]
    return head["T"], head.get("n"), head.get("p")


@contextmanager
def no_room(folder: Path) -> Iterator[None]:
    """Let no file of this process grow beyond what the blocks have now."""
    size = max(path.stat().st_size for path in folder.iterdir())
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
