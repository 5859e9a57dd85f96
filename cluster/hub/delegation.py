"""Which shard works which slot: orders that follow from who lives and what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cluster.merge import ReportMerge
from cluster.node_state import NodeState
from cluster.orders import Assign, Order, Release
from cluster.placement import Load, placed, weights
from cluster.reports import Owner
from cluster.requests import Drain, Move, Request
from cluster.slots import ACROSS, Slot, slots_of
from engine.domain.errors import ConfigError
from engine.domain.session import NANOS_PER_SECOND

_AHEAD = 2
"""So many buckets ahead a slot moves: the new shard replays the day meanwhile."""

_BALANCE_NS = 10 * NANOS_PER_SECOND
_ENOUGH_PRINTS = 10_000
"""Before so many prints were heard, loads say little."""


@dataclass(frozen=True, slots=True)
class Work:
    """A slot in the hands of a shard's process."""

    shard: str
    life: str
    owner: Owner

    def is_of(self, nodes: Mapping[str, NodeState]) -> bool:
        """Say whether that process lives."""
        return self.shard in nodes and nodes[self.shard].life == self.life


class Delegation:
    """Gives each slot to a shard, and to another when that one is gone, drained or loaded too much.

    Nothing here waits or sends: ``look`` returns the orders that are to be sent.

    Parameters
    ----------
    merge : ReportMerge
        Its owners are told of every order, before a shard is.
    epoch : int
        Of the hub's claim.
    width_ns : int
        Of a bucket.
    expected : int
        So many shards are waited for before the first orders.

    Attributes
    ----------
    nobody : list of str
        Slots that no living shard takes.
    contested : dict of slot to tuple of str
        Slots that several shards were started for.
    """

    def __init__(
        self,
        merge: ReportMerge,
        epoch: int,
        width_ns: int,
        *,
        expected: int = 1,
    ) -> None:
        self.nobody: list[str] = []
        self.contested: dict[str, tuple[str, ...]] = {}
        self._merge = merge
        self._epoch = epoch
        self._width_ns = width_ns
        self._expected = expected
        self._number = 0
        self._works: dict[str, Work] = {}
        self._moves: dict[str, Work] = {}
        self._pinned: dict[str, str] = {}
        self._drained: set[str] = set()
        self._loads: dict[str, Load] = {}
        self._measured: dict[str, tuple[str, int]] = {}
        self._balanced: int | None = None

    @property
    def works(self) -> Mapping[str, Work]:
        """Who works each slot."""
        return self._works

    def ask(self, request: Request) -> str:
        """Take what a person asks for; return why that cannot be, else nothing."""
        match request:
            case Drain():
                self._drained.add(request.shard)
                return ""
            case Move():
                try:
                    asked = slots_of(request.letters) or ()
                except ConfigError as error:
                    return str(error)
                meant = [name for name in self._merge.names if _lies_in(name, asked)]
                if not meant:
                    return f"no slot lies within {request.letters}: {', '.join(self._merge.names)}"
                self._pinned |= dict.fromkeys(meant, request.shard)
                self._drained.discard(request.shard)
                return ""

    def look(self, alive: Sequence[NodeState], now: int) -> list[Order]:
        """Return what is to be ordered now.

        Parameters
        ----------
        alive : sequence of NodeState
            Shards that live and speak as the hub does.
        now : int
            Of a clock that never goes back, ns.
        """
        nodes = {each.name: each for each in alive}
        self._drained &= nodes.keys()
        if not self._works and len(nodes) < self._expected:
            return []
        orders = [*self._settled(nodes)]
        wanted = self._wanted(nodes, now)
        for slot, shard in wanted.items():
            work = self._works.get(slot)
            if work is None or not work.is_of(nodes):
                orders.append(self._give(slot, nodes[shard], self._merge.open_ns))
                if work is not None:  # should it only have been stopped, it reads this on waking
                    orders.append(Release(slot, work.owner))
            elif shard != work.shard and slot not in self._moves:
                ahead = self._merge.next_ns + _AHEAD * self._width_ns
                orders.append(self._give(slot, nodes[shard], ahead))
        return orders

    def again(self) -> list[Order]:
        """Return the orders that hold, for shards that may have missed them."""
        held = [*self._works.items(), *self._moves.items()]
        since = self._merge.open_ns
        return [Assign(work.shard, slot, work.owner, since) for slot, work in held]

    def _settled(self, nodes: Mapping[str, NodeState]) -> Iterable[Order]:
        """End moves whose new shard has reported, or died before it has."""
        owners = self._merge.owners
        for slot, work in list(self._moves.items()):
            old = self._works[slot]
            if owners.of(slot) == (work.owner,):
                del self._moves[slot]
                self._works[slot] = work
                yield Release(slot, old.owner)
            elif not work.is_of(nodes):
                del self._moves[slot]
                owners.take_back(slot, work.owner)

    def _give(self, slot: str, node: NodeState, since: int) -> Assign:
        self._number += 1
        owner = Owner(self._epoch, self._number)
        work = Work(node.name, node.life, owner)
        if since > self._merge.open_ns and slot in self._works:
            self._moves[slot] = work
        else:
            self._moves.pop(slot, None)
            self._works[slot] = work
        self._merge.owners.give(slot, owner, since)
        return Assign(node.name, slot, owner, since)

    def _wanted(self, nodes: Mapping[str, NodeState], now: int) -> dict[str, str]:
        """Return which shard is to work each slot."""
        self.nobody, self.contested = [], {}
        open_to = {name: node for name, node in nodes.items() if not self._leaves(node)}
        if not open_to:  # better one that was drained than none
            open_to = {name: node for name, node in nodes.items() if not node.is_draining}
        named = {name: _asked(node) for name, node in open_to.items()}
        autos = [name for name, asked in named.items() if asked is None]
        wanted: dict[str, str] = {}
        free: list[str] = []
        for slot in self._merge.names:
            takers = [name for name, asked in named.items() if asked and _lies_in(slot, asked)]
            work = self._works.get(slot)
            pinned = self._pinned.get(slot)
            if pinned in open_to:
                wanted[slot] = pinned
            elif takers:
                if len(takers) > 1:
                    self.contested[slot] = tuple(takers)
                stays = work is not None and work.is_of(nodes) and work.shard in takers
                wanted[slot] = work.shard if work and stays else takers[0]
            elif autos:
                free.append(slot)
            elif work is not None and work.is_of(nodes):
                wanted[slot] = work.shard
            else:
                self.nobody.append(slot)
        if free:
            wanted |= self._placed(free, autos, nodes, now)
        return wanted

    def _leaves(self, node: NodeState) -> bool:
        return node.is_draining or node.name in self._drained

    def _placed(
        self, slots: Sequence[str], shards: Sequence[str], nodes: Mapping[str, NodeState], now: int
    ) -> dict[str, str]:
        """Return who works slots that nobody was named for; loads are compared now and then."""
        held = {
            slot: self._works[slot].shard
            for slot in slots
            if slot in self._works and self._works[slot].is_of(nodes)
        }
        is_whole = len(held) == len(slots) and set(held.values()) <= set(shards)
        if self._balanced is None:
            self._balanced = now
        if is_whole and now - self._balanced < _BALANCE_NS:
            return held
        if is_whole:
            self._balanced = now
            self._measure(nodes)
        shares = {**dict.fromkeys(slots, Load(1, 1)), **self._known(slots)}
        return placed(weights(shares), shards, held)

    def _known(self, slots: Iterable[str]) -> dict[str, Load]:
        known = {slot: self._loads[slot] for slot in slots if slot in self._loads}
        return known if sum(each.prints for each in known.values()) >= _ENOUGH_PRINTS else {}

    def _measure(self, nodes: Mapping[str, NodeState]) -> None:
        """Take each slot's prints since the last look, as far as one process counted both."""
        loads: dict[str, Load] = {}
        counted: dict[str, tuple[str, int]] = {}
        for node in nodes.values():
            for each in node.slots:
                life, before = self._measured.get(each.slot, ("", 0))
                counted[each.slot] = node.life, each.prints
                if life == node.life and not each.is_replaying:
                    loads[each.slot] = Load(each.prints - before, each.symbols)
        self._measured = counted
        if loads:
            self._loads = loads


def asked_slots(letters: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return the slots that lie within letters as typed; all of them for ``auto``."""
    asked = slots_of(letters)
    return tuple(name for name in names if asked is None or _lies_in(name, asked))


def _asked(node: NodeState) -> tuple[Slot, ...] | None:
    """Return what a shard was started for, None for whatever it is given."""
    try:
        return slots_of(node.letters)
    except ConfigError:
        return ()


def _lies_in(name: str, asked: Iterable[Slot]) -> bool:
    """Say whether a slot lies within stretches that follow each other without a gap."""
    found = None if name == ACROSS else slots_of(name)
    if found is None:
        return False
    slot = found[0]
    first = slot.first
    for each in sorted(asked):
        if each.first <= first <= each.last:
            first = each.last + 1
    return first > slot.last
