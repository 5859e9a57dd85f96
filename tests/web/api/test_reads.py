"""Every read that the command line has, the API has: the same values, amounts and times as text."""

from __future__ import annotations

from typing import Any

import pytest

from engine.accounting import PROJECTIONS
from tests.web.api.conftest import SESSION, Kept
from tests.web.api.gateway import Gateway
from web.exact import exact

_OF_TABLES = {
    "trades": "trades", "positions": "positions", "lots": "lots", "daily": "daily_close",
    "fees": "fees", "strategies": "strategy_metrics",
}  # fmt: skip


def _place(run: str) -> str:
    """Return where the accounting of a run is looked for."""
    return "d" if run == SESSION else "r"


def _got(gateway: Gateway, path: str, **params: Any) -> Any:
    answer = gateway.client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def _all(gateway: Gateway, path: str, limit: int = 7, **params: Any) -> list[Any]:
    """Return the items of every page."""
    items: list[Any] = []
    cursor = None
    while True:
        more = {} if cursor is None else {"cursor": cursor}
        found = _got(gateway, path, limit=limit, **params, **more)
        items += found["items"]
        assert len(found["items"]) <= limit
        if (cursor := found["next"]) is None:
            return items


def test_runs_are_listed_page_by_page_and_shown(gateway: Gateway, kept: Kept) -> None:
    told = kept.told("runs", "list", takes="dr")
    assert len(told["runs"]) >= 3
    assert _all(gateway, "/runs", limit=2) == exact(told["runs"])
    for run in (kept.first, SESSION):
        assert _got(gateway, f"/runs/{run}") == exact(kept.told("runs", "show", run, takes="dr"))


@pytest.mark.parametrize("command", _OF_TABLES)
def test_tables_are_those_of_accounting(gateway: Gateway, kept: Kept, command: str) -> None:
    table = _OF_TABLES[command]
    for run in (kept.first, SESSION):
        told = kept.told("accounting", command, "--run", run, takes=_place(run))
        assert _all(gateway, f"/runs/{run}/{table}") == exact(told[table])
        assert told[table] or table == "positions"


def test_each_table_has_a_route_and_amounts_are_text(gateway: Gateway, kept: Kept) -> None:
    for table in PROJECTIONS:
        rows = _all(gateway, f"/runs/{kept.first}/{table}", limit=500)
        assert rows, table
        assert not any(isinstance(row[n], float) for row in rows for n in row if n.endswith("_px"))
    trade = _got(gateway, f"/runs/{kept.first}/trades")["items"][0]
    assert trade["entry_ts"].isdecimal()
    assert _got(gateway, f"/runs/{kept.first}/pnl") == exact(
        kept.told("accounting", "pnl", "--run", kept.first, takes="r")
    )


def test_facts_go_on_after_one_of_them(gateway: Gateway, kept: Kept) -> None:
    told = kept.told("journal", "show", SESSION, "--limit", "100000", takes="d")
    since, facts = 0, []
    while True:
        found = _got(gateway, f"/runs/{SESSION}/facts", since=since, limit=200)
        facts += found["items"]
        if found["next"] is None:
            break
        since = int(found["next"])
    assert facts == exact(told["facts"])
    filled = _got(gateway, f"/runs/{SESSION}/facts", kind="order_filled", limit=5)
    told = kept.told(
        "journal", "show", SESSION, "--kind", "order_filled", "--limit", "5", takes="d"
    )
    assert filled["items"] == exact(told["facts"])


def test_governor_why_and_missed_say_what_the_commands_say(gateway: Gateway, kept: Kept) -> None:
    assert _got(gateway, f"/runs/{SESSION}/governor") == exact(
        kept.told("governor", "status", "--run", SESSION, takes="d")
    )
    trade = _got(gateway, f"/runs/{kept.first}/trades")["items"][0]
    planned = _got(gateway, f"/runs/{kept.first}/facts", kind="bracket_planned", limit=1)
    at = planned["items"][0]["payload"]
    asked = {"symbol": at["symbol"], "time": at["candidate_ts"]}
    told = kept.told("why", at["symbol"], at["candidate_ts"], "--run", kept.first, takes="dr")
    found = _got(gateway, f"/runs/{kept.first}/why", **asked)
    assert found == exact(told)
    assert found["trade"]["trade_id"] == trade["trade_id"]
    missed = _got(gateway, f"/runs/{kept.first}/missed", top=5, horizon=600, letters="A-C")
    told = kept.told(
        "missed",
        "--run",
        kept.first,
        "--top",
        "5",
        "--horizon",
        "600",
        "--letters",
        "A-C",
        takes="dr",
    )
    assert missed == exact(told)


def test_two_runs_are_compared_with_causes_and_three_by_what_differs(
    gateway: Gateway, kept: Kept
) -> None:
    found = _got(gateway, "/compare", runs=f"{kept.first},{kept.second}")
    told = kept.told("runs", "compare", kept.first, kept.second, takes="dr")
    integrity = told.pop("integrity")
    assert found["against_first"] == [exact(told)]
    assert found["integrity"] == integrity
    assert found["params"] == {"stop_loss_percent": [0.2, 0.15]}
    why = kept.told("diff", kept.first, kept.second, "--all", takes="dr", code=1)
    own = found["why"]["comparison"] | {
        key: found["why"][key] for key in ("same_decisions", "same_fills", "causes")
    }
    del why["integrity"]
    assert own == exact(why)
    three = _got(gateway, "/compare", runs=f"{kept.first},{kept.second},{SESSION}")
    assert [len(values) for values in three["params"].values()] == [3]
    assert (three["why"], len(three["against_first"])) == (None, 2)
    refused = gateway.client.get("/compare", params={"runs": kept.first})
    assert refused.status_code == 422


