"""The hub among its shards: sends them the day's setup, gives them slots, reads their reports."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec

from app.cluster.kept_reports import KeptReports
from app.cluster.node_voice import NodeVoice
from app.cluster.place import ClusterPlace
from cluster import names
from cluster.coding import VERSION, packed, unpacked_request
from cluster.day_setup import DaySetup, HubClaim
from cluster.hub.alerts import ExitAlerts
from cluster.hub.delegation import Delegation
from cluster.hub.earlier import earlier_orders
from cluster.hub.nodes import Nodes
from cluster.hub.slot_reports import SlotReports
from cluster.hub.versions import Versions
from cluster.merge import HUB_WAIT_NS, ReportMerge
from cluster.node_state import BEAT_SECS
from cluster.orders import Assign, Change, ExitAlert, Order, Unwatch, Watch
from cluster.splitting import default_slots
from cluster.streams.port import START, At
from engine.domain.errors import DataError, StreamsUnavailable
from engine.domain.fixed_point import PRICE_SCALE
from engine.hub import Desk
from engine.runtime.live import VenueWatch

_VERSIONS, _LETTERS = "versions", "letters"
_LOOK_SECS = BEAT_SECS / 2
_HELD_SECS = 1.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class HubDay:
    """What a hub knows of its day when it begins.

    Attributes
    ----------
    desk : Desk
        The day has been started on it.
    epoch : int
        Of the claim on the run.
    tapes : mapping of str to str
        Tape letter by symbol, of all that are listed.
    across : tuple of str
        Strategies that look across symbols.
    clock : callable
        Returns the venue's time, UTC ns: what has closed by now is not decided any more.
    kept : Path
        File for the merged reports of the run.
    is_granted : bool
        Whether time is granted by a simulator.
    """

    run_id: str
    epoch: int
    feed: str
    desk: Desk
    tapes: Mapping[str, str]
    across: tuple[str, ...]
    clock: Callable[[], int]
    kept: Path
    is_granted: bool


class ClusterHub:
    """Everything that a hub does beside trading: one task, from ``begin`` to ``close``.

    Attributes
    ----------
    reports : SlotReports
        What the shards say, merged.
    delegation : Delegation
    """

    def __init__(self, place: ClusterPlace, day: HubDay) -> None:
        self._day = day
        self._streams = place.open()
        self._books = books = day.desk.books
        hours, history = books.session, books.history
        params = history.at(hours.pre_market_ns)
        width = params.bucket_ns
        start = hours.pre_market_ns if params.warm_premarket else hours.open_ns
        self._kept = KeptReports(day.kept, is_new=not day.epoch)
        before = self._kept.before
        passed = max(0, (day.clock() - params.grace_ns - start - 1) // width)
        first = before[-1].ts_event if before else start + passed * width
        self._slots = place.slots or default_slots(params)
        merge = ReportMerge(
            self._slots,
            first + width,
            width,
            strategies=[each.strategy_id for each in books.ensembles.newest.members],
            across=day.across,
            version_at=lambda ts: books.history.in_force(ts).version,
            wait_ns=None if day.is_granted else HUB_WAIT_NS,
            before=before,
        )
        self.reports = SlotReports(
            self._streams,
            day.run_id,
            merge,
            closes_at=lambda ts: ts + books.history.at(ts).grace_ns,
            last_ns=start + (hours.close_ns - start) // width * width,
            keep=self._kept.add,
            on_trouble=self._on_trouble,
            on_alert=self._on_alert,
        )
        self.delegation = Delegation(merge, day.epoch, width, expected=place.shards)
        self._setup = self._day_setup(merge.names)
        self._knows_earlier = False
        self._nodes = Nodes()
        self._versions, self._refused = Versions(version("tradectl")), set[str]()
        self._voice = NodeVoice(
            self._streams, "hub", "hub", lambda: {"run_id": day.run_id, "epoch": day.epoch}
        )
        self._watch: VenueWatch | None = None
        self._pending: list[tuple[At, bytes]] = []
        self._numbers = 0
        self._changes_told = len(history.changed)
        self._watched: dict[str, Watch] = {}
        self._alerts = ExitAlerts()
        self._asked_until = START
        self._losses = self._streams.losses
        self._tasks: list[asyncio.Task[None]] = []
        self._trouble: str | None = None
        self._looked_since = 0.0

    def begin(self, watch: VenueWatch) -> None:
        """Begin; ``watch`` hears of what keeps entries from being safe."""
        self._watch = watch
        self._looked_since = time.monotonic()
        self._tasks = [
            asyncio.create_task(each, name=name)
            for name, each in (
                ("reports of slots", self.reports.read()),
                ("orders to shards", self._look()),
                ("what is held", self._hold()),
                ("how it is", self._voice.keep_saying()),
            )
        ]
        for task in self._tasks:
            task.add_done_callback(self._on_end)

    async def close(self) -> None:
        """End the tasks and the connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with suppress(StreamsUnavailable):
            await self._streams.forget(names.node("hub"))
        await self._streams.close()

    def end(self) -> None:
        """Keep no more reports: the day's digest has been asked for."""
        self._kept.is_over = self.reports.is_over
        self._kept.close()

    def _on_end(self, task: asyncio.Task[None]) -> None:
        """Hold entries where a task ends that should not."""
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("the hub's task for %s failed", task.get_name(), exc_info=error)
            self._raise("shards", f"the hub's task for {task.get_name()} failed: {error}")

    def _on_trouble(self, why: str | None) -> None:
        """Hold entries while shards cannot be heard; granted time stands still meanwhile."""
        if why == self._trouble or self._day.is_granted:
            return
        self._trouble = why
        if why is None:
            self._clear("streams")
        else:
            self._raise("streams", why)

    def _on_alert(self, alert: ExitAlert) -> None:
        if self._alerts.take(alert):
            _log.info(
                "slot %s saw %s pass its %s: %s at %d",
                alert.slot, alert.trade_id, alert.level, alert.price / PRICE_SCALE, alert.ts_event,
            )  # fmt: skip

    def _look_at_exits(self) -> None:
        """Hold entries while the tape has passed a stop that the venue has not filled."""
        if self._day.is_granted or self._watch is None:
            return
        trades = self._books.trades
        is_open = {name for name, each in trades.items() if each.is_open and not each.exit_reason}
        overdue = self._alerts.overdue(is_open, self._day.clock())
        if overdue:
            which = ", ".join(f"{trades[each.trade_id].plan.symbol}" for each in overdue)
            self._raise(
                "exit not filled", f"the tape has passed the stop of {which}, the venue is silent"
            )
        else:
            self._clear("exit not filled")

    def _raise(self, issue: str, detail: str) -> None:
        if self._watch is not None:
            self._watch.issue_raised(issue, detail)

    def _clear(self, issue: str) -> None:
        if self._watch is not None:
            self._watch.issue_cleared(issue)

    async def _look(self) -> None:
        """Tell shards of the day, then give orders as nodes come and go."""
        run = self._day.run_id
        is_told = False
        while True:
            try:
                if not self._knows_earlier:
                    self._take_earlier(await earlier_orders(self._streams, run, self._day.epoch))
                if self._streams.losses != self._losses:
                    self._losses, is_told = self._streams.losses, False
                    self._changes_told = len(self._setup.changed)
                    self._order(*self.delegation.again(), *self._watched.values())
                if not is_told:
                    await self._tell()
                    is_told = True
                await self._hear_requests()
                self._take_nodes(await self._streams.found(names.NODES))
                await self._send()
            except StreamsUnavailable as error:
                self._on_trouble(str(error))
            await asyncio.sleep(_LOOK_SECS)

    def _take_earlier(self, orders: list[Assign]) -> None:
        """Hear under the orders of earlier hubs, too: what was said of a bucket is said once."""
        self._knows_earlier = True
        for order in orders:
            self.reports.merge.owners.give(order.slot, order.owner, order.since_ns)

    async def _tell(self) -> None:
        """Put up the day's setup, then whose it is."""
        day = self._day
        setup = names.setup(day.run_id, day.epoch)
        await self._streams.put(setup, packed(self._setup))
        claim = HubClaim(day.run_id, day.epoch, version("tradectl"), VERSION)
        await self._streams.put(names.HUB, packed(claim))

    def _take_nodes(self, values: Mapping[str, bytes]) -> None:
        now = time.monotonic_ns()
        self._nodes.hear(self._versions.read(values), now)
        alive = self._versions.agreeing(self._nodes.alive(now))
        self._tell_of_refused()
        self._order(*self.delegation.look(alive, now), *self._changes(), *self._watches())
        self._tell_of_letters()
        self._look_at_exits()

    def _tell_of_refused(self) -> None:
        """Say which nodes have another version, in the log once."""
        refused = {f"{name}: {why}" for name, why in self._versions.refused.items()}
        for each in sorted(refused - self._refused):
            _log.error("%s", each)
        self._refused = refused
        if refused:
            self._voice.issues[_VERSIONS] = "; ".join(sorted(refused))
        else:
            self._voice.issues.pop(_VERSIONS, None)

    def _tell_of_letters(self) -> None:
        """Hold entries while there are slots that nobody takes; not before shards can be there.

        Slots that several shards were started for are worked by one of them: that is only shown.
        """
        several = self.delegation.contested.items()
        if several:
            each = (f"{slot} by {', '.join(shards)}" for slot, shards in several)
            self._voice.issues[_LETTERS] = f"asked for more than once: {'; '.join(each)}"
        else:
            self._voice.issues.pop(_LETTERS, None)
        waits = not self.delegation.works and time.monotonic() - self._looked_since < _HELD_SECS
        if waits:
            return
        missing = self.delegation.nobody if self.delegation.works else self.reports.merge.names
        if missing and not self._day.is_granted:
            self._raise("shards", f"no shard takes {', '.join(missing)}")
        else:
            self._clear("shards")

    def _order(self, *orders: Order) -> None:
        for each in orders:
            self._numbers += 1
            self._pending.append((At(self._numbers), packed(each)))

    async def _send(self) -> None:
        """Send what was ordered, in order; what an answer was lost of is not sent twice."""
        stream = names.orders(self._day.run_id, self._day.epoch)
        while self._pending:
            at, data = self._pending[0]
            await self._streams.append(stream, at, data)
            self._pending.pop(0)

    async def _hear_requests(self) -> None:
        requests = names.requests(self._day.run_id)
        for entry in await self._streams.read({requests: self._asked_until}, 0):
            self._asked_until = entry.at
            try:
                refusal = self.delegation.ask(unpacked_request(entry.data))
            except DataError as error:
                refusal = str(error)
            if refusal:
                _log.warning("a request is refused: %s", refusal)

    def _changes(self) -> list[Order]:
        """Return what shards have not been told of the parameters yet."""
        history = self._books.history
        changed = history.changed[self._changes_told :]
        self._changes_told = len(history.changed)
        return [Change(each) for each in changed]

    def _watches(self) -> list[Order]:
        """Return which trades are to be watched now, and which no longer."""
        wanted: dict[str, Watch] = {}
        for trade in self._books.trades.values():
            if trade.is_open:
                plan = trade.plan
                wanted[plan.trade_id] = Watch(
                    self._slots.slot_of(plan.symbol).name,
                    plan.trade_id,
                    plan.symbol,
                    plan.side.value,
                    int(plan.stop_loss * PRICE_SCALE),
                    int(plan.take_profit * PRICE_SCALE),
                )
        orders: list[Order] = [
            *(each for name, each in wanted.items() if self._watched.get(name) != each),
            *(Unwatch(name) for name in self._watched.keys() - wanted.keys()),
        ]
        self._watched = wanted
        return orders

    async def _hold(self) -> None:
        """Keep positions, latest prices and weights where anybody can read them."""
        while True:
            with suppress(StreamsUnavailable):
                for name, value in zip(names.held(self._day.run_id), self._held(), strict=True):
                    await self._streams.put(name, msgspec.json.encode(value))
            await asyncio.sleep(_HELD_SECS)

    def _held(self) -> Sequence[Mapping[str, Any]]:
        positions = self._books.ledger.positions
        return (
            {
                symbol: {"quantity": str(each.quantity), "mark": str(each.mark)}
                for symbol, each in positions.items()
            },
            {symbol: str(each.mark) for symbol, each in positions.items()},
            {each.strategy_id: each.weight for each in self._books.ensembles.newest.on},
        )

    def _day_setup(self, slots: tuple[str, ...]) -> DaySetup:
        day, books = self._day, self._books
        history, hours = books.history, books.session
        members = books.ensembles.newest.members
        rule = history.at(hours.pre_market_ns).ensemble_rule
        return DaySetup(
            run_id=day.run_id,
            epoch=day.epoch,
            day=hours.day,
            feed=day.feed,
            parameters=history.first.model_dump(mode="json"),
            changed=history.changed,
            withdrawn=tuple(sorted(history.withdrawn)),
            members=members,
            weighs=len(members) > 1 and rule == "weighted",
            slots=slots,
            tapes=dict(day.tapes),
            is_granted=day.is_granted,
        )
