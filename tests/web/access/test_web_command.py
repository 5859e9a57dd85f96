"""``tradectl web`` as a user starts it, and ``curl`` as a program of the same user calls it."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.forked_processes import ForkedProcesses, environment

_SECRET = "a-brokers-secret-of-nobody"


def test_the_command_serves_invites_and_takes_no_broker_keys_along(
    nursery: ForkedProcesses, tmp_path: Path
) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("no curl on this machine")
    database = str(tmp_path / "facts.sqlite")
    keys = {"APCA_API_KEY_ID": "AKNOBODY", "APCA_API_SECRET_KEY": _SECRET}
    state = {"XDG_STATE_HOME": str(tmp_path / "state")}
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "web", "--port", "0", "--database", database, "--json"],
        env=environment() | keys | state,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert ready["invitation"].startswith(f"{ready['url']}/#invitation=")
        started_with = Path(f"/proc/{process.pid}/environ")
        if started_with.exists():
            assert _SECRET.encode() not in started_with.read_bytes()
        token = Path(ready["token_file"])
        assert token.stat().st_mode & 0o777 == 0o600
        call = [curl, "-sS", "-H", f"Authorization: Bearer {token.read_text()}"]
        url = ready["url"].replace("localhost", "127.0.0.1")
        mine = subprocess.run(
            [*call, f"{url}/api/v1/auth/sessions"], check=True, capture_output=True, text=True
        )
        assert json.loads(mine.stdout) == {"items": []}

        def tradectl(*arguments: str) -> dict[str, Any]:
            where = ("--database", database, "--json")
            done = nursery.answer(["web", *arguments, *where], {}, tmp_path)
            return done.json | {"code": done.code}

        invited = tradectl("invite", "ann", "--role", "operator")
        assert (invited["code"], invited["username"], invited["role"]) == (0, "ann", "operator")
        assert str(invited["invitation"]).startswith("http://localhost:8770/#invitation=")
        assert tradectl("users", "list")["users"] == []
        missing = tradectl("users", "role", "ann", "trader")
        assert missing["code"] == 2
        assert "there is no user 'ann'" in missing["message"]
        assert "operator, admin" in tradectl("users", "role", "ann", "boss")["message"]
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert not token.exists()
    for reached, words in (
        (["--host", "0.0.0.0", "--port", "0"], "--behind-proxy"),
        (["--origin", "http://trade.example", "--port", "0"], "https://"),
        (["--origin", "http://127.0.0.1:1", "--port", "0"], "localhost"),
    ):
        refused = nursery.answer(["web", *reached, "--json"], {}, tmp_path)
        assert refused.code == 2
        assert words in refused.json["message"]
