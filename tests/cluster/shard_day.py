"""A tape for shards, and what one scanner says of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cluster.merge import ReportMerge
from cluster.slots import ACROSS, Slots
from cluster.streams.port import Streams
from engine.domain.account import ACCELERATION
from engine.domain.market_data.trades import TradeBatch
from engine.domain.parameters import Parameters
from engine.pipeline import observe
from engine.signals import Scanner
from engine.signals.whole_tape.signal_runner import in_process
from tests.cluster.hub_by_hand import HubByHand, member
from tests.cluster.relay_in_thread import RelayInThread
from tests.cluster.seam_day import Recorded, strategies
from tests.cluster.tape_frames import Stamped, frames


@dataclass
class Day:
    """A tape in stretches that end where buckets close, and what one scanner says of it."""

    stretches: list[list[Stamped]]
    closes: list[int]
    params: Parameters
    prints: TradeBatch
    names: tuple[str, ...]
    digest: str

    @property
    def ends(self) -> list[int]:
        """Ends of the buckets."""
        return [each - self.params.grace_ns for each in self.closes]

    @property
    def last(self) -> int:
        """End of the last bucket."""
        return self.ends[-1]

    def hub(self, streams: Streams, slots: Slots) -> HubByHand:
        """Return a hub of the day."""
        day = np.datetime64(self.closes[0], "ns").astype("datetime64[D]").item()
        tapes = dict.fromkeys(self.prints.symbols, "A")
        names = (*slots.names, *((ACROSS,) if self.names != (ACCELERATION,) else ()))
        members = tuple(map(member, self.names))
        return HubByHand(streams, day, self.params, names, members, tapes)

    def merge(self, slots: Slots, *, across: bool = False) -> ReportMerge:
        """Return what joins the reports of slots."""
        return ReportMerge(
            slots, self.ends[0], self.params.bucket_ns, strategies=self.names,
            across=("strongest",) if across else (), version_at=lambda _: 1, wait_ns=None,
        )  # fmt: skip


def day_of(day: Recorded, names: tuple[str, ...] = (ACCELERATION,)) -> Day:
    """Return a tape with what one scanner says of it."""
    tapes = dict.fromkeys(day.prints.symbols, "A")
    closes = list(range(day.first_ns + day.params.grace_ns, day.until_ns + 1, day.params.bucket_ns))
    source = in_process(strategies())(day.hours, day.params, names)
    scanner = Scanner(day.params, day.hours, tapes, source=source)
    quotes = day.quotes.rows(day.quotes.ts_init < closes[-1])
    prints = day.prints.rows(day.prints.ts_init < closes[-1])
    observe(scanner, [quotes], [prints], closes[-1])
    stretches = [*frames(day.prints, day.quotes, closes)]
    return Day(stretches, closes, day.params, day.prints, names, scanner.digest())


def play(relay: RelayInThread, day: Day, start: int, end: int) -> None:
    """Have stretches of the tape arrive, and the relay mark the end of each."""
    for stretch, close in zip(day.stretches[start:end], day.closes[start:end], strict=True):
        for frame, stamp in stretch:
            relay.hear(frame, stamp)
        relay.mark(close)
