"""Every slot is worked by one shard that lives, whatever comes and goes."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.hub.delegation import Delegation
from cluster.hub.nodes import Nodes
from cluster.merge import ReportMerge
from cluster.node_state import NodeState, SlotState
from cluster.orders import Assign, Order, Release
from cluster.reports import Owner, SlotReport
from cluster.requests import Drain, Move
from cluster.slots import Slots, slots_of
from cluster.splitting import equal_slots
from engine.domain.candidate import Breadth, BucketReport

WIDTH = 5 * 10**9
SECOND = 10**9


class Cluster:
    """Shards that do as they are told, and the hub's side of it."""

    def __init__(self, slots: Slots, expected: int = 1) -> None:
        self.merge = ReportMerge(slots, WIDTH, WIDTH, wait_ns=None)
        self.delegation = Delegation(self.merge, 7, WIDTH, expected=expected)
        self.nodes: dict[str, NodeState] = {}
        self.works: dict[tuple[str, str], dict[str, Owner]] = {}
        self.since: dict[Owner, int] = {}
        self.now = 0
        self.lives = 0
        self.decided: list[BucketReport] = []

    def start(self, name: str, letters: str = "auto") -> None:
        """Start a shard, or start it again."""
        self.lives += 1
        self.nodes[name] = node(name, str(self.lives), letters)
        self.works[name, str(self.lives)] = {}

    def kill(self, name: str) -> None:
        """Have it say nothing any more."""
        del self.nodes[name]

    def look(self) -> list[Order]:
        """Let the hub look, and the shards obey."""
        orders = self.delegation.look([self.nodes[name] for name in sorted(self.nodes)], self.now)
        self.now += SECOND
        for order in orders:
            self._obey(order)
        return orders

    def bucket(self) -> None:
        """Have every shard report of the buckets that are open, as far as it was told to."""
        for ts in range(self.merge.open_ns, self.merge.next_ns + WIDTH, WIDTH):
            for name, each in self.nodes.items():
                for slot, owner in self.works[name, each.life].items():
                    if ts >= self.since[owner]:
                        self.merge.take(told(slot, owner, ts))
        self.decided += self.merge.decided(self.now)

    def holders(self, slot: str) -> list[str]:
        """Return the shards that live and work a slot."""
        return [name for name, each in self.nodes.items() if slot in self.works[name, each.life]]

    def _obey(self, order: Order) -> None:
        match order:
            case Assign(shard=shard, slot=slot, owner=owner, since_ns=since):
                self.works[shard, self.nodes[shard].life][slot] = owner
                self.since[owner] = since
            case Release(slot=slot, owner=owner):
                for works in self.works.values():
                    if works.get(slot) == owner:
                        del works[slot]
            case _:
                raise AssertionError(order)


def node(name: str, life: str, letters: str = "auto") -> NodeState:
    return NodeState(
        name=name, life=life, role="shard", host="h", pid=1, version="1", beat=0, ts=0,
        letters=letters,
    )  # fmt: skip


def told(slot: str, owner: Owner, ts: int) -> SlotReport:
    return SlotReport(slot, owner, 1, BucketReport(ts, ts + 1, Breadth(0, 0, 0, ()), ()))


STEPS = st.lists(
    st.tuples(st.sampled_from(["start", "kill", "drain", "move", "bucket"]), st.integers(0, 5)),
    max_size=40,
)


@settings(max_examples=60)
@given(steps=STEPS, count=st.integers(1, 9))
def test_no_slot_is_without_a_shard_and_no_bucket_is_left_out(
    steps: list[tuple[str, int]], count: int
) -> None:
    cluster = Cluster(equal_slots(count))
    for step, number in steps:
        name = f"shard-{number}"
        if step == "start":
            cluster.start(name)
        elif step == "kill" and name in cluster.nodes:
            cluster.kill(name)
        elif step == "drain":
            cluster.delegation.ask(Drain(name))
        elif step == "move":
            cluster.delegation.ask(Move(cluster.merge.names[0], name))
        cluster.look()
        if step == "bucket":
            cluster.bucket()
    cluster.start("shard-last")
    before = len(cluster.decided)
    for _ in range(6):
        cluster.look()
        cluster.bucket()
    ends = [each.ts_event for each in cluster.decided]
    assert ends == [WIDTH * (1 + k) for k in range(len(ends))]
    assert len(ends) >= before + 5
    assert not any(each.missing for each in cluster.decided)
    for slot in cluster.merge.names:
        work = cluster.delegation.works[slot]
        assert work.is_of(cluster.nodes)
        assert work.shard in cluster.holders(slot)


