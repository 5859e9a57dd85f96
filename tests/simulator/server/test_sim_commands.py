"""The simulator as a user starts it, steers it and kills it."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from catalog import Catalog
from tests.forked_processes import ROOT, Answer, Child, ForkedProcesses, environment
from tests.simulator.server.conftest import DAY
from tests.simulator.server.test_trading import busy

__all__ = ["busy"]

KEYS = {"APCA_API_KEY_ID": "ALICE", "APCA_API_SECRET_KEY": "alice-secret"}
_BY_FILE = {"TRADECTL_CONTROL_TOKEN": ""}
"""The token is found in the simulator's file."""
HEADERS = {"APCA-API-KEY-ID": "ALICE", "APCA-API-SECRET-KEY": "alice-secret"}


@contextmanager
def simulator(
    nursery: ForkedProcesses, market: Catalog, *options: str, keys: dict[str, str] = KEYS
) -> Iterator[tuple[dict[str, Any], Child]]:
    """Yield what a simulator said when it was ready, and its process."""
    words = ["run", "--catalog", market.root, "--date", str(DAY), "--port", "0", "--json"]
    process = nursery.child(["sim", *words, *options], keys, ROOT)
    try:
        line = process.first_line()
        assert line, process.communicate()[1]
        yield json.loads(line), process
    finally:
        process.kill()
        process.wait()


def test_a_simulator_is_steered_from_the_command_line(
    nursery: ForkedProcesses, market: Catalog, tmp_path: Path
) -> None:
    def tradectl(*words: str) -> Answer:
        return nursery.answer(["sim", *words], _BY_FILE, ROOT)

    paused = ("--paused", "--start", "10:00")
    with simulator(nursery, market, *paused, keys=KEYS | _BY_FILE) as (ready, process):
        url = ready["url"]
        assert ready["accounts"] == [{"key": "ALICE"}]

        def say(*words: str) -> dict[str, Any]:
            answer = tradectl(*words, "--url", url, "--json")
            assert answer.code == 0, answer.err
            return answer.json

        token = Path(ready["token_file"])
        assert stat.S_IMODE(token.stat().st_mode) == 0o600
        assert stat.S_IMODE(token.parent.stat().st_mode) == 0o700
        assert httpx.post(f"{url}/sim/pause").status_code == 401
        rebound = {"Host": "rebound.example", "X-Tradectl-Token": token.read_text()}
        assert httpx.post(f"{url}/sim/pause", headers=rebound).status_code == 400
        stranger = {"XDG_STATE_HOME": str(tmp_path)} | _BY_FILE
        refused = nursery.answer(["sim", "status", "--url", url], stranger, ROOT)
        assert refused.code == 2
        assert "TRADECTL_CONTROL_TOKEN" in refused.err
        before = say("status")
        assert (before["paused"], before["now"]) == (True, "2026-09-18T13:59:59.999999999Z")
        assert say("step", "60")["now_ns"] == before["now_ns"] + 60 * 10**9
        assert say("seek", "10:30")["now"] == "2026-09-18T14:30:00Z"
        _it_pauses_at_an_instant_to_come(say)
        assert say("resume", "--speed", "max")["speed"] == "max"
        assert say("pause")["paused"]
        assert say("chaos", "mute=true", "mute_symbols=A,B")["chaos"] == {
            "mute": True,
            "mute_symbols": ["A", "B"],
        }
        banded = say("band", "AAPL", "--down", "10", "--up", "200.5")
        assert (banded["limit_down"], banded["limit_up"]) == (10_000_000, 200_500_000)
        assert say("chaos", "--calm")["chaos"] == {}
        assert tradectl("seek", "09:00", "--url", url).code == 2
        assert tradectl("pause", "--at", "10:30", "--url", url).code == 2
        assert tradectl("chaos", "mutee=true", "--url", url).code == 2
        assert tradectl("band", "NONE", "--url", url).code == 2
        for refused, why in (
            (("band", "APPL"), "did you mean AAPL?"),
            (("halt", "../x"), "is no symbol"),
            (("chaos", "mute_symbols=../x"), "is no symbol"),
            (("seek", "04:00"), "no way to 2"),
        ):
            answer = tradectl(*refused, "--url", url)
            assert answer.code == 2
            assert why in " ".join(answer.err.split())
            assert not re.search(r"[0-9]{16}", answer.err), "a person reads no nanoseconds"
        assert say("account", "trading_blocked=true", "cash=500")["buying_power"] == "500"
        assert say("account", "--key", "ALICE")["trading_blocked"] is True
        assert say("asset", "AAPL", "tradable=false")["tradable"] is False
        assert say("halt", "AAPL", "--over") == {"symbol": "AAPL", "halted": False}
        assert say("chaos", "--strike", "malformed") == {"what": "malformed", "sockets": 0}
        assert tradectl("account", "blocked=true", "--url", url).code == 2
        _a_page_is_for_people(tradectl("status", "--url", url).out)
        assert tradectl("step", "nan", "--url", url).code == 2
        assert tradectl("band", "AAPL", "--up", "inf", "--url", url).code == 2
        process.send_signal(signal.SIGINT)
        _it_was_ended_and_did_not_fail(process)
        assert not token.exists()
    assert tradectl("status", "--url", url).code == 75


