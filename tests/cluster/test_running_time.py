"""Where time runs by itself a silent part of the alphabet costs entries, and never an exit."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from app.cluster.status import cluster_status
from cluster import names
from cluster.coding import packed, unpacked_order
from cluster.node_state import NodeState
from cluster.orders import Assign
from cluster.streams.port import START
from cluster.streams.redis import RedisStreams
from engine.domain.facts import BracketPlanned, BucketIncomplete, Payload, TradeClosed, TradeOpened
from engine.domain.session import NANOS_PER_SECOND, session
from store import Journals
from tests.cli.conftest import DAY
from tests.cluster.faulted_day import FaultedDay
from tests.forked_processes import ForkedProcesses
from tests.resume.killed_day import LOOSE
from tests.resume.soak import tape
from tests.resume.venue import simulated

_SPEED = 30
_RUN = "faulted"
_SETTINGS = (
    *LOOSE, "letters_per_shard=10", "no_entry_first_seconds=0", "max_trades_per_day=5000",
    "daily_loss_limit_percent=50", "max_hold_seconds=60", "take_profit_percent=3",
    "stop_loss_percent=2", "trailing_stop_percent=off", "max_lag_seconds=60",
    "stale_feed_seconds=300",
)  # fmt: skip
_LETTERS = ("A-J", "K-Z")
_STRANGER = NodeState("shard-9", "x", "shard", "elsewhere", 1, "0.0.1", 0, 0, letters="A-Z")


@dataclass
class RunningDay(FaultedDay):
    """A day whose time runs by itself, and what is known of it so far."""

    async def traded(self) -> None:
        """Kill a shard, start it again, have one stopped replaced, and wake it."""
        async with self._whole():
            await self._refuses_a_stranger()
            held = await self._until(self._held, "a position")
            self.children["shard-1"].kill()
            await self._is_silent("A-J", held)
            self._start("shard-1")
            await self._enters_again()

            words, added = self.commands["shard-2"]
            replacing = [word.replace("shard-2", "shard-3") for word in words]
            self.commands["shard-3"] = replacing, added
            held = await self._until(self._held, "a position")
            self.children["shard-2"].send_signal(signal.SIGSTOP)
            await self._is_silent("K-T", held)
            self._start("shard-3")
            await self._enters_again()
            self.children["shard-2"].send_signal(signal.SIGCONT)
            await self._until(self._stands_down, "the end of what a stopped shard worked")
            assert self._slots("shard-3") == {"K-T", "U-Z"}
            await self._enters_again()

    def facts[Kind: Payload](self, kind: type[Kind]) -> list[Kind]:
        """Return the facts of a kind so far."""
        journals = Journals(str(self.folder / "facts.sqlite"))
        if _RUN not in {run.run_id for run in journals.runs()}:
            return []
        found = (fact.payload for fact in journals.open(_RUN).facts())
        return [each for each in found if isinstance(each, kind)]

    def incomplete(self, slot: str = "") -> set[int]:
        """Return the ends of buckets that were decided without a slot, or without any."""
        facts = self.facts(BucketIncomplete)
        return {each.ts for each in facts if not slot or slot in each.slots}

    def approved(self) -> dict[int, bool]:
        """Return the ends of buckets on which something was judged, and whether any was approved.

        The first refusals of a silent stretch say ``tape_incomplete``, later ones that entries are
        held for the trouble that it has become.
        """
        path = self.folder / "runs" / f"{_RUN}.verdicts.jsonl"
        found: dict[int, bool] = {}
        for line in path.read_text().splitlines() if path.exists() else ():
            with suppress(msgspec.DecodeError):  # the last one may be being written
                for each in msgspec.json.decode(line)["verdicts"]:
                    ts = each["ts_event"]
                    found[ts] = found.get(ts, False) or each["approved"]
        return found

    def _held(self) -> set[str]:
        """Return the trades that are open."""
        return self._trades(TradeOpened) - self._trades(TradeClosed)

    def _trades(self, kind: type[TradeOpened | TradeClosed]) -> set[str]:
        return {each.trade_id for each in self.facts(kind)}

    async def _is_silent(self, slot: str, held: set[str]) -> None:
        """Wait until buckets lack a slot, an entry is refused on one, and trades are closed."""
        await self._until(lambda: held <= self._trades(TradeClosed), "the exits")
        await self._until(lambda: self.approved().keys() & self.incomplete(slot), "a refused entry")

    async def _enters_again(self) -> None:
        """Wait until an entry is planned on a bucket after all those that are planned by now."""
        now = self.venue.now
        await self._until(
            lambda: any(each.candidate_ts > now for each in self.facts(BracketPlanned)), "an entry"
        )

    def _slots(self, shard: str) -> set[str]:
        return {slot.slot for node in self.nodes() if node.name == shard for slot in node.slots}

    def _stands_down(self) -> bool:
        return not self._slots("shard-2")

    async def _refuses_a_stranger(self) -> None:
        """Have a shard of another version there, and see that it is named and given nothing."""
        beat, said = 0, dict[str, str]()
        while "versions" not in said:
            beat += 1
            with self._client() as client:
                client.set(
                    names.node("shard-9"),
                    packed(msgspec.structs.replace(_STRANGER, beat=beat)),
                    ex=60,
                )
            said = next((node.issues for node in self.nodes() if node.role == "hub"), {})
            await asyncio.sleep(0.05)
        assert "shard-9: runs tradectl 0.0.1, the hub " in said["versions"]
        assert said["versions"] in self.log("hub").read_text()
        streams = RedisStreams(self.server.address)
        status = await cluster_status(streams)
        orders = await streams.read({names.orders(_RUN, 0): START}, 0)
        await streams.close()
        assert any(said["versions"] in each for each in status.issues)
        given = [unpacked_order(each.data) for each in orders]
        assert "shard-9" not in {each.shard for each in given if isinstance(each, Assign)}


def test_a_silent_part_of_the_alphabet_holds_entries_and_no_exit(
    nursery: ForkedProcesses, tmp_path: Path
) -> None:
    market = tape(tmp_path / "market")
    pace = ("--speed", str(_SPEED), "--start", "09:30", "--requests", str(200 * _SPEED))
    with simulated(market, DAY, *pace) as venue:
        day = RunningDay(
            nursery, tmp_path, venue, market, DAY, 2, settings=_SETTINGS, letters=_LETTERS
        )
        asyncio.run(day.traded())
    silent, width, start = day.incomplete(), 5 * NANOS_PER_SECOND, session(DAY).open_ns
    planned = {each.candidate_ts for each in day.facts(BracketPlanned)}
    assert not planned & silent
    assert all((ts - start) % width == 0 for ts in planned | silent)
    judged = day.approved()
    assert not any(judged[ts] for ts in judged.keys() & silent)
