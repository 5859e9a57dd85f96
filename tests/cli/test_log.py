"""The log is JSON lines that turn over; a planted secret is in nothing that is kept or told."""

from __future__ import annotations

import json
import logging
import os
import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from app.log import Level, json_log
from app.redaction import known_secrets, redacted
from catalog import Catalog
from catalog.synth import synthesize
from engine.domain.errors import JournalError
from engine.domain.facts import OrderRole
from store import Journals
from tests.accounting.streams import OPEN_NS, fill, plan
from tests.cli.conftest import DAY, eager
from tests.forked_processes import ForkedProcesses
from tests.servers import Postgres

BRACKET = plan("T1", "AAA", 1, 10, Decimal(20))
ENTRY = fill(BRACKET, OrderRole.ENTRY, 10, Decimal("20.5"), Decimal(1))
DATABASE_PASSWORD, SPELLED = "pl@nted/databasepassword", "pl%40nted%2Fdatabasepassword"
PLANTED = {
    "APCA_API_KEY_ID": "PLANTEDKEYID",
    "APCA_API_SECRET_KEY": "planted-venue-secret",
    "TRADECTL_PUSH_TOKEN": "planted-push-token",
    "TRADECTL_DATABASE": f"postgresql://trader:{SPELLED}@127.0.0.1:1/facts",
    "TRADECTL_REDIS": "redis://:planted-redis-password@127.0.0.1:1",
}


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_no_log_journal_manifest_or_report_holds_a_planted_secret(
    nursery: ForkedProcesses, tmp_path: Path
) -> None:
    root = tmp_path / "catalog"
    synthesize(Catalog(str(root)), DAY, symbols=6, trades=20_000, seed=11, quotes=True)
    log, told = tmp_path / "kept" / "tradectl.jsonl", []

    def tradectl(*arguments: str, exits: int = 0) -> None:
        logged = {"TRADECTL_LOG": str(log), "TRADECTL_LOG_LEVEL": "DEBUG"}
        child = nursery.child(arguments, PLANTED | logged, tmp_path)
        out, err = child.communicate()
        assert child.returncode == exits, err
        told.append(out + err)

    backtest = ("backtest", "--catalog", str(root), "--runs", str(tmp_path / "kept" / "runs"))
    tradectl(*backtest, *eager())
    tradectl(*backtest, "--set", "index_symbols=SPY,PLANTEDKEYID", exits=2)
    tradectl(*backtest, "--set", "api_secret=planted-unknown-parameter", exits=2)
    tradectl("journal", "list", exits=75)
    tradectl("journal", "list", "--database", "mysql://me:planted-typed@host/name", exits=2)
    tradectl("doctor", "--json", exits=1)
    kept = [path for path in (tmp_path / "kept").rglob("*") if path.is_file()]
    names = {path.name for path in kept}
    assert {"tradectl.jsonl", "manifest.json", "journal.sqlite", "report.html"} <= names
    texts = {path.name: _text(path) for path in kept}
    assert "run_ended" in texts["journal.sqlite"]
    assert "run sealed as Ended" in texts["tradectl.jsonl"]
    assert "***" in texts["tradectl.jsonl"]
    secrets = (*PLANTED.values(), DATABASE_PASSWORD, SPELLED, "planted-")
    for where, text in (*texts.items(), *enumerate(told)):
        assert [secret for secret in secrets if secret in text] == [], where


def _text(path: Path) -> str:
    """Return all that a file holds, unpacked."""
    if path.suffix == ".parquet":
        return str(pq.read_table(path).to_pylist())
    if path.suffix == ".sqlite":
        connection = sqlite3.connect(path)
        dump = "\n".join(connection.iterdump())
        connection.close()
        return dump
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgresql://me:hunter2@host/name", "postgresql://me:***@host/name"),
        ("key planted-venue-secret refused", "key *** refused"),
        ('{"api_key": "abc", "side": "BUY"}', '{"api_key": "***", "side": "BUY"}'),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("password=a b", "password=*** b"),
        ("tokens of AAPL are 3", "tokens of AAPL are 3"),
        ("https://host:8080/path?x=a@b", "https://host:8080/path?x=a@b"),
    ],
)
def test_what_is_known_or_looks_like_a_secret_is_covered(text: str, expected: str) -> None:
    assert redacted(text, known_secrets(PLANTED)) == expected


def test_a_line_says_when_who_what_and_of_which_run(tmp_path: Path) -> None:
    path, logger = tmp_path / "log.jsonl", logging.getLogger("some.room")
    with json_log(path, Level.INFO, frozenset({"planted"})):
        logger.debug("not worth a line")
        logger.warning("fill of %s", "AAA", extra={"run_id": "run"})
        try:
            int("planted")
        except ValueError:
            logger.exception("it broke")
    logger.warning("nobody listens")
    told, broke = _lines(path)
    assert told.pop("ts") > OPEN_NS
    assert told == {
        "level": "WARNING",
        "logger": "some.room",
        "message": "fill of AAA",
        "process": os.getpid(),
        "run_id": "run",
    }
    assert broke["exception"].endswith("base 10: '***'")


def test_the_log_turns_over_by_size(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    with json_log(path, Level.INFO, frozenset(), most_bytes=2_000):
        for number in range(200):
            logging.getLogger("some.room").info("line %d", number)
    names = sorted(file.name for file in tmp_path.iterdir())
    assert names == ["log.jsonl", *(f"log.jsonl.{n}" for n in range(1, 6))]
    assert all(file.stat().st_size <= 2_000 for file in tmp_path.iterdir())
    assert _lines(path)[-1]["message"] == "line 199"


def test_a_halted_journal_is_logged_once_and_so_is_its_return(
    postgres: Postgres, tmp_path: Path
) -> None:
    path = tmp_path / "log.jsonl"
    journals = Journals(postgres.new_database())
    with json_log(path, Level.WARNING, frozenset()), journals.start("run") as journal:
        postgres.cut_connections()
        with pytest.raises(JournalError):
            journal.append(ENTRY, ts_event=OPEN_NS, ts_init=OPEN_NS)
        journal.commit()
        journal.commit()
    halted, resumed = _lines(path)
    assert halted["message"].startswith("journal halted: cannot keep facts of run run")
    assert resumed["message"] == "journal resumed: 1 facts had waited"
    assert halted["run_id"] == resumed["run_id"] == "run"
