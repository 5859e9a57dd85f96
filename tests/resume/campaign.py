"""One day on which everything is killed, and what was found of it at its end.

Nothing of the engine is asked whether all went well: the venue is, and the journal, and what a
relay heard the live process being told.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pyarrow.parquet as pq

from engine.domain.errors import JournalError
from engine.domain.facts import BracketPlanned, OrderRejected
from engine.domain.session import NANOS_PER_SECOND
from tests.forked_processes import ForkedProcesses
from tests.resume.ended_day import EndedDay
from tests.resume.kill_plan import KINDS, SPAWNED, Blow, Kill, Part, drawn
from tests.resume.kill_site import RUN, Site
from tests.resume.killed_day import BOUND_NS, LOOSE
from tests.resume.oracle import Span, role, trade_of
from tests.resume.relay import Relay
from tests.resume.venue import until
from tests.servers import Postgres

SPEED = 20
"""Times real time on days whose time runs by itself."""
_PACED = ("--speed", str(SPEED), "--requests", str(200 * SPEED))
_SETTINGS = (*LOOSE, "max_trades_per_day=5000", "daily_loss_limit_percent=50")

_WAY_NS = 10 * NANOS_PER_SECOND * SPEED
"""What the way to the venue and back may add on a busy machine, where time does not wait for it."""

_AT_LATEST_NS = 300 * NANOS_PER_SECOND
"""A moment that has not come in so much of a day that runs by itself will not: then, then."""


_LOOK_NS = NANOS_PER_SECOND
"""From one look at what is due to the next."""

_WHILE_AWAY, _AT_A_LOOK = 60, 5
"""Steps that are granted while somebody is dead, and between two looks at whether all goes on."""


@dataclass
class Campaign:
    """What became of a day of kills.

    Attributes
    ----------
    kills : Counter of str
        Kills survived, by kind; some are two, the second while a process starts.
    blows : int
        Instants at which something was killed.
    processes : Counter of Part
        Processes killed.
    findings : list of str
        What does not hold; empty is what is wanted.
    cut_short : int
        Trades whose entry was canceled when it was filled in part.
    """

    seed: int
    is_stepped: bool
    kills: Counter[str] = field(default_factory=Counter)
    blows: int = 0
    processes: Counter[Part] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    minutes: float = 0
    trades: int = 0
    cut_short: int = 0
    said: str = ""


def is_stepped(seed: int) -> bool:
    """Say whether the day of a seed is one whose time is granted: every other one is."""
    return seed % 2 == 0


def run(
    seed: int,
    server: Postgres,
    nursery: ForkedProcesses,
    market: Path,
    *,
    kinds: tuple[str, ...] = KINDS,
    kills: Iterable[Kill] | None = None,
    told: Callable[[Kill], object] = lambda _: None,
) -> Campaign:
    """Kill once in every way, on one day, and look at what is left.

    Parameters
    ----------
    kinds : tuple of str
        Which ways; the seed's other kills are left out and change nothing about these.
    kills : iterable of Kill, optional
        These instead of the seed's.
    told : callable
        Hears of each kill before it is waited for.
    """
    found, began = Campaign(seed, is_stepped(seed)), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tradectl-kills-") as folder, Relay() as relay:
        site = Site(
            server, nursery, relay, market, Path(folder),
            pace=("--stepped",) if found.is_stepped else _PACED, settings=_SETTINGS, seed=seed,
        )  # fmt: skip
        day = _Day(site, found)
        try:
            day.begin()
            for kill in kills or drawn(seed, is_stepped=found.is_stepped, kinds=kinds):
                told(kill)
                day.kill(kill)
            found.findings += day.ended()
        except (AssertionError, OSError, httpx.HTTPError) as error:
            found.findings.append(f"{day.doing}: {error}")
        finally:
            found.said = site.said()
            site.close()
    found.minutes = (time.monotonic() - began) / 60
    return found


class _Day:
    """Plays one day; raises AssertionError where it cannot go on."""

    def __init__(self, site: Site, found: Campaign) -> None:
        self.doing = "the start"
        self._site = site
        self._found = found
        self._down: list[Span] = []
        self._seen: dict[int, str] = {}

    def begin(self) -> None:
        """Start everything."""
        site = self._site
        for part in (Part.VENUE, Part.LIVE):
            site.begin(part)
            site.finish(part)
        self._until_whole(0, site.venue.now)

    def kill(self, kill: Kill) -> None:
        """Kill, and have all go on again."""
        self.doing = str(kill)
        self._wait_for(kill.first)
        stood = self._site.venue.now
        self._strike(kill.first)
        self._bring_back(kill, stood)
        self._found.kills[kill.kind] += 1

    def ended(self) -> list[str]:
        """End the day and return what does not hold of it."""
        self.doing = "the end"
        site, stepped = self._site, self._found.is_stepped
        site.go_home()
        ended = EndedDay.of(site.venue, site.journals, RUN, self._down)
        self._found.trades = len(ended.entered)
        self._found.cut_short = sum(each.entry["status"] == "canceled" for each in ended.entered)
        bound = BOUND_NS + (0 if stepped else _WAY_NS)
        return [
            *([] if ended.entered else ["nothing was traded all day"]),
            *ended.findings(bound, is_over=False),
            *self._lost_facts(),
            *self._lost_answers(ended),
            *self._lost_decisions(ended),
        ]

    def _wait_for(self, blow: Blow) -> None:
        """Wait until its moment has come, at latest until it will come no more."""
        site = self._site
        site.arm(blow.moment)
        last = site.venue.now + _AT_LATEST_NS

        def has_come() -> bool:
            site.lives()
            return site.is_reached(blow.moment) or (not site.is_stepped and site.venue.now >= last)

        until(has_come, f"the moment of {blow}")

    def _strike(self, blow: Blow) -> None:
        """Kill, after a look at what was kept so far."""
        self._look()
        site = self._site
        stood = site.venue.now if site.relay.is_open else None
        self._found.blows += 1
        self._found.processes.update(part for part in blow.parts if site.is_alive(part))
        site.kill(blow.parts, arrives=blow.arrives)
        if stood is not None:
            self._note_down(blow, stood)

    def _note_down(self, blow: Blow, stood: int) -> None:
        """Note for how long after an instant (UTC ns) nobody could act, whoever was alive."""
        site = self._site
        if Part.VENUE in blow.parts:
            # what a dead venue did not hear is asked for again at the next look
            self._down.append((stood, stood + _LOOK_NS))
        elif Part.LIVE in blow.parts:
            until(lambda: not site.venue.status()["market_sockets"], "the end of a connection")
            self._down.append((stood, site.venue.now))

    def _bring_back(self, kill: Kill, stood: int) -> None:
        """Start the dead, the first of them into another blow, and wait until all goes on."""
        site = self._site
        dead = {*kill.first.parts, *(kill.again.parts if kill.again else ())}
        site.grant(_WHILE_AWAY)
        if kill.again is not None:
            site.begin(kill.order[0])
            self._strike_in_start(kill.order[0], kill.again)
            site.grant(_WHILE_AWAY)
        for part in kill.order:
            if not site.is_alive(part):
                site.begin(part)
            site.finish(part)
        stands = site.venue.now
        self._until_whole(len(self._seen), stands)
        if not site.is_stepped and dead != {Part.DATABASE}:
            # exits go on without a database, but not without a venue
            self._down.append((min(stood, stands), site.venue.now))

    def _strike_in_start(self, starting: Part, blow: Blow) -> None:
        site = self._site
        if blow.moment.what == SPAWNED:
            until(lambda: site.is_alive(starting), f"the process of {starting}")
        else:
            site.finish(starting)
            site.arm(blow.moment)
            since, stood = len(self._seen), site.venue.now
            until(
                lambda: site.is_reached(blow.moment) or site.is_whole(since, stood),
                f"the moment of {blow}",
            )
        self._strike(blow)

    def _until_whole(self, since: int, stood: int) -> None:
        def is_whole() -> bool:
            self._site.grant(_AT_A_LOOK)
            return self._site.is_whole(since, stood)

        until(is_whole, "the day's going on")
        self._site.relay.release(drop=False)

    def _look(self) -> None:
        """Remember what facts there are: each was promised."""
        try:
            facts = self._site.facts()
        except JournalError:
            return
        for fact in facts:
            self._seen.setdefault(fact.seq, fact.hash)

    def _lost_facts(self) -> Iterator[str]:
        kept = {fact.seq: fact.hash for fact in self._site.facts()}
        for seq, hash_ in self._seen.items():
            if kept.get(seq) != hash_:
                yield f"fact {seq} was kept once and is {'another' if seq in kept else 'lost'}"

    def _lost_answers(self, ended: EndedDay) -> Iterator[str]:
        """Yield what the venue had told the live process and knows no more."""
        relay, known = self._site.relay, {order["id"] for order in ended.orders}
        yield from (
            f"the venue lost order {each}, which it had taken"
            for each in dict.fromkeys(relay.answered)
            if each not in known
        )
        listed = Counter((fill["order_id"], fill["qty"], fill["price"]) for fill in ended.fills)
        told = Counter(relay.executed.values())
        yield from (f"the venue lost an execution that it told: {each}" for each in told - listed)

    def _lost_decisions(self, ended: EndedDay) -> Iterator[str]:
        """Yield what was planned or sent without being written down as decided, each once."""
        site = self._site
        plans = {
            fact.payload.trade_id: fact.payload
            for fact in site.facts()
            if isinstance(fact.payload, BracketPlanned)
        }
        sent = {trade_of(order) for order in ended.orders if role(order) == "entry"} - {None}
        yield from (f"{name} is at the venue without a plan" for name in sent - plans.keys())
        never_sent = {
            fact.payload.trade_id
            for fact in site.facts()
            if isinstance(fact.payload, OrderRejected)
        }
        yield from (
            f"{name} was planned, and is neither at the venue nor refused"
            for name in plans.keys() - sent - never_sent
        )
        table = pq.read_table(site.folder / "runs" / f"{RUN}.verdicts.parquet")
        verdicts = Counter(
            (row["symbol"], row["ts_event"], row["approved"]) for row in table.to_pylist()
        )
        twice = Counter((symbol, ts) for symbol, ts, _ in verdicts.elements())
        yield from (
            f"the verdict on {each} is there {n} times" for each, n in twice.items() if n > 1
        )
        yield from (
            f"no verdict approves of {plan.trade_id}"
            for plan in plans.values()
            if (plan.symbol, plan.candidate_ts, True) not in verdicts
        )
