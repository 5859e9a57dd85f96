"""A whole day from the catalog: batch equals stream, 26 shards the whole, workers nothing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from catalog import Catalog
from catalog.synth import planted_accelerations, synthesize
from engine.domain.candidate import Gate, Phase
from engine.domain.errors import ConfigError, NotFoundError
from engine.domain.parameters import Parameters
from engine.domain.session import session
from engine.pipeline import observe
from engine.signals import Scanner, scan
from engine.signals.bucket_series import bucket_series

DAY = date(2026, 9, 18)


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    catalog = Catalog(str(tmp_path_factory.mktemp("market")))
    synthesize(catalog, DAY, symbols=60, trades=200_000, seed=11, quotes=True)
    return catalog


def test_the_batch_scan_of_a_day_equals_the_stream(market: Catalog) -> None:
    batch = scan(market, DAY, Parameters())
    raised = batch.candidates.column("phase").to_pylist().count(Phase.RAISED)
    quoted = len(batch.candidates) - batch.candidates.column("bid").null_count
    assert raised >= 5
    assert quoted >= raised
    hours = session(DAY)
    params = batch.params
    stream = Scanner(params, hours, market.tapes(DAY))
    symbols = [name for letter in market.letters(DAY) for b in market.trade_batches(DAY, letter)
               for name in b.symbols]  # fmt: skip
    width = 97 * 1_000_000_000
    start, reports = 0, []
    for now in [*range(hours.open_ns, hours.close_ns, width), hours.close_ns + params.grace_ns]:
        prints = market.trades(DAY, symbols, start, now)
        quotes = market.quotes(DAY, symbols, start, now)
        closes = np.arange(hours.open_ns + params.bucket_ns + params.grace_ns, now + 1,
                           params.bucket_ns)  # fmt: skip
        print_cuts = [0, *np.searchsorted(prints.ts_init, closes), len(prints)]
        quote_cuts = [0, *np.searchsorted(quotes.ts_init, closes), len(quotes)]
        for k, instant in enumerate([*closes.tolist(), start]):
            reports += observe(
                stream,
                [quotes.rows(slice(quote_cuts[k], quote_cuts[k + 1]))],
                [prints.rows(slice(print_cuts[k], print_cuts[k + 1]))],
                instant,
            )
        start = now
    assert len(reports) == len(batch.breadth) == 4_680
    assert stream.digest() == batch.digest()


def test_shards_by_letter_add_up_to_the_whole(market: Catalog) -> None:
    whole = scan(market, DAY, Parameters())
    shards = [scan(market, DAY, Parameters(), letters=[letter]) for letter in market.letters(DAY)]
    assert len(shards) > 10
    assert len(whole.candidates) == sum(len(shard.candidates) for shard in shards) > 0
    for column in ("live", "rising", "falling"):
        total = sum(np.asarray(shard.breadth.column(column)) for shard in shards)
        np.testing.assert_array_equal(whole.breadth.column(column), total)
    np.testing.assert_array_equal(whole.gate_counts, sum(shard.gate_counts for shard in shards))
    index = whole.params.index_symbols[0]
    of_index = scan(market, DAY, Parameters(), letters=[index[0]])
    readings = whole.breadth.column(f"{index}_ac_z")
    np.testing.assert_array_equal(readings, of_index.breadth.column(f"{index}_ac_z"))
    assert np.isfinite(readings.to_numpy()).sum() > 1_000


def test_the_number_of_workers_changes_nothing(market: Catalog) -> None:
    assert scan(market, DAY, Parameters(), workers=1).digest() == (
        scan(market, DAY, Parameters(), workers=5).digest()
    )


def test_a_scan_of_one_symbol_gives_that_symbols_candidates(market: Catalog) -> None:
    whole = scan(market, DAY, Parameters())
    symbol = whole.candidates.column("symbol")[0].as_py()
    alone = scan(market, DAY, Parameters(), symbols=[symbol])
    names = whole.candidates.column("symbol").to_pylist()
    expected = whole.candidates.filter([name == symbol for name in names])
    assert alone.candidates.equals(expected)
    assert alone.quality["symbols"] == 1


def test_planted_accelerations_are_found(market: Catalog) -> None:
    result = scan(market, DAY, Parameters())
    planted = planted_accelerations(market, DAY).to_pylist()
    rows = result.candidates.select(["symbol", "ts_event", "phase"]).to_pylist()
    raised = [(row["symbol"], row["ts_event"]) for row in rows if row["phase"] == Phase.RAISED]
    up = [plant for plant in planted if plant["direction"] > 0]
    found = [
        plant
        for plant in up
        if any(
            symbol == plant["symbol"] and plant["start_ns"] <= ts <= plant["peak_ns"] + 30 * 10**9
            for symbol, ts in raised
        )
    ]
    assert len(up) >= 5
    assert len(found) >= len(up) / 2


def test_the_funnel_counts_every_judged_bucket_once(market: Catalog) -> None:
    result = scan(market, DAY, Parameters())
    funnel = result.funnel()
    assert result.judged == np.asarray(result.breadth.column("live")).sum() > 100_000
    assert funnel[Gate.AO_SIGN].passed <= np.asarray(result.breadth.column("rising")).sum()
    near = np.asarray(result.near_misses.column("gates"))
    alone = {gate: int((near == (1 << 12) - 1 - (1 << gate)).sum()) for gate in Gate}
    for gate, count in alone.items():
        assert count <= funnel[gate].alone


def test_bucket_series_has_every_bucket_from_the_first_print_on(market: Catalog) -> None:
    result = scan(market, DAY, Parameters())
    symbol = result.candidates.column("symbol")[0].as_py()
    series = bucket_series(market, DAY, Parameters(), [symbol]).to_pandas()
    assert (np.diff(series.ts) == 5_000_000_000).all()
    windows = result.buckets.to_pandas()
    own = windows[windows.symbol == symbol].reset_index(drop=True)
    shared_part = series[series.ts.isin(own.ts)].reset_index(drop=True)
    assert len(own) > 36
    assert shared_part.equals(own)


def test_views_for_notebooks_agree(market: Catalog) -> None:
    result = scan(market, DAY, Parameters())
    frame, polars = result.to_pandas(), result.to_polars()
    assert len(frame) == len(polars) == len(result.candidates) > 0
    assert frame["last"].tolist() == polars["last"].to_list()


def test_days_and_letters_without_trades_are_refused_with_what_there_is(
    market: Catalog, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="2026-09-21"):
        scan(market, date(2026, 9, 19), Parameters())
    with pytest.raises(NotFoundError, match="no trades are stored for 2026-09-21"):
        scan(market, date(2026, 9, 21), Parameters())
    with pytest.raises(NotFoundError, match="the day has A"):
        scan(market, DAY, Parameters(), letters=["_"])
    with pytest.raises(NotFoundError):
        scan(Catalog(str(tmp_path)), DAY, Parameters())
