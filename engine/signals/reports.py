"""Tables of the scanner turned into what the hub is told, bucket by bucket."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import pairwise

import numpy as np
import pyarrow as pa

from engine.domain.account import ACCELERATION
from engine.domain.candidate import (
    Breadth,
    BucketReport,
    Candidate,
    FadeReason,
    Feature,
    Gate,
    IndexReading,
    Oscillators,
    Phase,
    Side,
    StrategyFailure,
    Window,
    strength_of,
)
from engine.domain.fixed_point import exact_shares, float_sizes
from engine.domain.market_data.quotes import Quote
from engine.domain.parameters import Parameters
from engine.signals.settings import thresholds
from engine.signals.tables import QUOTE_COLUMNS, VOLUMES, fixed_column, gate_column, values

_COPIED = (
    "symbol",
    "ts_event",
    "ts_init",
    "qualified",
    "volume",
    "session_volume",
    "sigma_bps",
    "vwap",
    "vwap_slope",
)
"""Columns of the scanner's table that a candidate has as they are."""


class Windows:
    """Windows cut from a table of candidates' buckets (``tables.buckets_table``)."""

    def __init__(self, buckets: pa.Table, params: Parameters) -> None:
        self._span_ns = params.window_buckets * params.bucket_ns
        self._ts = buckets.column("ts").to_numpy()
        self._prices = [fixed_column(buckets, name) for name in ("high", "low", "last")]
        self._others = [
            float_sizes(fixed_column(buckets, "volume")),
            *(buckets.column(name).to_numpy() for name in ("ao", "ac")),
        ]
        names = np.array(values(buckets, "symbol"), dtype=object)
        changes = np.flatnonzero(names[1:] != names[:-1]) + 1
        cuts = [0, *(int(change) for change in changes), len(names)] if len(names) else []
        self._of_symbol = {names[start]: (start, end) for start, end in pairwise(cuts)}

    def ending(self, symbol: str, ts_event: int) -> Window:
        """Return the window of a symbol that ends with the bucket labelled ``ts_event``."""
        start, end = self._of_symbol[symbol]
        ts = self._ts[start:end]
        last = start + int(np.searchsorted(ts, ts_event, side="right"))
        first = start + int(np.searchsorted(ts, ts_event - self._span_ns, side="right"))
        cut = slice(first, last)
        high, low, price = (column[cut] for column in self._prices)
        volume, ao, ac = (column[cut] for column in self._others)
        return Window(self._ts[cut], high, low, price, volume, ao, ac)


def candidates(table: pa.Table, windows: Windows, params: Parameters) -> Iterator[Candidate]:
    """Yield the candidates of a table (``tables.rows_table`` with quotes), in its order."""
    if not len(table):
        return  # most buckets are empty, and a column costs the same whatever it holds
    limits = thresholds(params)
    gates = [(int(gate), gate.name.lower(), gate_column(gate), limits[gate]) for gate in Gate]
    price: list[int] = fixed_column(table, "last").tolist()
    volumes = {name: fixed_column(table, name).tolist() for name in VOLUMES}
    names = [name for name in table.column_names if name not in ("last", *VOLUMES)]
    columns = {name: values(table, name) for name in names}
    columns |= {name: list(map(exact_shares, volumes[name])) for name in VOLUMES}
    for k in range(len(table)):
        row = {name: column[k] for name, column in columns.items()}
        bid, ask, bid_size, ask_size, quote_ts = (row.pop(name) for name in QUOTE_COLUMNS)
        fade = row["fade_reason"]
        score = abs(row["ac_z"])
        yield Candidate(
            strategy_id=ACCELERATION,
            side=Side(row["side"]),
            phase=Phase(row["phase"]),
            fade_reason=FadeReason(fade) if fade else None,
            score=score,
            strength=strength_of(score),
            confidence=1.0,
            notional=row["run_notional"],
            features=tuple(
                Feature(name, row[column], limit, bool(row["gates"] >> bit & 1))
                for bit, name, column, limit in gates
            ),
            last=price[k],
            quote=Quote(bid, ask, bid_size, ask_size, quote_ts) if quote_ts else None,
            window=windows.ending(row["symbol"], row["ts_event"]),
            oscillators=Oscillators(*(row[name] for name in Oscillators.__struct_fields__)),
            **{name: row[name] for name in _COPIED},
        )


def signalled(table: pa.Table, windows: Windows) -> Iterator[Candidate]:
    """Yield the candidates of a table of other strategies (``signal_tables.SIGNALS``, quoted)."""
    if not len(table):
        return
    price: list[int] = fixed_column(table, "last").tolist()
    sizes = {
        name: list(map(exact_shares, fixed_column(table, name).tolist()))
        for name in ("volume", "session_volume")
    }
    for k, row in enumerate(table.drop_columns(["last", *sizes]).to_pylist()):
        bid, ask, bid_size, ask_size, quote_ts = (row.pop(name) for name in QUOTE_COLUMNS)
        fade, features = row.pop("fade_reason"), row.pop("features")
        yield Candidate(
            side=Side(row.pop("side")),
            phase=Phase(row.pop("phase")),
            fade_reason=FadeReason(fade) if fade else None,
            features=tuple(Feature(**feature) for feature in features),
            last=price[k],
            volume=sizes["volume"][k],
            session_volume=sizes["session_volume"][k],
            quote=Quote(bid, ask, bid_size, ask_size, quote_ts) if quote_ts else None,
            window=windows.ending(row["symbol"], row["ts_event"]),
            **row,
        )


def bucket_reports(
    breadth: pa.Table,
    events: pa.Table,
    windows: Windows,
    params: Parameters,
    signals: pa.Table | None = None,
    failures: Sequence[StrategyFailure] = (),
) -> Iterator[BucketReport]:
    """Yield one report for each row of ``breadth``, with the candidates of its bucket.

    Parameters
    ----------
    signals : table, optional
        Candidates of other strategies than the compiled one.
    failures : sequence of StrategyFailure
        Of these buckets.
    """
    waiting = candidates(events, windows, params)
    if signals is not None and len(signals):
        waiting = merge(waiting, signalled(signals, windows), key=_place)
    following = next(waiting, None)
    grace_ns = params.grace_ns
    columns = {name: values(breadth, name) for name in breadth.column_names}
    readings = [
        (index, columns[f"{index}_ao_bps"], columns[f"{index}_ac_z"])
        for index in params.index_symbols
    ]
    for k, ts in enumerate(columns["ts"]):
        own: list[Candidate] = []
        while following is not None and following.ts_event == ts:
            own.append(following)
            following = next(waiting, None)
        counts = Breadth(
            columns["live"][k],
            columns["rising"][k],
            columns["falling"][k],
            tuple(IndexReading(index, ao[k], z[k]) for index, ao, z in readings),
        )
        failed = tuple(each for each in failures if each.ts_event == ts)
        yield BucketReport(ts, ts + grace_ns, counts, tuple(own), failed)


def _place(candidate: Candidate) -> tuple[int, str]:
    return candidate.ts_event, candidate.symbol
