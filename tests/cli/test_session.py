"""A session in a process of its own, commanded from others, killed, resumed, ended."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.runs.verdict_file import verdict_table
from engine.domain.facts import (
    BracketPlanned,
    CommandDone,
    CommandReceived,
    ExitReason,
    Fact,
    FlatVerified,
    TradeClosed,
    TradeOpened,
)
from store import Journals, RunStatus
from tests.cli.conftest import DAY, Tradectl, eager
from tests.forked_processes import ROOT, Child, ForkedProcesses

RUN = f"session-{DAY}"
REFUSED, WRONG, NOTHING, UNDONE = 1, 2, 4, 75
_PATIENCE_SECS = 120.0
PATIENT = (
    "take_profit_percent=20",
    "stop_loss_percent=10",
    "max_hold_seconds=off",
    "symbol_cooldown_seconds=28800",
)
"""Trades stay open until somebody closes them, and the cool-down after them outlasts the day."""


@contextmanager
def hosted(
    nursery: ForkedProcesses, market: Path, database: str, runs: Path, *options: str
) -> Iterator[Child]:
    """Host the session in another process, which is killed unless it has ended."""
    command = ["session", "--date", str(DAY), "--json"]
    where = ["--catalog", str(market), "--database", database, "--runs", str(runs)]
    patient = [word for setting in PATIENT for word in ("--set", setting)]
    with nursery.child(
        [*command, "--workers", "1", *where, *eager(), *patient, *options], {}, ROOT
    ) as host:
        yield host
        host.kill()


def first[P](database: str, kind: type[P], where: Callable[[P], bool] = lambda _: True) -> P:
    """Return the first fact of a kind once the session has recorded it."""
    patience = time.monotonic() + _PATIENCE_SECS
    while time.monotonic() < patience:
        for fact in facts(database):
            if isinstance(fact.payload, kind) and where(fact.payload):
                return fact.payload
        time.sleep(0.05)
    raise TimeoutError(f"no {kind.__name__} in {_PATIENCE_SECS:g} s")


def facts(database: str) -> list[Fact]:
    journals = Journals(database)
    known = [run.run_id for run in journals.runs()]
    return list(journals.open(RUN).facts()) if RUN in known else []


def test_a_session_obeys_other_processes_and_survives_a_kill(
    nursery: ForkedProcesses, tradectl: Tradectl, market: Path, database_url: str, tmp_path: Path
) -> None:
    def do(*words: str, code: int = 0) -> Any:
        patient = ("--timeout", str(_PATIENCE_SECS), "--database", database_url, "--json")
        answer = tradectl("do", words[0], *patient, *words[1:])
        assert answer.code == code, answer.out + answer.err
        return answer.json

    def say(text: str, *words: str, code: int = 0) -> Any:
        where = ("--timeout", str(_PATIENCE_SECS), "--database", database_url, "--json")
        answer = tradectl("say", text, *where, *words)
        assert answer.code == code, answer.out + answer.err
        return answer.json

    def status() -> Any:
        return tradectl("governor", "status", "--database", database_url, "--json").json

    with hosted(nursery, market, database_url, tmp_path, "--speed", "100"):
        opened = first(database_url, TradeOpened)
        symbol = opened.symbol
        _command_by_both_doors(do, say, opened)
        assert say("pause", "--yes")["status"] == "done"
    before = status()
    assert say("status") == before
    assert say("balance")["realized_pnl_today"] == before["limits"]["realized_pnl_usd"]["used"]
    assert symbol in before["cooldowns"]

    unanswered = do("stop-entries", "--yes", "--id", "two", "--timeout", "0.5", code=UNDONE)
    assert "'tradectl live' or 'tradectl session'" in unanswered["detail"]

    with hosted(nursery, market, database_url, tmp_path, "--set", "take_profit_percent=19") as host:
        _, complaint = host.communicate(timeout=_PATIENCE_SECS)
        assert (host.returncode, "played again it is" in complaint) == (1, True)

    with hosted(nursery, market, database_url, tmp_path, "--speed", "100") as host:
        first(database_url, CommandDone, lambda done: done.command_id == "two")
        after = status()
        assert after["stopped"]
        assert {"phase": "halted", "paused": True}.items() <= after.items()
        assert "'tradectl do resume --yes' allows entries again" in after["remedy"]
        assert before["remedy"].startswith("paused by hand")
        for kept in ("limits", "locks", "cooldowns", "day", "open_trades"):
            assert after[kept] == before[kept]
        assert after["limits"]["trades"]["used"] > 0
        assert after["locks"] == {symbol: "by ann"}
        assert do("resume", "--yes")["status"] == "done"
        host.send_signal(signal.SIGINT)
        assert host.wait(_PATIENCE_SECS) == 130

    (run,) = (each for each in Journals(database_url).runs() if each.run_id == RUN)
    assert run.status is RunStatus.INTERRUPTED
    with hosted(nursery, market, database_url, tmp_path) as host:
        printed, _ = host.communicate(timeout=_PATIENCE_SECS)
    said = json.loads(printed)
    assert (host.returncode, said["status"], said["resumed_at"]) == (0, "Ended", run.facts)
    assert _told(facts(database_url), symbol) == {"one": 1, "two": 1}
    assert Journals(database_url).open(RUN).stored.verify().broken is None
    _explained(tradectl, database_url, tmp_path)
    over = tradectl("do", "pause", "--yes", "--database", database_url)
    assert (over.code, "takes no commands" in over.err) == (1, True)


def _explained(tradectl: Tradectl, database: str, runs: Path) -> None:
    """Hold the verdicts, through a kill and two ends, against the facts; ask about refused ones."""
    table = verdict_table(RUN, runs)
    assert table is not None
    rows = table.to_pylist()
    keys = [(row["symbol"], row["ts_event"]) for row in rows]
    assert len(keys) == len(set(keys))
    plans = [f.payload for f in facts(database) if isinstance(f.payload, BracketPlanned)]
    approved = {(row["symbol"], row["ts_event"]) for row in rows if row["approved"]}
    assert approved == {(plan.symbol, plan.candidate_ts) for plan in plans}
    refused = next(row for row in rows if not row["approved"])
    where = ("--runs", runs, "--database", database, "--json")
    why = tradectl("why", refused["symbol"], str(refused["ts_event"]), *where)
    assert why.code == 0, why.err
    assert why.json["answer"].startswith(f"refused by the hub: {refused['reason']}")
    assert why.json["tape"]["is_own"] is True, "the catalog that the session named itself"


def _command_by_both_doors(
    do: Callable[..., Any], say: Callable[..., Any], opened: TradeOpened
) -> None:
    """Lock and flatten the symbol of an open trade; one id is done once, whichever door."""
    symbol = opened.symbol
    shown = do("flatten", symbol)
    assert (shown["status"], opened.trade_id in shown["preview"]) == ("preview", True)
    _ask_in_words(say, opened)
    assert say(f"lock {symbol.lower()}", "--yes", "--who", "ann")["status"] == "done"
    flat = do("flatten", symbol, "--yes", "--id", "one")
    assert (flat["status"], flat["detail"]) == ("done", f"{symbol} is flat")
    assert do("flatten", symbol, "--yes", "--id", "one")["detail"] == flat["detail"]
    assert say(f"flatten {symbol}", "--yes", "--id", "one")["detail"] == flat["detail"]
    assert opened.trade_id in say(f"why {symbol}")["answer"]
    nothing = say(f"close {symbol}", "--yes", code=NOTHING)
    assert "no trade in" in nothing["message"]
    refused = do("close", opened.trade_id, "--yes", code=REFUSED)
    assert "no_such_trade" in refused["detail"]
    flat = do("flatten", symbol, "--yes", "--id", "flat already", code=REFUSED)
    assert f"no trade in {symbol} was open" in flat["detail"]
    for verb in ("lock", "flatten"):
        unknown = do(verb, f"{symbol}X", "--yes", code=REFUSED)
        assert f"{symbol}X is no symbol that" in unknown["detail"]
        assert symbol in unknown["detail"].partition("did you mean ")[2]


def _ask_in_words(say: Callable[..., Any], opened: TradeOpened) -> None:
    """Ask a session about its open trade; orders by text are read and refused."""
    symbol, trade_id = opened.symbol, opened.trade_id
    assert say(f"close {symbol}")["preview"] == f"closes {trade_id}"
    assert trade_id in say(f"why {symbol}")["answer"]
    (held,) = say(f"positions {symbol}")["positions"]
    shares = str(opened.side * opened.quantity)
    assert (held["quantity"], held["trades"]) == (shares, [trade_id])
    assert {order["role"] for order in say(f"orders {symbol}")["orders"]} >= {"stop_loss"}
    assert "come with the markets" in say(f"buy {symbol} 80", code=WRONG)["message"]


def _told(recorded: list[Fact], symbol: str) -> dict[str, int]:
    """Look through the whole story; return how often the named commands were received."""
    (out,) = (
        fact.seq
        for fact in recorded
        if isinstance(fact.payload, TradeClosed) and fact.payload.exit_reason is ExitReason.OPERATOR
    )
    planned = [fact for fact in recorded if isinstance(fact.payload, BracketPlanned)]
    later = [plan.payload for plan in planned if plan.seq > out]
    assert symbol not in {plan.symbol for plan in later if isinstance(plan, BracketPlanned)}
    assert later
    assert [f.payload for f in recorded if isinstance(f.payload, FlatVerified)] == [
        FlatVerified(symbol),
        FlatVerified(symbol),
        FlatVerified(None),
    ]
    received = [f.payload.command_id for f in recorded if isinstance(f.payload, CommandReceived)]
    return {name: received.count(name) for name in ("one", "two")}