def test_what_there_is_to_trade_with_is_told_as_by_the_commands(
    gateway: Gateway, kept: Kept
) -> None:
    assert _got(gateway, "/data") == exact(kept.told("catalog", "info", takes="c"))
    assert _got(gateway, "/markets") == exact(kept.told("market", "list", takes=""))
    assert _got(gateway, "/strategies") == exact(kept.told("strategy", "list", takes=""))
    shown = kept.told("strategy", "show", "reversion", takes="")
    assert _got(gateway, "/strategies/reversion") == exact(shown)
    symbols = _all(gateway, "/symbols", limit=11)
    assert len(symbols) == 40
    assert _got(gateway, "/symbols", begins=symbols[3]["symbol"])["items"][0] == symbols[3]
    assert gateway.client.get("/strategies/os:path").status_code == 404


def test_parameters_and_the_machine_are_told_as_by_the_commands(
    gateway: Gateway, kept: Kept
) -> None:
    found = _got(gateway, "/parameters")
    assert found.pop("latest") == 2
    assert found == exact(kept.told("params", "show", takes="d"))
    assert _got(gateway, "/parameters/versions/1") == exact(
        kept.told("params", "show", "--version", "1", takes="d")
    )
    versions = kept.told("params", "history", takes="d")["versions"]
    assert _all(gateway, "/parameters/versions") == exact(versions)
    assert _got(gateway, "/parameters/diff") == exact(kept.told("params", "diff", takes="d"))
    assert _got(gateway, "/parameters/schema") == kept.told("params", "schema", takes="")
    assert _all(gateway, "/system/journals") == exact(
        kept.told("journal", "list", takes="d")["runs"]
    )
    assert _got(gateway, f"/system/journals/{SESSION}/verify") == exact(
        kept.told("journal", "verify", SESSION, takes="d")
    )
    doctor = _got(gateway, "/system/doctor")
    told = kept.told("doctor", code=0 if doctor["status"] == "ok" else 1)
    assert [each["name"] for each in doctor["checks"]] == [each["name"] for each in told["checks"]]
    assert _got(gateway, "/system")["running"] == []


def test_an_unknown_run_is_named_with_those_near_it_and_tags_save_a_second_answer(
    gateway: Gateway, kept: Kept
) -> None:
    near = gateway.client.get("/runs/sesion-2026-09-18/trades")
    assert (near.status_code, near.json()["near"][0]) == (404, SESSION)
    assert near.headers["content-type"] == "application/problem+json"
    first = gateway.client.get(f"/runs/{kept.first}/fills")
    again = gateway.client.get(
        f"/runs/{kept.first}/fills", headers={"If-None-Match": first.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    wrong = gateway.client.get(f"/runs/{kept.first}/fills", params={"cursor": "nonsense"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "wrong_cursor")


def test_a_report_is_a_page_that_reaches_nothing(gateway: Gateway, kept: Kept) -> None:
    page = gateway.client.get(f"/runs/{kept.first}/report")
    assert page.text.lstrip().lower().startswith("<!doctype html")
    assert page.headers["content-security-policy"].startswith("sandbox allow-scripts;")
    gone = gateway.client.get(f"/runs/{kept.first}x/report")
    assert gone.status_code == 404


def test_logs_are_found_by_level_and_text_the_newest_first(gateway: Gateway, kept: Kept) -> None:
    log = kept.places.logs[0]
    lines = [
        f'{{"ts": {n}, "level": "{level}", "logger": "x", "message": "m{n}", "process": 1}}\n'
        for n, level in ((1, "INFO"), (2, "ERROR"), (3, "DEBUG"), (4, "ERROR"))
    ]
    log.write_text("".join(lines) + '{"ts": 5, "lev')
    assert [each["ts"] for each in _got(gateway, "/logs")["items"]] == ["4", "2", "1"]
    page = _got(gateway, "/logs", level="ERROR", limit=1)
    assert [each["message"] for each in page["items"]] == ["m4"]
    assert _got(gateway, "/logs", level="ERROR", cursor=page["next"])["items"][0]["ts"] == "2"
    assert _got(gateway, "/logs", text="M1")["items"][0]["ts"] == "1"


def test_names_and_tags_are_given_and_a_backtest_is_removed(gateway: Gateway, kept: Kept) -> None:
    named = gateway.client.put(f"/runs/{kept.second}/name", json={"name": "tighter"})
    assert named.json()["name"] == "tighter"
    path = "/runs/tighter/tags"
    assert gateway.client.post(path, json={"add": ["a", "b"]}).json()["tags"] == ["a", "b"]
    assert gateway.client.post(path, json={"remove": ["a"]}).json()["tags"] == ["b"]
    assert [each["run_id"] for each in _all(gateway, "/runs", tag="b")] == [kept.second]
    gateway.client.put(f"/runs/{kept.second}/name", json={"name": None})
    refused = gateway.client.delete(f"/runs/{SESSION}")
    assert (refused.status_code, "where runs stay" in refused.json()["detail"]) == (422, True)
