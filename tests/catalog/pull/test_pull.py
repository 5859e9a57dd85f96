"""What was served is what is stored, to the bit."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from catalog import Catalog, StoredReference
from catalog.partition import write_partition
from catalog.pull import KINDS, PullOrder, Vendor, pull
from catalog.schema import Kind
from catalog.sql import query
from catalog.verify import verify
from engine.domain.errors import ConfigError, DataError
from engine.domain.parameters import Parameters
from engine.domain.session import session
from engine.signals import scan
from simulator.market_data.history.bars import minute_bars
from simulator.market_data.history.recorded import Recorded
from simulator.market_data.history.rows import bar_rows
from tests.catalog.pull.conftest import EVENING, served
from tests.simulator.market_data.loopback import KEY, SECRET, Loopback
from tests.simulator.market_data.recorded_day import DAY

PARAMS = Parameters(min_cumulative_ao_volume=100, min_cumulative_notional=500, vol_floor=50)


def same_trades(one: Catalog, other: Catalog, symbols: tuple[str, ...]) -> None:
    """Check that two catalogs hold the same prints of a day, to the bit."""
    assert one.letters(DAY) == other.letters(DAY)
    for symbol in symbols:
        ours, theirs = (each.trades(DAY, [symbol], 0, 1 << 62) for each in (one, other))
        assert len(ours) == len(theirs) > 0, symbol
        for name in ("ts_event", "ts_init", "price", "size"):
            assert np.array_equal(getattr(ours, name), getattr(theirs, name)), (symbol, name)
        assert [ours.conditions[c] for c in ours.condition_id] == [
            theirs.conditions[c] for c in theirs.condition_id
        ]
    found, expected = (scan(each, DAY, PARAMS) for each in (one, other))
    assert expected.candidates.num_rows > 0
    assert found.digest() == expected.digest()


def test_a_pulled_day_is_the_day_as_history_tells_it(
    server: Loopback, history: Catalog, order: PullOrder, tmp_path: Path
) -> None:
    catalog = Catalog(str(tmp_path))
    with Vendor(KEY, SECRET, server.url) as vendor:
        report = pull(catalog, vendor, order)
    same_trades(catalog, history, order.symbols)
    (trades,) = report.kinds
    assert trades.pages == len(server.asked) > 5
    assert trades.rejected > 0  # what was taken back is set aside
    assert catalog.tapes(DAY) == history.tapes(DAY)
    assert verify(catalog).findings == []


def test_a_day_without_corrections_comes_back_bit_by_bit(
    history: Catalog, order: PullOrder, tmp_path: Path
) -> None:
    catalog = Catalog(str(tmp_path))
    with served(history) as server, Vendor(KEY, SECRET, server.url) as vendor:
        report = pull(catalog, vendor, order)
    same_trades(catalog, history, order.symbols)
    assert report.kinds[0].rejected == 0


def test_quotes_bars_news_and_corporate_actions_come_back_whole(
    server: Loopback, recorded: Catalog, order: PullOrder, tmp_path: Path
) -> None:
    catalog = Catalog(str(tmp_path))
    everything = msgspec.structs.replace(order, kinds=KINDS[1:])
    with Vendor(KEY, SECRET, server.url) as vendor:
        report = pull(catalog, vendor, everything)
        again = pull(catalog, vendor, everything)
    tapes = recorded.tapes(DAY)
    view = Recorded(recorded, DAY)
    for symbol in order.symbols:
        ours, theirs = (each.quotes(DAY, [symbol], 0, 1 << 62) for each in (catalog, recorded))
        by_time = np.argsort(theirs.ts_event, kind="stable")
        assert np.array_equal(ours.ts_event, theirs.ts_event[by_time])
        for name in ("bid", "ask", "bid_size", "ask_size"):
            assert np.array_equal(getattr(ours, name), getattr(theirs, name)[by_time])
    bars = sum(len(minute_bars(view.prints(DAY, s), tapes[s], EVENING)) for s in order.symbols)
    assert report.kinds[1].rows == bars > 1000
    first = minute_bars(view.prints(DAY, "AAPL"), tapes["AAPL"], EVENING)
    stored = next(iter(catalog.partitions.tables(Kind.BARS, DAY, "A"))).to_pylist()
    row = next(row for row in stored if row["symbol"] == "AAPL")
    told = bar_rows(first, np.array([0]))[0]
    assert [float(row[name]) for name in ("open", "high", "low", "close", "vwap")] == [
        told[name] for name in ("o", "h", "l", "c", "vw")
    ]
    mine, source = StoredReference(catalog), StoredReference(recorded)
    assert mine.news(0, 1 << 62) == source.news(0, 1 << 62)
    actions = {action.id: action for action in source.corporate_actions(DAY, DAY)}
    assert {action.id: action for action in mine.corporate_actions(DAY, DAY)} == actions
    assert len(actions) == 3
    assert [kind.stored for kind in again.kinds] == [0, 0, 0, 0]
    assert [kind.pages for kind in again.kinds] == [0, 0, 0, 2]
    counted = query(catalog, "select count(*) from news, corporate_actions", 1).rows
    assert counted == [(120 * 3,)]
    assert verify(catalog).findings == []


def test_symbols_that_come_later_are_pulled_alone(
    server: Loopback, order: PullOrder, tmp_path: Path
) -> None:
    catalog = Catalog(str(tmp_path))
    with Vendor(KEY, SECRET, server.url) as vendor:
        pull(catalog, vendor, msgspec.structs.replace(order, symbols=("AAPL", "MSFT")))
        server.asked.clear()
        more = pull(
            catalog, vendor, msgspec.structs.replace(order, symbols=("AAPL", "AMD", "NONESUCH"))
        )
        assert [kind.already for kind in more.kinds] == [1]
        assert [kind.silent for kind in more.kinds] == [1]
        assert all("symbols=AMD%2CNONESUCH" in asked for asked in server.asked)
    stored = catalog.trades(DAY, ["AAPL", "AMD"], 0, 1 << 62)
    assert {stored.symbols[n] for n in np.unique(stored.symbol_id)} == {"AAPL", "AMD"}


def test_a_partition_that_is_gone_is_pulled_again(
    server: Loopback, order: PullOrder, tmp_path: Path
) -> None:
    catalog = Catalog(str(tmp_path))
    few = msgspec.structs.replace(order, symbols=("AAPL", "MSFT"))
    with Vendor(KEY, SECRET, server.url) as vendor:
        pull(catalog, vendor, few)
        catalog.fs.rm(f"{tmp_path}/trades/date={DAY}/letter=M", recursive=True)
        report = pull(catalog, vendor, few)
    assert (report.kinds[0].already, report.kinds[0].stored) == (1, 1)


def test_a_day_that_is_not_over_is_not_taken_for_whole(
    server: Loopback, order: PullOrder, tmp_path: Path
) -> None:
    catalog = Catalog(str(tmp_path))
    today = msgspec.structs.replace(order, today=DAY, symbols=("AAPL",))
    with Vendor(KEY, SECRET, server.url) as vendor:
        for _ in range(2):
            report = pull(catalog, vendor, today)
            assert report.kinds[0].unfinished == [DAY]
            assert report.kinds[0].pages > 0
        assert all("end=" not in asked for asked in server.asked)


def test_rows_that_differ_are_replaced_only_on_demand(
    server: Loopback, order: PullOrder, tmp_path: Path
) -> None:
    catalog = Catalog(str(tmp_path))
    few = msgspec.structs.replace(order, symbols=("AAPL",))
    with Vendor(KEY, SECRET, server.url) as vendor:
        pull(catalog, vendor, few)
        whole = catalog.trades(DAY, ["AAPL"], 0, 1 << 62)
        catalog.fs.rm(f"{tmp_path}/pulled", recursive=True)
        table = next(iter(catalog.partitions.tables(Kind.TRADES, DAY, "A"))).slice(1)
        write_partition(catalog.fs, catalog.root, Kind.TRADES, DAY, "A", [table])
        with pytest.raises(DataError, match="--replace"):
            pull(catalog, vendor, few)
        asked = len(server.asked)
        with pytest.raises(DataError, match="--replace"):
            pull(catalog, vendor, few)
        assert len(server.asked) == asked  # its pages are kept
        pull(catalog, vendor, msgspec.structs.replace(few, replace=True))
        assert len(server.asked) == asked
    again = catalog.trades(DAY, ["AAPL"], 0, 1 << 62)
    assert np.array_equal(again.ts_event, whole.ts_event)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"kinds": ()}, "--trades"),
        ({"symbols": ()}, "--symbols"),
        ({"end": DAY.replace(day=17)}, "before --start"),
        ({"feed": "cnn"}, "--feed cnn"),
        ({"start": DAY.replace(day=22), "end": DAY.replace(day=23)}, "2018-09-24"),
        ({"start": DAY.replace(year=2030), "end": DAY.replace(year=2030)}, "in the future"),
    ],
)
def test_an_order_of_nothing_says_what_is_missing(
    order: PullOrder, change: dict[str, object], told: str
) -> None:
    with pytest.raises(ConfigError, match=told):
        msgspec.structs.replace(order, **change).days()


def test_the_last_nanosecond_of_the_day_is_asked_for(
    server: Loopback, order: PullOrder, tmp_path: Path
) -> None:
    with Vendor(KEY, SECRET, server.url) as vendor:
        pull(Catalog(str(tmp_path)), vendor, msgspec.structs.replace(order, symbols=("AAPL",)))
    assert "start=2018-09-18T04%3A00%3A00%2B00%3A00" in server.asked[0]
    assert "end=2018-09-19T03%3A59%3A59.999999999Z" in server.asked[0]
    assert "feed=sip" in server.asked[0]
    assert session(DAY).close_ns < EVENING
