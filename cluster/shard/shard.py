"""The slots of one shard: which it works, in which group each is fed, and what becomes of orders.

Slots that are assigned together are a group: they share one connection to the relay. One that is
assigned later has a group of its own, whose connection replays the day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from cluster.node_state import SlotState
from cluster.orders import Assign, Change, Order, Release, Unwatch, Watch
from cluster.reports import Owner
from cluster.shard.day_work import DayWork
from cluster.shard.slot_work import SlotWork, Told
from cluster.slots import ACROSS
from cluster.splitting import Divider
from engine.domain.errors import ConfigError
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.trades import TradeBatch

type OpenGroup = Callable[[int, tuple[str, ...], tuple[str, ...]], None]
"""Takes a group's number, prefixes, and the symbols that are expected of it."""

ALL = ("A-Z",)
"""Prefixes of a group whose slots together need the whole tape."""

_ORPHAN_NS = 60 * 1_000_000_000
"""For so long a slot of which a new hub says nothing is kept ready, in marks of the relay."""


@dataclass(slots=True)
class _Group:
    """Slots that share a connection; by name."""

    divider: Divider
    slots: dict[str, SlotWork] = field(default_factory=dict[str, SlotWork])
    orphaned_ns: int = 0


class Shard:
    """The work of one shard on one day.

    Parameters
    ----------
    name : str
        Of the shard, as orders call it.
    tell : callable
        Takes what there is to tell the hub, in order.
    open_group, close_group : callable
        Take a group that needs a connection on which the day is sent from its start; and one that
        needs it no longer.
    """

    def __init__(
        self,
        name: str,
        day: DayWork,
        tell: Callable[[Told], None],
        open_group: OpenGroup,
        close_group: Callable[[int], None],
    ) -> None:
        self.day = day
        self._name = name
        self._tell = tell
        self._open_group = open_group
        self._close_group = close_group
        self._groups: dict[int, _Group] = {}
        self._watched: dict[str, Watch] = {}
        self._opened = 0

    @property
    def states(self) -> tuple[SlotState, ...]:
        """How the slots are, by name."""
        return tuple(work.state for work in sorted(self._works(), key=lambda each: each.slot))

    @property
    def groups(self) -> tuple[int, ...]:
        """Numbers of the groups that are fed."""
        return tuple(self._groups)

    def begin_epoch(self) -> None:
        """Hear that another hub has taken over: nothing is reported before its own orders."""
        self._watched.clear()
        for work in self._works():
            work.owner = None
            work.watches.watch_only(())

    def obey(self, orders: Sequence[Order], *, are_first: bool = False) -> None:
        """Do what a hub has ordered since the last call.

        Parameters
        ----------
        are_first : bool
            They are read from their beginning. A slot that was given to somebody else since is not
            taken on: its order was for an earlier process of our name, which is gone.

        Raises
        ------
        ConfigError
            A slot is ordered that is none of the day's.
        """
        assigned: dict[str, Assign] = {}
        for order in orders:
            match order:
                case Assign():
                    if order.shard == self._name:
                        assigned[order.slot] = order
                    elif are_first:
                        assigned.pop(order.slot, None)
                case Release():
                    if order.slot in assigned and assigned[order.slot].owner == order.owner:
                        del assigned[order.slot]
                    self._release(order.slot, order.owner)
                case Change():
                    self.day.take([order.fact])
                case Watch():
                    self._watched[order.trade_id] = order
                case Unwatch():
                    self._watched.pop(order.trade_id, None)
        self._assign(assigned.values())
        for work in self._works():
            own = (each for each in self._watched.values() if each.slot == work.slot)
            work.watches.watch_only(own)

    def take(self, number: int, quotes: QuoteBatch | None, prints: TradeBatch | None) -> None:
        """Take what arrived together for a group; of one that has ended it is passed over."""
        group = self._groups.get(number)
        if group is None:
            return
        if quotes is not None:
            self._give(group, quotes)
        if prints is not None:
            self._give(group, prints)
        for work in group.slots.values():
            work.catch_up()

    def _give[Batch: (TradeBatch, QuoteBatch)](self, group: _Group, batch: Batch) -> None:
        if (across := group.slots.get(ACROSS)) is not None:
            across.take(batch)
        if len(group.slots) > (across is not None):
            for slot, rows in group.divider.divide(batch):
                work = group.slots.get(self.day.slots.names[slot])
                if work is not None:
                    work.take(rows)

    def mark(self, number: int, ts: int) -> None:
        """Take a mark of the relay for a group: all before an instant (UTC ns) has been taken."""
        group = self._groups.get(number)
        if group is None:
            return
        for work in group.slots.values():
            work.mark(ts)
        self._forget_orphans(group, ts)

    def fetched(self, number: int, until_ns: int) -> None:
        """Hear that the prints of a gap were fetched, up to an exchange time."""
        if (group := self._groups.get(number)) is not None:
            for work in group.slots.values():
                work.fetched(until_ns)

    def end(self) -> None:
        """Work no slot any more."""
        for number in [*self._groups]:
            self._end_group(number)

    def _assign(self, orders: Iterable[Assign]) -> None:
        """Take slots on: those we work already go on, the others are replayed together."""
        fresh: list[Assign] = []
        for order in orders:
            if not self.day.knows(order.slot):
                raise ConfigError(
                    f"the hub orders slot {order.slot}, which is none of the day's: "
                    f"{', '.join(self.day.setup.slots)}"
                )
            work = self._work(order.slot)
            if work is not None and not work.goes_on(order.since_ns) and work.owner != order.owner:
                self._drop(order.slot)
                work = None
            if work is None:
                fresh.append(order)
            else:
                work.assign(order.owner, order.since_ns)
        if not fresh:
            return
        self._opened += 1
        group = self._groups[self._opened] = _Group(Divider(self.day.slots))
        for order in fresh:
            work = group.slots[order.slot] = SlotWork(order.slot, self.day, self._tell)
            work.assign(order.owner, order.since_ns)
        names = tuple(group.slots)
        prefixes = ALL if ACROSS in names else names
        self._open_group(self._opened, prefixes, self.day.listed(names))

    def _release(self, slot: str, owner: Owner) -> None:
        work = self._work(slot)
        if work is not None and work.owner == owner:
            self._drop(slot)

    def _drop(self, slot: str) -> None:
        """End a slot, and with the last of its group the connection."""
        for number, group in [*self._groups.items()]:
            if group.slots.pop(slot, None) is not None and not group.slots:
                self._end_group(number)

    def _end_group(self, number: int) -> None:
        del self._groups[number]
        self._close_group(number)

    def _work(self, slot: str) -> SlotWork | None:
        return next((work for work in self._works() if work.slot == slot), None)

    def _works(self) -> Iterator[SlotWork]:
        for group in self._groups.values():
            yield from group.slots.values()

    def _forget_orphans(self, group: _Group, ts: int) -> None:
        """End the slots of which a hub that took over has said nothing for a while."""
        orphans = [name for name, work in group.slots.items() if work.owner is None]
        if not orphans:
            group.orphaned_ns = 0
        elif not group.orphaned_ns:
            group.orphaned_ns = ts
        elif ts - group.orphaned_ns > _ORPHAN_NS:
            for name in orphans:
                self._drop(name)
