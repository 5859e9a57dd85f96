"""``tradectl catalog pull`` as a user meets it: words, JSON and exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from catalog import Catalog
from cli.main import app
from simulator.market_data import Door, Plan
from tests.catalog.pull.conftest import KEYS, Line, served
from tests.simulator.market_data.loopback import KEY, SECRET, Loopback
from tests.simulator.market_data.recorded_day import DAY


def run(line: list[str], **keys: str) -> tuple[int, Any, str]:
    """Run a command; return its exit code, its JSON object and what else it said."""
    result = CliRunner().invoke(app, line, env=KEYS | keys)
    return result.exit_code, json.loads(result.stdout), result.stderr


def test_the_report_is_one_json_object(server: Loopback, line: Line, tmp_path: Path) -> None:
    named = tmp_path / "names.txt"
    named.write_text("msft\nAAPL,QQQ\n")
    arguments = ("--trades", "--news", "--symbols", f"@{named}", "--symbols", "qqq, AMD")
    code, report, said = run(line(server.url, *arguments))
    assert (code, said) == (0, "")
    assert report["status"] == "ok"
    assert (report["symbols"], report["days"], report["feed"]) == (4, 1, "sip")
    assert [kind["kind"] for kind in report["kinds"]] == ["trades", "news"]
    assert Catalog(str(tmp_path / "catalog")).letters(DAY) == ["A", "M", "Q"]
    page = CliRunner().invoke(
        app, [word for word in line(server.url, *arguments) if word != "--json"], env=KEYS
    )
    assert "had already" in page.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ((), 2, "--trades"),
        (("--trades", "--end", "2018-09-17"), 2, "before --start"),
        (("--trades", "--symbols", "@nowhere.txt"), 2, "cannot be read"),
        (("--trades", "--symbols", "A!"), 2, "is no symbol"),
        (("--trades", "--symbols", "NONESUCH"), 4, "no trades of NONESUCH"),
        (("--trades", "--feed", "boats"), 4, "feed boats"),
    ],
)
def test_failures_have_their_documented_codes(
    server: Loopback, line: Line, arguments: tuple[str, ...], code: int, told: str
) -> None:
    found, report, said = run(line(server.url, *arguments))
    assert found == code, said
    assert report["status"] == "error"
    assert told in report["message"]


def test_keys_come_from_the_environment_and_are_never_told(recorded: Catalog, line: Line) -> None:
    def plan_of(key: str, secret: str) -> Plan | None:
        return Plan.BASIC if (key, secret) == (KEY, SECRET) else None

    with served(recorded, Door(plan_of)) as server:
        ask = line(server.url, "--trades")
        code, report, _ = run(ask, APCA_API_KEY_ID="", APCA_API_SECRET_KEY="")
        assert code == 2
        assert "APCA_API_KEY_ID and APCA_API_SECRET_KEY not set" in report["message"]
        assert not server.asked
        wrong = "wrong-secret-0451"
        code, report, said = run(ask, APCA_API_SECRET_KEY=wrong)
        assert code == 5
        assert "does not accept the keys" in report["message"]
        assert wrong not in said + str(report)
        code, report, _ = run(line(server.url.removeprefix("http://"), "--trades"))
        assert code == 2
        assert "expected http" in report["message"]
