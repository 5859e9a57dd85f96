"""A day at a venue where much goes wrong, and whose trader is killed on it."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from engine.domain.facts import AnyPayload
from engine.domain.session import NANOS_PER_SECOND, session
from store import Journals
from tests.cli.conftest import DAY
from tests.forked_processes import ForkedProcesses
from tests.resume.oracle import Span, Trade, trades
from tests.resume.steps import Step, steps
from tests.resume.venue import KEYS, Ear, Venue, until

RUN = "killed"
BOUND_NS = 6 * NANOS_PER_SECOND
"""One bucket and one second: how long shares may be unprotected while a process lives."""

LOOSE = (
    "bucket_seconds=5", "min_ac_z=0.5", "vol_surge_multiplier=1", "vol_floor=10",
    "min_cumulative_ao_volume=0", "min_cumulative_notional=0", "max_carried_ratio=1",
    "max_volume_share_percent=off", "max_price=1000", "use_market_gravity=false",
    "use_spread_liquidity=false", "use_vwap_alignment=false", "ao_accel_lookback=1",
    "ao_accel_rate=0", "flatline_ratio=0", "sigma_window=24", "vol_window=12",
    "ao_history_buckets=12", "fast_period=3", "slow_period=10", "smooth_period=3",
    "min_5s_flatline_ao_buckets=12", "take_profit_percent=0.3", "stop_loss_percent=0.2",
    "trailing_stop_percent=0.2", "max_hold_seconds=45", "symbol_cooldown_seconds=5",
    "concurrent_trading=true", "max_concurrent=6", "max_open_notional=60000",
    "position_notional=8000", "no_entry_after=15:45", "daily_profit_target_percent=off",
)  # fmt: skip
"""Gates through which almost any move goes, and trades that end soon."""

_LIFE_SECS = 300
"""How long a process lives at most once it trades, in simulated seconds."""

_MOMENTS: tuple[frozenset[str], ...] = (
    frozenset({"pending_new"}),
    frozenset({"new"}),
    frozenset({"fill"}),
    frozenset({"partial_fill"}),
    frozenset({"canceled"}),
    frozenset({"pending_replace"}),
    frozenset({"replaced"}),
    frozenset({"pending_cancel"}),
)
"""Updates after which a process is killed, before it can have done what it is to do about them."""


@dataclass
class KilledDay:
    """Kills, at a venue, the process that trades there, and starts it again.

    Parameters
    ----------
    chance : Random
        All that is random about it, but for the machine's own haste.
    settings : list of str
        Parameters of the run, as words of a command line.

    Attributes
    ----------
    states : Counter
        At which steps of their lives orders were when the process was killed.
    down : list of (int, int)
        From when to when nobody traded, simulated UTC ns.
    """

    venue: Venue
    nursery: ForkedProcesses
    folder: Path
    chance: Random
    settings: list[str]
    kills: int = 0
    states: Counter[Step] = field(default_factory=Counter)
    down: list[Span] = field(default_factory=list)
    start_secs: list[float] = field(default_factory=list)

    @property
    def journals(self) -> Journals:
        """The run's journal."""
        return Journals(self.folder / "journal.sqlite")

    def start(self) -> int:
        """Start the one command that trades."""
        words = [
            *("live", "--run", RUN, "--no-view", "--json"),
            *("--database", str(self.folder / "journal.sqlite")),
            *("--runs", str(self.folder / "runs"), *self.settings),
        ]
        keys = {"APCA_API_KEY_ID": KEYS[0], "APCA_API_SECRET_KEY": KEYS[1]}
        added = keys | {"TRADECTL_SIM_URL": self.venue.url}
        return self.nursery.start(words, added, self.folder / "said")

    def play(self, kills: int, *, begins_ns: int, ends_ns: int) -> None:
        """Kill so often, from one time of the day to another, then let it end."""
        ear = Ear(self.venue)
        pid = self.start()
        try:
            for number in range(1, kills + 1):
                self._go_wrong(ear)
                self._live(pid, ear)
                self.kill(pid)
                aim = begins_ns + (ends_ns - begins_ns) * number // kills
                self._stay_down(aim)
                pid = self.start()
            self.venue.admin("chaos/calm")
        finally:
            ear.close()
        assert self.nursery.ended(pid, wait=True) == 0, self.said()

    def go_home(self, pid: int) -> None:
        """Have everything sold, and the process end as it is asked to."""
        self.until_it_trades(pid, self.venue.now)
        words = ["do", "flatten", "all", "--yes", "--run", RUN, "--timeout", "100"]
        words += ["--database", str(self.folder / "journal.sqlite")]
        told = self.nursery.start(words, {}, self.folder / "said")
        assert self.nursery.ended(told, wait=True) == 0, self.said()
        until(lambda: not self.venue.positions(), "the end of every position")
        os.kill(pid, signal.SIGTERM)

    def until_it_trades(self, pid: int, stood: int) -> None:
        """Wait until a process that was started takes part in the day."""

        def trades_again() -> bool:
            self._lives(pid)
            return self.venue.now > stood

        until(trades_again, "the first step of a process that was started again")

    def said(self) -> str:
        """Return the last words of the processes."""
        return (self.folder / "said").read_text()[-4_000:]

    def trades(self) -> list[Trade]:
        """Return what the venue knows of the run's trades."""
        venue = self.venue
        return trades(venue.orders(), venue.groups(), venue.fills())

    def facts(self) -> list[AnyPayload]:
        """Return what the run has recorded."""
        journals = self.journals
        if RUN not in {run.run_id for run in journals.runs()}:
            return []
        return [fact.payload for fact in journals.open(RUN).facts()]

    def steps(self) -> set[Step]:
        """Return at which steps the run's trades are."""
        return steps(self.facts(), self.trades())

    def _go_wrong(self, ear: Ear) -> None:
        """Choose what goes wrong in the next life."""
        chance, switches = self.chance, dict[str, Any]()
        self.venue.admin("chaos/calm")
        for name in ("duplicate_updates", "reorder_updates", "early_updates", "unknown_words"):
            switches[name] = chance.random() < 0.25
        switches["tell_sibling_cancels"] = chance.random() < 0.3
        switches["lost_replies"] = chance.choice((0, 0, 1, 2))
        switches["fill_during_replace"] = chance.choice((0, 0, 0, 1))
        switches["late_corrections"] = chance.choice((0, 0, 1))
        switches["mute"] = chance.random() < 0.05
        switches["rate_limited_secs"] = chance.choice((0.0, 0.0, 0.0, 0.3))
        switches["refuse_connections_secs"] = chance.choice((0.0, 0.0, 0.0, 0.3))
        switches["slow_rest_secs"] = chance.choice((0.0, 0.0, 0.0, 0.01))
        self.venue.admin("chaos", **switches)
        if chance.random() < 0.3:
            self.venue.admin("chaos/strike", what=chance.choice(("drop", "close_1011")))
            ear.again()

    def _live(self, pid: int, ear: Ear) -> None:
        """Let a process live until the moment at which it is to die."""
        chance, began, stood = self.chance, time.monotonic(), self.venue.now
        usual = sorted(self.start_secs)[len(self.start_secs) // 2] if self.start_secs else None
        if usual is not None and chance.random() < 0.2:
            time.sleep(chance.uniform(0.3, 1.0) * usual)
            self._note_recovering(stood)
            return

        self.until_it_trades(pid, stood)
        self.start_secs.append(time.monotonic() - began)
        self._until_its_moment(pid, ear)
        if chance.random() < 0.15:
            what = chance.choice(("drop", "close_1011", "half_open"))
            self.venue.admin("chaos/strike", what=what)
            ear.again()
            time.sleep(chance.uniform(0.0, 0.1))

    def _until_its_moment(self, pid: int, ear: Ear) -> None:
        """Wait for an update to kill it at, or until it has traded for so long."""
        chance = self.chance
        moment = frozenset() if chance.random() < 0.25 else chance.choice(_MOMENTS)
        longest = _LIFE_SECS if moment else chance.randint(1, _LIFE_SECS)
        last, heard = self.venue.now + longest * NANOS_PER_SECOND, len(ear.heard)

        def is_there() -> bool:
            self._lives(pid)
            return ear.wait_for(moment, heard, 0.02) or self.venue.now >= last

        until(is_there, "the moment at which a process is to die")
        time.sleep(chance.choice((0.0, 0.0, 0.002, 0.01)))

    def _lives(self, pid: int) -> None:
        assert self.nursery.ended(pid, wait=False) is None, self.said()

    def _note_recovering(self, stood: int) -> None:
        if self.venue.now == stood:
            self.states[Step.RECOVERING] += 1

    def kill(self, pid: int) -> None:
        """Kill a process; what it was granted by then is played without it."""
        self._lives(pid)
        os.kill(pid, signal.SIGSTOP)
        stopped = self.venue.now
        os.kill(pid, signal.SIGKILL)
        assert self.nursery.ended(pid, wait=True) == -signal.SIGKILL
        self.kills += 1
        until(lambda: not self.venue.status()["market_sockets"], "the end of its connection")
        self.down.append((stopped, stopped))
        self.venue.admin("chaos/calm")
        self.states.update(self.steps())

    def _stay_down(self, aim: int) -> None:
        """Let time go on without anybody who trades, until about where the next life begins."""
        step = self.chance.choice((0, 0, self.chance.randint(1, 20), self.chance.randint(20, 90)))
        behind = (aim - self.venue.now) // NANOS_PER_SECOND
        secs = max(step, behind)
        if secs:
            self.venue.admin("step", span_ns=secs * NANOS_PER_SECOND)
        stopped, _ = self.down.pop()
        self.down.append((stopped, self.venue.now))


BEGINS_NS, ENDS_NS = (session(DAY).at(clock) for clock in ("10:00", "15:40"))
