"""Beside hops 1 → 6: a day at a venue where much goes wrong, and whose trader is killed on it."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from cli.output import INTERRUPTED
from engine.domain.facts import (
    BracketPlanned,
    EntriesReleased,
    ExitRequested,
    OrderAccepted,
    OrderFilled,
    OrderRejected,
    OrderRole,
    TradeClosed,
)
from engine.domain.session import NANOS_PER_SECOND, session
from store import Journals
from tests.cli.conftest import DAY
from tests.resume.nursery import Nursery
from tests.resume.oracle import Span, Trade, trades
from tests.resume.venue import KEYS, Ear, Venue, until

RUN = "killed"
_LIFE_SECS, _PACED_LIFE_SECS = 300, 90
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
    is_paced : bool
        Whether the venue's time runs by itself; else it stands while nobody trades.

    Attributes
    ----------
    states : Counter
        What an order's life was like when the process was killed, several at one kill.
    down : list of (int, int)
        From when to when nobody traded, simulated UTC ns.
    """

    venue: Venue
    nursery: Nursery
    folder: Path
    chance: Random
    settings: list[str]
    is_paced: bool = False
    kills: int = 0
    states: Counter[str] = field(default_factory=Counter)
    down: list[Span] = field(default_factory=list)
    start_secs: list[float] = field(default_factory=list)
    _released: int = 0

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
                self._kill(pid)
                aim = begins_ns + (ends_ns - begins_ns) * number // kills
                self._stay_down(0 if self.is_paced else aim)
                pid = self.start()
            self.venue.admin("chaos/calm")
        finally:
            ear.close()
        if self.is_paced:
            self._go_home(pid)
        code = self.nursery.ended(pid, wait=True)
        assert code == (INTERRUPTED if self.is_paced else 0), self.said()

    def _go_home(self, pid: int) -> None:
        """Have everything sold, and the process end as it is asked to."""
        self._until_it_trades(pid, self.venue.now)
        words = ["do", "flatten", "all", "--yes", "--run", RUN, "--timeout", "100"]
        words += ["--database", str(self.folder / "journal.sqlite")]
        told = self.nursery.start(words, {}, self.folder / "said")
        assert self.nursery.ended(told, wait=True) == 0, self.said()
        until(lambda: not self.venue.positions(), "the end of every position")
        os.kill(pid, signal.SIGTERM)

    def said(self) -> str:
        """Return the last words of the processes."""
        return (self.folder / "said").read_text()[-4_000:]

    def trades(self) -> list[Trade]:
        """Return what the venue knows of the run's trades."""
        venue = self.venue
        return trades(venue.orders(), venue.groups(), venue.fills())

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
        switches["failing_requests"] = chance.choice((0, 0, 1, 2)) if self.is_paced else 0
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

        self._until_it_trades(pid, stood)
        self.start_secs.append(time.monotonic() - began)
        self._until_its_moment(pid, ear)
        if chance.random() < 0.15:
            what = chance.choice(("drop", "close_1011", "half_open"))
            self.venue.admin("chaos/strike", what=what)
            ear.again()
            time.sleep(chance.uniform(0.0, 0.1))

    def _until_it_trades(self, pid: int, stood: int) -> None:
        released = self._released

        def trades_again() -> bool:
            self._lives(pid)
            if self.is_paced:
                return self._feed_was_back() > released
            return self.venue.now > stood

        until(trades_again, "the first step of a process that was started again")
        if self.is_paced and self.down:
            self.down[-1] = self.down[-1][0], self.venue.now

    def _feed_was_back(self) -> int:
        """Return how often the journal says that the feed was whole again."""
        journals = self.journals
        if RUN not in {run.run_id for run in journals.runs()}:
            return 0
        payloads = (fact.payload for fact in journals.open(RUN).facts())
        return sum(payload == EntriesReleased("feed") for payload in payloads)

    def _until_its_moment(self, pid: int, ear: Ear) -> None:
        """Wait for an update to kill it at, or until it has traded for so long."""
        chance = self.chance
        moment = frozenset() if chance.random() < 0.25 else chance.choice(_MOMENTS)
        most = _PACED_LIFE_SECS if self.is_paced else _LIFE_SECS
        longest = most if moment else chance.randint(1, most)
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
            self.states["while it recovered"] += 1

    def _kill(self, pid: int) -> None:
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
        self.states.update(self._states())
        self._released = self._feed_was_back()

    def _stay_down(self, aim: int) -> None:
        """Let time go on without anybody who trades, until about where the next life begins."""
        step = self.chance.choice((0, 0, self.chance.randint(1, 20), self.chance.randint(20, 90)))
        behind = (aim - self.venue.now) // NANOS_PER_SECOND
        secs = max(step, behind)
        if secs:
            self.venue.admin("step", span_ns=secs * NANOS_PER_SECOND)
        stopped, _ = self.down.pop()
        self.down.append((stopped, self.venue.now))

    def _states(self) -> set[str]:
        """Return in which states of their lives orders were when their process was killed."""
        planned, over = set[str](), set[str]()
        accepted, leaving = set[str](), set[str]()
        filled: Counter[str] = Counter()
        for fact in self.journals.open(RUN).facts():
            match fact.payload:
                case BracketPlanned(trade_id=name):
                    planned.add(name)
                case OrderAccepted(client_order_id=order_id):
                    accepted.add(order_id)
                case OrderFilled(trade_id=name, last_qty=shares):
                    filled[name] += shares
                case ExitRequested(trade_id=name):
                    leaving.add(name)
                case TradeClosed(trade_id=name):
                    over.add(name)
                case OrderRejected(trade_id=name, client_order_id=order_id):
                    over |= {name} if order_id.endswith(OrderRole.ENTRY) else set()
                case _:
                    pass
        known = {each.name: each for each in self.trades()}
        states = {"between plan and order" for name in planned - over - known.keys()}
        for name, trade in known.items():
            if name not in over:
                states |= set(_states_of(trade, f"{name}-entry" in accepted, filled[name]))
                states |= {"on its way out"} if name in leaving else set()
        return states or {"nothing open"}


def _states_of(trade: Trade, is_accepted: bool, heard: int) -> list[str]:  # noqa: FBT001
    statuses = {order["status"] for order in trade.orders}
    entry = trade.entry
    executed = sum(abs(shares) for _, shares, _ in trade.fills)
    told = {
        "between order and answer": not is_accepted,
        "between fill and its update": executed > heard,
        "entry works": entry["status"] in {"pending_new", "new", "accepted"},
        "entry partly filled": entry["status"] == "partially_filled",
        "position under its bracket": entry["status"] == "filled" and trade.held > 0,
        "cancel pending": "pending_cancel" in statuses,
        "change pending": "pending_replace" in statuses,
    }
    return [state for state, is_so in told.items() if is_so]


BEGINS_NS, ENDS_NS = (session(DAY).at(clock) for clock in ("10:00", "15:40"))