def test_a_signal_ends_it_in_the_background_of_a_shell_as_at_a_terminal(market: Catalog) -> None:
    words = ["sim", "run", "--catalog", market.root, "--date", str(DAY), "--port", "0", "--json"]
    deaf = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", sys.executable, "-m", "cli.main", *words]
    with subprocess.Popen(
        deaf,
        cwd=ROOT,
        env=environment() | KEYS,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert json.loads(process.stdout.readline())["simulator"] == "tradectl"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
    assert (process.returncode, "the simulator has ended" in err) == (130, True)


def _a_page_is_for_people(shown: str) -> None:
    assert "secret" not in shown
    assert re.search(r"^now +2026-09-18 1\d:\d\d:\d\d New York$", shown, re.MULTILINE)
    assert re.search(r"^accounts +id \S+, updates 0$", shown, re.MULTILINE)
    assert re.search(r"^chaos +none$", shown, re.MULTILINE)


def _it_was_ended_and_did_not_fail(process: Child) -> None:
    out, err = process.communicate()
    assert process.returncode == 130
    assert ("error" in err, "the simulator has ended" in err) == (False, True)
    assert out.count("\n") == 1


def _it_pauses_at_an_instant_to_come(say: Callable[..., dict[str, Any]]) -> None:
    """Let time run as fast as it can: it stands at the instant, no sooner and no later."""
    for clock, at in (("11:00", "15:00:00"), ("11:00:01", "15:00:01")):
        told = say("pause", "--at", clock)
        assert (told["paused"], told["pauses_at"]) == (True, f"2026-09-18T{at}Z")
        say("resume", "--speed", "max")
        while not (stands := say("status"))["paused"]:
            pass
        assert (stands["now"], stands["pauses_at"]) == (told["pauses_at"], None)
    say("pause", "--at", "12:00")
    assert say("pause")["pauses_at"] is None


def test_a_simulator_that_is_killed_keeps_every_order_it_answered(
    nursery: ForkedProcesses, market: Catalog, busy: str, tmp_path: Path
) -> None:
    options = ["--start", "10:00", "--speed", "60", "--state", str(tmp_path / "sim.json")]
    order = {"symbol": busy, "qty": "1", "side": "buy", "type": "market", "time_in_force": "day"}
    sent: list[str] = []
    for _ in range(3):
        with simulator(nursery, market, *options) as (ready, process):
            with httpx.Client(base_url=ready["url"], headers=HEADERS, timeout=120) as rest:
                found = rest.get("/v2/orders", params={"status": "all", "direction": "asc"})
                assert [each["id"] for each in found.json()] == sent
                sent += [rest.post("/v2/orders", json=order).json()["id"] for _ in range(5)]
            os.kill(process.pid, signal.SIGKILL)
    assert len(set(sent)) == 15


@pytest.mark.parametrize(
    ("options", "finding"),
    [
        (["--speed", "fast"], "--speed is 'fast'"),
        (["--speed", "1e300"], "0.001 to 1000000"),
        (["--speed", "1e-300"], "0.001 to 1000000"),
        (["--host", "0.0.0.0"], "--listen-anyway"),
        (["--account", "KEY"], "KEY:SECRET"),
        (["--account", "KEY:hush:lots"], "cash of KEY"),
        (["--start", "noon"], "HH:MM"),
    ],
)
def test_what_cannot_be_started_says_why(
    nursery: ForkedProcesses, market: Catalog, options: list[str], finding: str
) -> None:
    words = ["sim", "run", "--catalog", market.root, *options]
    answer = nursery.answer(words, {}, ROOT)
    assert answer.code == 2
    assert finding in answer.err
    assert "hush" not in answer.err


def test_a_pair_of_keys_is_made_up_where_none_is_given(
    nursery: ForkedProcesses, market: Catalog
) -> None:
    with simulator(nursery, market, keys={"APCA_API_KEY_ID": "", "APCA_API_SECRET_KEY": ""}) as (
        ready,
        _,
    ):
        (account,) = ready["accounts"]
        headers = {
            "APCA-API-KEY-ID": account["key"],
            "APCA-API-SECRET-KEY": account["secret"],
        }
        answer = httpx.get(f"{ready['url']}/v2/account", headers=headers, timeout=120)
        assert answer.json()["status"] == "ACTIVE"


def test_a_token_of_the_environment_stands_in_for_the_file(
    nursery: ForkedProcesses, market: Catalog, tmp_path: Path
) -> None:
    given = {"TRADECTL_CONTROL_TOKEN": "a-token-of-sixteen", "XDG_STATE_HOME": str(tmp_path)}
    with simulator(nursery, market, "--allow-host", "sim", keys=KEYS | given) as (ready, _):
        url = ready["url"]
        assert ready["token_file"] is None
        assert nursery.answer(["sim", "status", "--url", url], given, ROOT).code == 0
        assert list(tmp_path.iterdir()) == []
        named = {"Host": "sim:8765", "X-Tradectl-Token": given["TRADECTL_CONTROL_TOKEN"]}
        assert httpx.get(f"{url}/sim/status", headers=named).status_code == 200
    short = {"TRADECTL_CONTROL_TOKEN": "short"}
    words = ["sim", "run", "--catalog", market.root, "--port", "0"]
    answer = nursery.answer(words, KEYS | short, ROOT)
    assert answer.code == 2
    assert "16" in answer.err
    assert "short" not in answer.err
