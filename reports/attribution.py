"""What stopped candidates, and what the trades' results came from."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np
import pyarrow as pa

from engine.domain.amounts import exact
from engine.domain.session import day_of
from reports.checks import flat_checks
from reports.columns import flags, floats, integers, new_york_ms, strings

_HALF_HOUR_MS = 1_800_000


@dataclass(frozen=True, slots=True)
class FilterTally:
    """What one confidence filter did over all verdicts.

    ``sole_failures`` counts verdicts on which it was the only consulted filter that did not pass;
    ``basis`` is what its values rested on, the most frequent first.
    """

    name: str
    passed: int
    failed: int
    unknown: int
    off: int
    sole_failures: int
    basis: str

    @property
    def consulted(self) -> int:
        """Verdicts that asked this filter."""
        return self.passed + self.failed + self.unknown


@dataclass(frozen=True, slots=True)
class Slice:
    """The trades that have one thing in common; ``net_pnl`` in USD, ``win_rate`` 0..1."""

    name: str
    trades: int
    net_pnl: float
    win_rate: float
    avg_hold_secs: float


def filter_tallies(verdicts: pa.Table) -> list[FilterTally]:
    """Return a tally for each confidence filter, in the order the checks name them."""
    checks = flat_checks(verdicts)
    failures = np.bincount(checks.verdict[checks.stopped], minlength=verdicts.num_rows)
    alone = checks.stopped & (failures[checks.verdict] == 1)
    tallies: list[FilterTally] = []
    for name in checks.names():
        own = checks.name == name
        outcomes = Counter(checks.outcome[own].tolist())
        bases = Counter(basis for basis in checks.basis[own].tolist() if basis)
        tallies.append(
            FilterTally(
                name,
                outcomes["pass"],
                outcomes["fail"],
                outcomes["unknown"],
                outcomes["off"],
                int(alone[own].sum()),
                ", ".join(basis for basis, _ in bases.most_common()),
            )
        )
    return tallies


def refusals(verdicts: pa.Table) -> list[tuple[str, int]]:
    """Return how often each reason refused a verdict, the most frequent first."""
    rows = zip(flags(verdicts, "approved").tolist(), strings(verdicts, "reason"), strict=True)
    return Counter(reason or "unknown" for approved, reason in rows if not approved).most_common()


def closed(trades: pa.Table) -> pa.Table:
    """Return the trades that have ended."""
    return trades.filter(trades.column("exit_ts").is_valid())


def by_exit_reason(trades: pa.Table) -> list[Slice]:
    """Return the trades by why they ended, the most frequent first."""
    reasons = (reason or "unknown" for reason in strings(trades, "exit_reason"))
    return sorted(_slices(trades, reasons), key=lambda part: -part.trades)


def by_symbol(trades: pa.Table) -> list[Slice]:
    """Return the trades by symbol, the best first."""
    return sorted(_slices(trades, strings(trades, "symbol")), key=lambda s: -s.net_pnl)


def by_side(trades: pa.Table) -> list[Slice]:
    """Return the trades by side, long first."""
    sides = ("long" if side > 0 else "short" for side in integers(trades, "side"))
    return sorted(_slices(trades, sides), key=lambda part: part.name)


def by_day(trades: pa.Table, days: Iterable[date]) -> list[Slice]:
    """Return the trades by New York date of the exit; of ``days``, also those without one."""
    exits = (day_of(int(ts)).isoformat() for ts in integers(trades, "exit_ts"))
    found = _slices(trades, exits)
    idle = {day.isoformat() for day in days} - {part.name for part in found}
    nothing = (Slice(name, 0, 0.0, 0.0, 0.0) for name in idle)
    return sorted([*found, *nothing], key=lambda part: part.name)


def by_half_hour(trades: pa.Table) -> list[Slice]:
    """Return the trades by the half hour of their entry, New York time, ``HH:MM``."""
    halves = new_york_ms(integers(trades, "entry_ts")) // _HALF_HOUR_MS % 48
    names = (f"{half // 2:02d}:{half % 2 * 30:02d}" for half in halves.tolist())
    return sorted(_slices(trades, names), key=lambda part: part.name)


def _slices(trades: pa.Table, keys: Iterable[Hashable]) -> list[Slice]:
    pnl, hold = floats(trades, "realized_pnl"), floats(trades, "hold_secs")
    # a sum of floats would not be exact
    paid = [exact(each or 0) for each in trades.column("realized_pnl").to_pylist()]
    rows: dict[Hashable, list[int]] = defaultdict(list)
    for row, key in enumerate(keys):
        rows[key].append(row)
    return [
        Slice(
            str(key),
            len(own),
            float(sum((paid[row] for row in own), Decimal(0))),
            float(np.mean(pnl[own] > 0)),
            float(np.mean(hold[own])),
        )
        for key, own in rows.items()
    ]
