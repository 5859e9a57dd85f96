"""What strategies say of their candidates, as an Arrow table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engine.domain.candidate import Phase
from engine.domain.fixed_point import PRICE_SCALE
from engine.signals.tables import EXACT_TYPE, QUOTE_COLUMNS, exact_array, values
from engine.signals.whole_tape.signal_lives import PHASES, REASONS, LifeEvents
from engine.signals.whole_tape.tape_block import TapeBlock

_FEATURE = pa.struct(
    [
        ("name", pa.string()),
        ("value", pa.float64()),
        ("threshold", pa.float64()),
        ("passed", pa.bool_()),
    ]
)
SIGNALS = pa.schema(
    [
        ("ts_event", pa.int64()),
        ("ts_init", pa.int64()),
        ("strategy_id", pa.string()),
        ("symbol", pa.string()),
        ("side", pa.int8()),
        ("phase", pa.string()),
        ("fade_reason", pa.string()),
        ("qualified", pa.bool_()),
        ("score", pa.float64()),
        ("strength", pa.float64()),
        ("confidence", pa.float64()),
        ("notional", pa.float64()),
        ("last", EXACT_TYPE),
        ("volume", EXACT_TYPE),
        ("session_volume", EXACT_TYPE),
        ("sigma_bps", pa.float64()),
        ("vwap", pa.float64()),
        ("vwap_slope", pa.float64()),
        ("features", pa.list_(_FEATURE)),
    ]
)
"""One row per raised, updated or faded candidate of a strategy other than the compiled one."""

QUOTED_SIGNALS = pa.unify_schemas(
    [SIGNALS, pa.schema([(name, pa.int64()) for name in QUOTE_COLUMNS])]
)
"""The same with the quote that each qualified row is shown, as ``tables.with_quotes`` adds it."""

type OnSignals = Callable[[pa.Table], None]
"""Takes rows of ``QUOTED_SIGNALS`` of buckets that have closed, in order, whole buckets only."""


def kept_of_a_run(signals: pa.Table) -> pa.Table:
    """Return the rows that a run keeps: what was raised, faded or qualified."""
    is_news = np.array([phase != Phase.UPDATED for phase in values(signals, "phase")], np.bool_)
    return signals.filter(pa.array(is_news | signals.column("qualified").to_numpy()))


def raised_in(signals: pa.Table) -> Counter[str]:
    """Return how many candidates each strategy raised, of rows of ``SIGNALS``."""
    pairs = zip(values(signals, "strategy_id"), values(signals, "phase"), strict=True)
    return Counter(name for name, phase in pairs if phase == Phase.RAISED)


_EXACT = "last", "volume", "session_volume"


class StrategyEvents(NamedTuple):
    """What one strategy says at one close of a block; ``rank`` is its place among them."""

    row: int
    rank: int
    strategy_id: str
    events: LifeEvents


def signals_table(block: TapeBlock, said: Sequence[StrategyEvents]) -> pa.Table:
    """Return what was said at the closes of a block, ordered by time, symbol and strategy."""
    sizes = [len(events.places) for _, _, _, events in said]
    rows = np.repeat([row for row, _, _, _ in said], sizes)
    ranks = np.repeat([rank for _, rank, _, _ in said], sizes)
    places = np.concatenate([events.places for _, _, _, events in said])
    symbols = np.array([block.symbols[place] for place in places.tolist()], dtype=object)
    order = np.lexsort((ranks, symbols.astype(str), rows))
    at = rows[order], places[order]

    def joined(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(events, name) for _, _, _, events in said])[order]

    p = block.settings
    ts_event = p.first_ns + (block.start + at[0].astype(np.int64) + 1) * p.width_ns
    names = np.repeat(np.array([name for _, _, name, _ in said], dtype=object), sizes)
    columns = [
        pa.array(ts_event),
        pa.array(ts_event + p.grace_ns),
        pa.array(names[order], pa.string()),
        pa.array(symbols[order], pa.string()),
        pa.array(joined("side")),
        pa.array([PHASES[phase] for phase in joined("phase").tolist()], pa.string()),
        pa.array([REASONS[reason] for reason in joined("reason").tolist()], pa.string()),
        *(
            pa.array(joined(name))
            for name in ("qualified", "score", "strength", "confidence", "notional")
        ),
        *(exact_array(block.cells(f"ring_{name}", *at)) for name in _EXACT),
        pa.array(block.cells("ring_sigma", *at)),
        pa.array(block.cells("ring_vwap", *at) / PRICE_SCALE),
        pa.array(block.vwap_slopes(*at)),
        _features(said, sizes, order),
    ]
    return pa.table(dict(zip(SIGNALS.names, columns, strict=True)), schema=SIGNALS)


def _features(
    said: Sequence[StrategyEvents], sizes: list[int], order: NDArray[np.intp]
) -> pa.Array[Any]:
    """Return the features of each row, in the order in which its strategy named them."""
    counts = np.repeat([len(events.names) for _, _, _, events in said], sizes)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    names = [
        name for (_, _, _, events), n in zip(said, sizes, strict=True) for name in events.names * n
    ]
    limits = [
        limit
        for (_, _, _, events), n in zip(said, sizes, strict=True)
        for limit in events.thresholds * n
    ]
    values = np.concatenate([events.values.ravel() for _, _, _, events in said])
    passed = np.concatenate([events.passed.ravel() for _, _, _, events in said])
    structs: Any = pa.StructArray
    lists: Any = pa.ListArray
    flat = structs.from_arrays(
        [
            pa.array(names, pa.string()),
            pa.array(values, pa.float64()),
            pa.array(limits, pa.float64()),
            pa.array(passed, pa.bool_()),
        ],
        fields=list(_FEATURE),
    )
    return lists.from_arrays(pa.array(offsets, pa.int32()), flat).take(pa.array(order))
