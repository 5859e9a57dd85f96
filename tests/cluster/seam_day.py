"""Half an hour of a lively tape, through one scanner and through scanners of slots."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import msgspec
import numpy as np
import pandas as pd

from cluster.coding import packed, unpacked_report, unpacked_rest
from cluster.reports import Owner, SlotReport, SlotRest, split_report
from cluster.slots import ACROSS, Slots
from cluster.splitting import Divider
from engine.decision import BucketDecision, DeskState
from engine.domain.account import ACCELERATION
from engine.domain.candidate import BucketReport
from engine.domain.ensemble import Ensemble
from engine.domain.facts import Member
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.trades import TradeBatch
from engine.domain.parameters import Parameters, parameters_from
from engine.domain.session import NANOS_PER_SECOND, Session, session
from engine.hub.digests import DecisionDigest
from engine.pipeline import judge, observe
from engine.signals import Scanner
from engine.signals.whole_tape.signal_runner import in_process
from engine.signals.whole_tape.signals import Signals, at_least
from engine.signals.whole_tape.tape import Tape
from engine.signals.whole_tape.tape_strategy import TapeStrategy
from strategies import OpeningRange, Reversion
from strategies.opening_range.strategy import OpeningRangeParameters
from strategies.reversion.strategy import ReversionParameters
from tests.decision.scene import desk
from tests.signals.tapes import DAY, EAGER, batch

SYMBOLS = (
    "A", "AAPL", "BACpL", "BRK.B", "C", "CVX", "DIA", "F", "GE", "IWM", "KO", "MSFT", "NVDA",
    "PEP", "QQQ", "S", "S.PR", "SNAP", "SPY", "TSLA", "UBER", "XOM", "ZM",
)  # fmt: skip
SECS = 500
_LIMITS = (
    "no_entry_first_seconds=0", "use_vwap_alignment=false", "max_volume_share_percent=off",
    "min_market_gravity=-1", "max_spread_bps=100", "concurrent_trading=true", "max_concurrent=3",
    "direction=both",
)  # fmt: skip


class Strongest(TapeStrategy):
    """Enter what has risen most of all: it looks across symbols."""

    strategy_id = "strongest"
    across_symbols = True

    def signals(self, tape: Tape) -> Signals:
        """Rank the tape."""
        way = tape.last / tape.opening_price
        rank = np.argsort(np.argsort(-np.nan_to_num(way, nan=0.0), kind="stable"), kind="stable")
        score = np.maximum(0.0, 3.0 - rank)
        return Signals(side=np.ones(len(tape)), score=score, features={"s": at_least(score, 2.0)})


def strategies() -> tuple[TapeStrategy, ...]:
    """Return those that come with the engine, so eager that a quiet tape moves them."""
    range_of = OpeningRangeParameters.model_validate(
        {"range_buckets": 30, "min_surge": 1, "min_score": 0, "min_width_percent": 0,
         "min_session_notional": 0}
    )  # fmt: skip
    away = ReversionParameters.model_validate(
        {"min_distance": 1, "min_age": 24, "min_surge": 1, "min_session_notional": 0}
    )
    return Strongest(), Reversion(away), OpeningRange(range_of)


@dataclass(frozen=True)
class Recorded:
    """What arrived, and until when the buckets are closed (UTC ns)."""

    hours: Session
    prints: TradeBatch
    quotes: QuoteBatch
    until_ns: int
    params: Parameters

    @property
    def first_ns(self) -> int:
        """End of the first bucket."""
        return self.hours.open_ns + self.params.bucket_ns

    def frames(self, seed: int) -> Iterator[tuple[int, list[QuoteBatch], list[TradeBatch]]]:
        """Yield marks and what arrived before each since the last one, cut anywhere."""
        rng = np.random.default_rng(seed)
        marks = rng.integers(self.hours.open_ns, self.until_ns, int(rng.integers(5, 60)))
        since = 0
        for now in [*np.sort(marks).tolist(), self.until_ns]:
            yield now, _cut(self.quotes, since, now, rng), _cut(self.prints, since, now, rng)
            since = now


def _cut[Batch: (TradeBatch, QuoteBatch)](
    whole: Batch, since: int, now: int, rng: np.random.Generator
) -> list[Batch]:
    start, end = np.searchsorted(whole.ts_init, [since, now]).tolist()
    inner = rng.integers(start, end + 1, int(rng.integers(0, 6))).tolist()
    edges = sorted({start, *inner, end})
    return [whole.rows(slice(a, b)) for a, b in pairwise(edges)]


def synthetic() -> Recorded:
    """Return prices that swing apart, with bursts, late prints, and quotes around them."""
    rng, hours, n = np.random.default_rng(23), session(DAY), 22_000
    chance = rng.dirichlet(np.full(len(SYMBOLS), 2.0))
    which = rng.choice(len(SYMBOLS), n, p=chance)
    ts = np.sort(hours.open_ns + rng.integers(0, SECS * NANOS_PER_SECOND, n))
    secs = (ts - hours.open_ns) / NANOS_PER_SECOND
    phase = which * 1.7
    swing = (1 + 0.9 * np.cos(secs / 190 + phase)) * np.sin(secs / (50 + 3 * which) + phase)
    base = 20.0 + 4 * which + 0.02 * (20.0 + 4 * which) * swing
    late = rng.choice([10**6, 150 * 10**6, 400 * 10**6], n, p=[0.6, 0.3, 0.1])
    frame = pd.DataFrame(
        {
            "symbol": np.array(SYMBOLS)[which],
            "ts_event": ts,
            "ts_init": ts + late,
            "price": np.round(base + rng.choice([-0.01, 0, 0.02], n), 2),
            "size": rng.choice([50, 100, 900, 0.25], n),
            "conditions": rng.choice(["@", "@I", ""], n),
        }
    ).sort_values("ts_init", kind="stable", ignore_index=True)
    prints = batch(frame)
    some = np.sort(rng.choice(n, n // 4, replace=False))
    at = prints.rows(some)
    sizes = rng.integers(1_000, 90_000, len(some))
    quotes = QuoteBatch(
        at.symbol_id, at.symbols, at.ts_event, at.ts_init,
        at.price - 10_000, at.price + 10_000, sizes, sizes,
    )  # fmt: skip
    params = parameters_from(EAGER.model_dump(mode="json", exclude_unset=True), _LIMITS)
    until = hours.open_ns + SECS * NANOS_PER_SECOND + params.grace_ns
    return Recorded(hours, prints, quotes, until, params)


def _scanner(day: Recorded, said_by: Sequence[str]) -> Scanner:
    source = in_process(strategies())(day.hours, day.params, said_by)
    return Scanner(day.params, day.hours, {}, source=source)


NAMES = (ACCELERATION, *(each.strategy_id for each in strategies()))
ACROSS_NAMES = tuple(each.strategy_id for each in strategies() if each.across_symbols)
ALONE_NAMES = tuple(name for name in NAMES if name not in ACROSS_NAMES)


@dataclass(frozen=True)
class OneProcess:
    """What one scanner of everything says."""

    reports: list[BucketReport]
    digest: str


def in_one_process(day: Recorded, seed: int) -> OneProcess:
    """Run one scanner."""
    scanner, reports = _scanner(day, NAMES), list[BucketReport]()
    for now, quotes, prints in day.frames(seed):
        reports += observe(scanner, _some(quotes), _some(prints), now)
    return OneProcess(reports, scanner.digest())


def in_slots(day: Recorded, slots: Slots, seed: int) -> dict[str, list[BucketReport]]:
    """Run a scanner for each slot, frames cut otherwise for each, and return what each says."""
    found: dict[str, list[BucketReport]] = {}
    for number, name in enumerate((*slots.names, ACROSS)):
        said_by = ACROSS_NAMES if name == ACROSS else ALONE_NAMES
        scanner, divider, found[name] = _scanner(day, said_by), Divider(slots), []
        for now, quotes, prints in day.frames(seed + number):
            own = quotes, prints
            if name != ACROSS:
                own = _own(quotes, divider, number), _own(prints, divider, number)
            found[name] += observe(scanner, _some(own[0]), _some(own[1]), now)
    return found


def _own[Batch: (TradeBatch, QuoteBatch)](
    batches: Sequence[Batch], divider: Divider, number: int
) -> list[Batch]:
    return [part for whole in batches for slot, part in divider.divide(whole) if slot == number]


def told(
    reports: dict[str, list[BucketReport]], owner: Owner
) -> list[tuple[SlotReport, SlotRest | None]]:
    """Return what shards send of it, once it has been bytes."""
    found: list[tuple[SlotReport, SlotRest | None]] = []
    for slot, own in reports.items():
        said_by = ACROSS_NAMES if slot == ACROSS else ALONE_NAMES
        for report in own:
            first, rest = split_report(report, slot, owner, 1, said_by=said_by)
            found.append(
                (
                    unpacked_report(packed(first)),
                    None if rest is None else unpacked_rest(packed(rest)),
                )
            )
    return found


def _some[Batch: (TradeBatch, QuoteBatch)](batches: Sequence[Batch]) -> list[Batch]:
    return [each for each in batches if len(each)]


def the_desk() -> DeskState:
    """Return a desk that hosts all of them."""
    members = tuple(
        Member(name, "", 1 / len(NAMES), is_on=True, parameters={}, bracket={}) for name in NAMES
    )
    return msgspec.structs.replace(desk(), ensemble=Ensemble(1, members))


def decisions(day: Recorded, reports: Sequence[BucketReport]) -> list[BucketDecision]:
    """Return what a desk decides on reports, bucket by bucket."""
    at = the_desk()
    return [judge(report, at, day.params, day.hours) for report in reports]


def decision_digest(candidates: str, decided: Sequence[BucketDecision]) -> str:
    """Return the digest of a day."""
    digest = DecisionDigest()
    digest.add_day(candidates, decided)
    return digest.hexdigest()
