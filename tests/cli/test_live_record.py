"""What a live run heard is a day of the catalog afterwards, and the memory of a run cut short."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from catalog import Catalog
from engine.domain.session import session
from tests.cli.conftest import DAY, ROOT, Tradectl, eager, environment

_KEYS = ("SIMRECORD", "simulated-secret")
_STARTS, _KILLED = "15:30", "15:42"
_FLUSHED_SECS = 1.5


class Place:
    """A simulator that begins late in the day, and a database and catalog of one run's own."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder

    @property
    def spool(self) -> Path:
        """The folder of the run's spool."""
        return self.folder / "spool" / f"sim-{DAY}"

    @property
    def recorded(self) -> Path:
        """The catalog that a recorded day goes to."""
        return self.folder / "recorded"

    def live(self, *arguments: str) -> subprocess.Popen[str]:
        """Start to trade."""
        words = (
            *("--database", str(self.folder / "journal.sqlite"), "--catalog", str(self.recorded)),
            *("--runs", str(self.folder / "runs"), "--no-view", "--json", *eager()),
        )
        return subprocess.Popen(
            [sys.executable, "-m", "cli.main", "live", *words, *arguments],
            cwd=self.folder,
            env=environment()
            | {"TRADECTL_SIM_URL": self.url}
            | {"APCA_API_KEY_ID": _KEYS[0], "APCA_API_SECRET_KEY": _KEYS[1]},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def whole_day(self, *arguments: str) -> dict[str, Any]:
        """Trade to the end of the day."""
        out, err = (process := self.live(*arguments)).communicate()
        assert process.returncode == 0, err
        return json.loads(out)

    def now(self) -> int:
        """Return the simulator's time."""
        return self._status()["now_ns"]

    def listeners(self) -> int:
        """Return how many listen to its market data."""
        return self._status()["market_sockets"]

    def _status(self) -> dict[str, Any]:
        return httpx.get(f"{self.url}/sim/status", trust_env=False).json()

    def turn(self, what: str) -> None:
        """Pause or resume the simulator."""
        httpx.post(f"{self.url}/sim/{what}", json={}, trust_env=False).raise_for_status()


@contextmanager
def simulated(market: Path, folder: Path) -> Iterator[Place]:
    """Run a simulator on a day, in a process of its own."""
    words = ("--json", "--stepped", "--start", _STARTS, "--port", "0", "--date", str(DAY))
    with subprocess.Popen(
        [sys.executable, "-m", "cli.main", "sim", "run", *words, "--catalog", str(market)],
        cwd=ROOT,
        env=environment() | {"TRADECTL_SIM_ACCOUNTS": ":".join((*_KEYS, "100000"))},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout
        try:
            yield Place(json.loads(process.stdout.readline())["url"], folder)
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def undisturbed(
    market: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Yield where an afternoon was traded and recorded, and how it ended."""
    with simulated(market, tmp_path_factory.mktemp("undisturbed")) as place:
        yield place, place.whole_day("--record")


def test_a_backtest_of_the_recorded_day_decides_what_was_decided_live(
    undisturbed: tuple[Place, dict[str, Any]], tradectl: Tradectl
) -> None:
    place, end = undisturbed
    assert end["candidates"] > 0
    assert end["recorded"].keys() >= {"trades", "quotes"}
    words = ("--catalog", place.recorded, "--date", str(DAY), "--json")
    again = tradectl("backtest", *words, "--runs", place.folder / "again", *eager()).json
    assert again["decision_digest"] == end["decision_digest"]
    assert again["fill_digest"] == end["fill_digest"]
    assert tradectl("catalog", "verify", "--catalog", place.recorded, "--json").code == 0


def test_what_is_recorded_is_what_the_venue_sent(
    undisturbed: tuple[Place, dict[str, Any]], market: Path
) -> None:
    place, end = undisturbed
    start, stop = session(DAY).at(_STARTS), session(DAY).close_ns
    ours, theirs = Catalog(str(place.recorded)), Catalog(str(market))
    names = sorted(theirs.tapes(DAY))
    sent, kept = (each.trades(DAY, names, start + 1, stop) for each in (theirs, ours))
    assert kept.ts_init.tolist() == sent.ts_init.tolist()
    assert kept.price.tolist() == sent.price.tolist()
    assert 0 < len(kept) <= end["recorded"]["trades"]


def test_a_spool_is_cleared_away_when_the_day_is_over(
    undisturbed: tuple[Place, dict[str, Any]],
) -> None:
    place, _ = undisturbed
    assert not place.spool.exists()


def test_a_run_that_was_killed_goes_on_as_if_it_had_not_been(
    undisturbed: tuple[Place, dict[str, Any]], market: Path, tmp_path: Path, tradectl: Tradectl
) -> None:
    with simulated(market, tmp_path) as place:
        with place.live("--shadow") as process:
            while place.now() < session(DAY).at(_KILLED):
                assert process.poll() is None, process.communicate()[1]
                time.sleep(0.05)
            place.turn("pause")
            time.sleep(_FLUSHED_SECS)
            process.kill()
        adopted = tradectl(
            "catalog", "adopt", place.spool, "--catalog", tmp_path / "half", "--json"
        )
        assert adopted.json["run_id"] == f"sim-{DAY}"
        assert adopted.json["reports"][0]["rows_out"] > 0
        place.turn("resume")
        while place.listeners():  # what was granted to the dead is played first
            time.sleep(0.05)
        end = place.whole_day("--shadow", "--record")
    assert end["resumed_at"] > 0
    assert end["scan_digest"] == undisturbed[1]["scan_digest"]
    assert end["recorded"]["trades"] == undisturbed[1]["recorded"]["trades"]
    assert not place.spool.exists()
    held = tradectl(
        "journal", "show", f"sim-{DAY}", "--database", place.folder / "journal.sqlite", "--json"
    )
    assert "warm-up" in held.out
