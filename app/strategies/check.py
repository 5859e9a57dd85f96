"""Whether a strategy can be believed: it never looks ahead, and says the same whoever asks."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from app.strategies.hosted import Hosted
from app.strategies.shown_alone import SaidAlone, SomeSymbols, first_said_alone, symbols_alone
from app.strategies.workers import RECORDED, Looks, StrategyProcesses
from catalog import Catalog
from engine.domain.errors import ConfigError
from engine.domain.parameters import Parameters
from engine.domain.session import session
from engine.signals import ScanResult, scan
from engine.signals.whole_tape.history import quotes
from engine.signals.whole_tape.signal_runner import SignalSource
from engine.signals.whole_tape.tape_block import TAPE_BUCKETS

_COMPARED = (
    "ts_event", "strategy_id", "symbol", "side", "phase", "fade_reason", "qualified", "score",
    "strength", "confidence", "notional",
)  # fmt: skip

_COMPARED_ROWS = 500
"""Rows said of all symbols, to be said again of some alone."""

_FEATURE = ("name", "value", "threshold", "passed")
_SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")


type Show = Callable[[SignalSource], SignalSource]
"""Shows a source another tape."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The first bucket of which two questions had two answers.

    Of one that looks ahead ``first`` is what it said bucket by bucket, and ``second`` with the next
    buckets at hand; of one that is not repeatable, what it said once, and again.
    """

    ts_event: int
    first: tuple[str, ...]
    second: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckedStrategy:
    """What a check found.

    Attributes
    ----------
    look_ahead : bool or None
        What it said of a bucket depended on what came after it. None where nobody can tell: it is
        not repeatable.
    repeatable : bool
        It says the same of the same day twice.
    failure : str or None
        Why it was switched off, if it was.
    lacks_quotes : bool
        It asks for quotes, and none are stored for the day: all that it saw of them was NaN.
    opened : tuple of str
        What it read, started or connected to while it was asked, or of the catalog before: what it
        sees is to come from the tape alone.
    loaded : tuple of str
        Files of its own that it read before the day, as a model; whether they hold the future,
        nobody can tell.
    across_symbols : bool
        What it says of a symbol depends on the others on the tape, as declared or as found out: not
        on a day on which it says nothing.
    declares_across_symbols : bool
        Its class says so. One that does not, and does look across them, would say otherwise in a
        cluster.
    said_alone : SaidAlone or None
        Where it was found out.
    ms_a_bucket : float
        Wall milliseconds of a bucket; with the compiled scanner's share.
    """

    strategy: str
    date: str
    candidates: int
    look_ahead: bool | None
    repeatable: bool
    failure: str | None
    lacks_quotes: bool
    opened: tuple[str, ...]
    loaded: tuple[str, ...]
    first_difference: Difference | None
    across_symbols: bool
    declares_across_symbols: bool
    said_alone: SaidAlone | None
    ms_a_bucket: float

    @property
    def is_fine(self) -> bool:
        """Whether nothing speaks against the strategy."""
        across = self.across_symbols and not self.declares_across_symbols
        return self.repeatable and not (self.look_ahead or self.failure or self.opened or across)


def checked_strategy(
    market: Catalog,
    day: date,
    hosted: Hosted,
    *,
    symbols: Sequence[str] | None = None,
    letters: Sequence[str] | None = None,
) -> CheckedStrategy:
    """Check one strategy; raises as ``checked_strategies`` does, and where there are others."""
    if len(hosted.look_at_the_tape) != 1:
        raise ConfigError("expected one strategy over the tape to check: give --strategy once")
    (checked,) = checked_strategies(market, day, hosted, symbols=symbols, letters=letters)
    return checked


def checked_strategies(
    market: Catalog,
    day: date,
    hosted: Hosted,
    *,
    symbols: Sequence[str] | None = None,
    letters: Sequence[str] | None = None,
    params: Parameters | None = None,
) -> list[CheckedStrategy]:
    """Ask strategies about a day bucket by bucket, then in blocks of buckets, and compare.

    Asked bucket by bucket, as live, a process has seen nothing of what comes after: at no bucket,
    of no symbol. In blocks, as in a scan, up to 31 further buckets lie in its memory. A process
    that has seen the whole day is asked once more: what it remembers shows as another answer.

    Raises
    ------
    ConfigError
        Their signals are compiled in.
    NotFoundError, DataError
        As ``scan`` does.
    """
    if len(hosted.look_at_the_tape) != len(hosted.strategies):
        raise ConfigError("acceleration is compiled in: check a strategy over the tape")
    hours, params = session(day), params or Parameters()
    looks: dict[str, Looks] = {name: Looks([], []) for name in hosted.names}

    def asked(of: Hosted, buckets: int, show: Show = _whole_tape) -> ScanResult:
        make_source = of.make_source(market, RECORDED, looks, watches=False)
        source = make_source(hours, params, of.names)
        assert source is not None  # noqa: S101 - there are strategies that look at the tape
        return scan(
            market, day, params, symbols=symbols, letters=letters, source=show(source),
            block_buckets=buckets,
        )  # fmt: skip

    def elsewhere(names: Collection[str]) -> Hosted:
        """Return some of them in processes that have seen nothing yet."""
        some = tuple(each for each in hosted.strategies if each.strategy_id in names)
        return replace(hosted, strategies=some, processes=StrategyProcesses())

    by_bucket = asked(hosted, 1)
    in_blocks = elsewhere(hosted.names)
    started = time.perf_counter()
    whole = asked(in_blocks, TAPE_BUCKETS)
    secs = time.perf_counter() - started
    again = asked(in_blocks, TAPE_BUCKETS)
    ahead = {name: _difference(by_bucket, whole, name) for name in hosted.names}
    unlike = {name: _difference(whole, again, name) for name in hosted.names}
    if suspects := [name for name in hosted.names if ahead[name] and not unlike[name]]:
        # what depends on chance, or on the clock, as it begins differs here as well
        afresh = asked(elsewhere(suspects), 1)
        unlike |= {name: _difference(by_bucket, afresh, name) for name in suspects}

    def said_alone(name: str, said: pa.Table) -> SaidAlone | None:
        """Show some symbols alone, and all others without them, and compare with what was said."""
        chosen = symbols_alone(said)
        until = int(said.column("ts_event")[min(len(said), _COMPARED_ROWS) - 1].as_py())
        for shown in (*chosen, None):
            symbols_shown = chosen if shown is None else [shown]

            def narrowed(source: SignalSource, names: list[str] = symbols_shown) -> SignalSource:
                return SomeSymbols(source, names, until, shows=names is not chosen)

            again = asked(elsewhere([name]), TAPE_BUCKETS, narrowed)
            both = [_until(each, until) for each in (said, _said(again, name))]
            found = first_said_alone(both[0], both[1], chosen, shown=shown)
            if found is not None:
                return found
        return None

    raised = whole.raised()
    failed = {each.strategy_id: each.why for each in (*by_bucket.failures, *whole.failures)}
    root = Path(market.root).resolve()
    checked: list[CheckedStrategy] = []
    for strategy in hosted.look_at_the_tape:
        name = strategy.strategy_id
        declared, said = strategy.across_symbols, _said(whole, name)
        alone = said_alone(name, said) if len(said) and not (declared or unlike[name]) else None
        loaded = dict.fromkeys(looks[name].before)
        of_catalog = [each for each in loaded if Path(each).resolve().is_relative_to(root)]
        one = CheckedStrategy(
            strategy=name,
            date=day.isoformat(),
            candidates=raised[name],
            look_ahead=None if unlike[name] else ahead[name] is not None,
            repeatable=unlike[name] is None,
            failure=failed.get(name),
            lacks_quotes=quotes() in strategy.needs() and not market.has_quotes(day),
            opened=tuple(dict.fromkeys([*of_catalog, *looks[name].meanwhile])),
            loaded=tuple(each for each in loaded if each not in of_catalog),
            first_difference=unlike[name] or ahead[name],
            across_symbols=declared or alone is not None,
            declares_across_symbols=declared,
            said_alone=alone,
            ms_a_bucket=1_000 * secs / len(whole.breadth),
        )
        checked.append(one)
    return checked


def _whole_tape(source: SignalSource) -> SignalSource:
    return source


def _until(said: pa.Table, ts: int) -> pa.Table:
    return said.filter(pc.field("ts_event") <= pc.scalar(ts))


def _difference(first: ScanResult, second: ScanResult, name: str) -> Difference | None:
    """Return the first bucket of which a strategy said something else."""
    one, two = _said(first, name), _said(second, name)
    if one.equals(two):
        return None
    times = [each.column("ts_event").to_numpy() for each in (one, two)]
    for ts in np.union1d(*times).tolist():
        starts, ends = ([np.searchsorted(own, ts, side) for own in times] for side in _SIDES)
        both = [
            each.slice(int(start), int(end - start))
            for each, start, end in zip((one, two), starts, ends, strict=True)
        ]
        if not both[0].equals(both[1]):
            said = (tuple(map(str, table.to_pylist()[:3])) for table in both)
            return Difference(ts, *said)
    raise AssertionError("unequal tables of equal buckets")


def _said(result: ScanResult, name: str) -> pa.Table:
    """Return what a strategy said, without quotes: NaN as one value, and comparable."""
    assert result.signals is not None  # noqa: S101 - a source was given
    own = result.signals.filter(pc.field("strategy_id") == pc.scalar(name)).combine_chunks()
    said = own.select(list(_COMPARED))
    for k, column in enumerate(said.column_names):
        if pa.types.is_floating(said.schema.field(k).type):
            said = said.set_column(k, column, _comparable(said.column(column)))
    features: Any = own.column("features").combine_chunks()
    counts = pa.array(features.value_lengths())
    flat = features.flatten()
    held = [flat.field(k) for k in range(flat.type.num_fields)]
    words = pa.table(dict(zip(_FEATURE, held, strict=True)))
    told = [",".join(map(str, row.values())) for row in words.to_pylist()]
    starts = np.concatenate([[0], np.cumsum(counts.to_numpy(zero_copy_only=False))])
    texts = ["; ".join(told[a:b]) for a, b in pairwise(starts.tolist())]
    return said.append_column("features", pa.array(texts, pa.string()))


def _comparable(column: Any) -> pa.Array[Any]:
    return pa.array(np.nan_to_num(column.to_numpy(), nan=-1.0))
