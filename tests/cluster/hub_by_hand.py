"""A hub that a test leads by the hand: claims, setups, orders, and what shards answered."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version
from typing import Any

from cluster import names
from cluster.coding import (
    VERSION,
    packed,
    unpacked_alert,
    unpacked_node,
    unpacked_report,
    unpacked_rest,
)
from cluster.day_setup import DaySetup, HubClaim
from cluster.merge import ReportMerge, Taken
from cluster.node_state import NodeState
from cluster.orders import Assign, ExitAlert, Order, Release
from cluster.reports import Owner, SlotReport
from cluster.streams.port import START, At, Entry, Streams
from engine.domain.facts import Member
from engine.domain.parameters import Parameters

RUN = "sim-day"


def member(name: str, **parameters: Any) -> Member:
    """Return a strategy of the run."""
    return Member(name, "", 1.0, is_on=True, parameters=parameters, bracket={})


@dataclass
class HubByHand:
    """One hub of a run."""

    streams: Streams
    day: date
    params: Parameters
    slots: tuple[str, ...]
    members: tuple[Member, ...]
    tapes: dict[str, str]
    epoch: int = 1
    is_granted: bool = True
    orders: int = 0
    owners: dict[str, list[tuple[Owner, int]]] = field(
        default_factory=dict[str, list[tuple[Owner, int]]]
    )

    read: dict[str, list[Entry]] = field(default_factory=dict[str, list[Entry]])

    async def claim(self, *, tradectl: str | None = None, wire: int = VERSION) -> None:
        """Take charge of the run."""
        setup = DaySetup(
            RUN, self.epoch, self.day, "sip", self.params.model_dump(mode="json"), (), (),
            self.members, False, self.slots, self.tapes, self.is_granted,
        )  # fmt: skip
        await self.streams.put(names.setup(RUN, self.epoch), packed(setup))
        claim = HubClaim(RUN, self.epoch, tradectl or version("tradectl"), wire)
        await self.streams.put(names.HUB, packed(claim))

    async def order(self, *orders: Order) -> None:
        """Give orders."""
        for order in orders:
            self.orders += 1
            await self.streams.append(names.orders(RUN, self.epoch), At(self.orders), packed(order))

    async def assign(self, shard: str, slots: Iterable[str], since_ns: int) -> None:
        """Give slots to a shard."""
        given: list[Assign] = []
        for slot in slots:
            owner = Owner(self.epoch, self.orders + len(given) + 1)
            self.owners.setdefault(slot, []).append((owner, since_ns))
            given.append(Assign(shard, slot, owner, since_ns))
        await self.order(*given)

    async def release(self) -> None:
        """Take all slots from whoever works them."""
        await self.order(
            *(Release(slot, owners[-1][0]) for slot, owners in self.owners.items() if owners)
        )

    async def entries(self, stream: str) -> list[Entry]:
        """Return all that stands in a stream by now."""
        known = self.read.setdefault(stream, [])
        while found := await self.streams.read({stream: known[-1].at if known else START}, 0.0):
            known += found
        return known

    async def reports(self, slot: str) -> list[SlotReport]:
        """Return what was reported of a slot so far, under each order in turn."""
        return [
            unpacked_report(each.data)
            for owner, _ in self.owners.get(slot, ())
            for each in await self.entries(names.reports(RUN, slot, owner))
        ]

    async def reported(self, ts_event: int, slots: Iterable[str]) -> None:
        """Wait until some slots have reported, under their newest order, up to a bucket's end."""
        for slot in slots:
            stream = names.reports(RUN, slot, self.owners[slot][-1][0])
            while True:
                told = await self.entries(stream)
                if told and told[-1].at.major >= ts_event // 1_000_000:
                    break
                await asyncio.sleep(0.01)

    async def alerts(self, slot: str) -> list[ExitAlert]:
        """Return the exit alerts of a slot."""
        return [
            unpacked_alert(each.data)
            for owner, _ in self.owners[slot]
            for each in await self.entries(names.exits(RUN, slot, owner))
        ]

    async def node(self, name: str) -> NodeState:
        """Return how a shard is, once it has said so."""
        while (said := await self.streams.get(names.node(name))) is None:  # noqa: ASYNC110  (values have no event)
            await asyncio.sleep(0.01)
        return unpacked_node(said)

    async def digest(self, merge: ReportMerge) -> str:
        """Return the digest of all that was reported, refused of nobody."""
        for slot, owners in self.owners.items():
            for owner, since in owners:
                merge.owners.give(slot, owner, since)
        for slot in merge.names:
            for told in await self.reports(slot):
                assert merge.take(told) in {Taken.TAKEN, Taken.AGAIN}
            for owner, _ in self.owners[slot]:
                for each in await self.entries(names.rests(RUN, slot, owner)):
                    merge.take_rest(unpacked_rest(each.data))
        merge.decided(0)
        merge.end()
        return merge.digest()