def test_a_move_waits_for_the_new_shard_and_the_old_one_goes_on_if_that_dies() -> None:
    cluster = Cluster(equal_slots(2))
    cluster.start("one")
    cluster.look()
    cluster.bucket()
    cluster.start("two")
    slot = cluster.merge.names[0]
    assert cluster.delegation.ask(Move(slot, "two")) == ""
    (order,) = [each for each in cluster.look() if isinstance(each, Assign) and each.slot == slot]
    assert order.shard == "two"
    assert order.since_ns > cluster.merge.next_ns
    cluster.kill("two")
    cluster.look()
    cluster.bucket()
    assert cluster.delegation.works[slot].shard == "one"
    cluster.start("two")
    cluster.look()
    for _ in range(3):
        cluster.bucket()
    released = [each for each in cluster.look() if isinstance(each, Release)]
    assert [each.slot for each in released] == [slot]
    assert cluster.holders(slot) == ["two"]
    assert len(cluster.decided) == 5


def test_a_drained_shard_takes_what_nobody_else_can() -> None:
    cluster = Cluster(equal_slots(2), expected=2)
    cluster.start("one")
    cluster.start("two")
    cluster.look()
    cluster.delegation.ask(Drain("two"))
    for _ in range(4):
        cluster.look()
        cluster.bucket()
    assert not any("two" in cluster.holders(slot) for slot in cluster.merge.names)
    cluster.kill("one")
    cluster.look()
    assert all(cluster.holders(slot) == ["two"] for slot in cluster.merge.names)


def test_letters_as_typed_are_given_to_those_who_asked_for_them() -> None:
    cut = Slots(slots_of("A-M,N-R,S1,S2,T-Z") or ())
    cluster = Cluster(cut, expected=2)
    cluster.start("one", "A-M")
    assert cluster.look() == []
    cluster.start("two", "S")
    cluster.look()
    assert cluster.holders("A-M") == ["one"]
    assert cluster.holders("SA-SM") == cluster.holders("SN-SZ") == ["two"]
    assert set(cluster.delegation.nobody) == {"N-R", "T-Z"}
    cluster.start("rest")
    cluster.look()
    assert cluster.holders("N-R") == cluster.holders("T-Z") == ["rest"]
    assert not cluster.delegation.nobody
    cluster.start("again", "SA-SM")
    cluster.look()
    assert cluster.delegation.contested == {"SA-SM": ("again", "two")}
    assert cluster.holders("SA-SM") == ["two"]
    assert "no slot lies within S1" not in cluster.delegation.ask(Move("S1", "rest"))
    assert "no slot lies within B" in cluster.delegation.ask(Move("B", "rest"))


def test_a_heavy_letter_moves_by_itself() -> None:
    cluster = Cluster(equal_slots(4))
    cluster.start("one")
    cluster.start("two")
    cluster.look()
    heavy = cluster.merge.names[0]
    (at,) = cluster.holders(heavy)
    beside = [name for name in cluster.merge.names[1:] if cluster.holders(name) == [at]]
    assert beside, "the heavy slot has a shard with another one"
    prints = dict.fromkeys(cluster.merge.names, 0)
    for _ in range(40):
        for slot in prints:
            prints[slot] += 90_000 if slot == heavy else 10_000
        for name, each in cluster.nodes.items():
            worked = sorted(cluster.works[name, each.life])
            states = tuple(SlotState(slot, 0, prints[slot], 10, False) for slot in worked)
            cluster.nodes[name] = msgspec.structs.replace(each, slots=states)
        cluster.look()
        cluster.bucket()
    (at,) = cluster.holders(heavy)
    assert not any(cluster.holders(name) == [at] for name in prints if name != heavy)
    assert not any(each.missing for each in cluster.decided)


def test_a_node_lives_while_it_says_something_new_by_the_clock_of_who_listens() -> None:
    nodes = Nodes()
    state = node("one", "a")
    nodes.hear([state], 0)
    nodes.hear([state], SECOND)
    assert nodes.alive(SECOND) == [state]
    assert nodes.alive(3 * SECOND) == []
    again = msgspec.structs.replace(state, beat=1, ts=-5)
    nodes.hear([again], 4 * SECOND)
    assert nodes.alive(5 * SECOND) == [again]


def test_a_shard_that_was_only_stopped_finds_its_slots_released_when_it_wakes() -> None:
    cluster = Cluster(equal_slots(2))
    cluster.start("one")
    cluster.look()
    cluster.bucket()
    stopped = cluster.nodes["one"]
    cluster.kill("one")
    cluster.start("two")
    cluster.look()
    cluster.nodes["one"] = stopped
    cluster.look()
    for slot in cluster.merge.names:
        assert cluster.holders(slot) == ["two"]
