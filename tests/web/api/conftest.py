"""Runs that the API is asked about: two backtests and a session, made by the commands."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import DAY, Tradectl, eager, small_market, tradectl
from tests.forked_processes import ROOT, ForkedProcesses
from tests.web.api.gateway import PATIENCE_SECS, Gateway, served
from web.places import Places

__all__ = ["small_market", "tradectl"]

SESSION = f"session-{DAY}"
LATER = "session-paced"


@dataclass(frozen=True)
class Kept:
    """What was run, where it is kept, and the ids of the backtests."""

    places: Places
    first: str
    second: str
    tradectl: Tradectl

    def told(self, *words: str | Path, takes: str = "drc", code: int = 0) -> Any:
        """Return what a command says as JSON; ``takes``: of database, runs and catalog."""
        places = self.places
        options = {
            "d": ("--database", places.database),
            "r": ("--runs", places.runs),
            "c": ("--catalog", places.catalog),
        }
        given = [word for letter in takes for word in options[letter]]
        answer = self.tradectl(*words, *given, "--json")
        assert answer.code == code, answer.out + answer.err
        return answer.json


@pytest.fixture(scope="session")
def kept(tradectl: Tradectl, small_market: Path, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    folder = tmp_path_factory.mktemp("web")
    log = folder / "gateway.log"
    places = Places(
        database=str(folder / "facts.sqlite"),
        runs=folder / "runs",
        catalog=str(small_market),
        logs=(log,),
    )
    where = ("--catalog", small_market, "--runs", places.runs, "--json")
    first = tradectl("--log-file", log, "backtest", *where, *eager())
    assert first.code == 0, first.err
    second = tradectl("backtest", *where, *eager(), "--set", "stop_loss_percent=0.15")
    assert second.code == 0, second.err
    session = tradectl(
        "session", "--date", str(DAY), *where, "--database", places.database, *eager()
    )
    assert session.code == 0, session.err
    changed = tradectl(
        "params", "set", "min_ac_z=3", "--because", "calmer", "--yes", "--who", "bob",
        "--database", places.database,
    )  # fmt: skip
    assert changed.code == 0, changed.err
    assert first.json["trades"] > 3
    return Kept(places, first.json["run_id"], second.json["run_id"], tradectl)


@pytest.fixture(scope="session")
def gateway(kept: Kept) -> Iterator[Gateway]:
    with served(kept.places) as found:
        yield found


@pytest.fixture(scope="session")
def running(
    nursery: ForkedProcesses,
    small_market: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Gateway]:
    """Yield the API beside a session that goes on, each tick an event, in another process."""
    folder = tmp_path_factory.mktemp("running")
    places = Places(
        database=str(folder / "facts.sqlite"), runs=folder / "runs", catalog=str(small_market)
    )
    patient = ("take_profit_percent=20", "stop_loss_percent=10", "max_hold_seconds=off")
    words = [
        "session", "--date", str(DAY), "--json", "--catalog", str(small_market), "--database",
        places.database, "--runs", str(places.runs), "--workers", "1", "--speed", "60",
        "--engine", "full", "--run", LATER, *eager(),
    ]  # fmt: skip
    words += [word for each in patient for word in ("--set", each)]
    with nursery.child(words, {}, ROOT) as host:
        try:
            patience = time.monotonic() + PATIENCE_SECS
            while not (folder / "display" / LATER / "frame").exists():
                assert host.poll() is None, host.communicate()
                assert time.monotonic() < patience
                time.sleep(0.02)
            with served(places) as found:
                yield found
        finally:
            host.kill()
