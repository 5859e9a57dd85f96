"""The tape says what was recorded, to every client in its own encoding."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import msgpack
import numpy as np
import pytest

from adapters.alpaca.wire import FrameDecoder
from catalog import Catalog
from engine.domain.fixed_point import json_shares
from engine.domain.market_data.halts import Halts
from engine.domain.market_data.recorded import MarketData
from engine.domain.market_data.trades import TradeBatch
from engine.domain.session import session
from simulator.instants import rfc3339
from simulator.market_data.history.bars import minute_bars
from simulator.market_data.history.recorded import NEVER, Recorded
from simulator.tape import BarMaker, Block, DayReader, JsonFrames, LastSeen, MsgpackFrames
from tests.simulator.server.conftest import DAY

MINUTE = 60_000_000_000


def everything(reader: DayReader) -> np.ndarray:
    return np.ones(len(reader.symbols), np.bool_)


def unpacked(frames: MsgpackFrames, block: Block, reader: DayReader, **how: Any) -> list[Any]:
    every = everything(reader)
    rows: list[Any] = []
    for frame in frames.frames(block, 0, len(block), every, every, **how):
        assert len(frame) < 1024 * 1024
        rows.extend(msgpack.unpackb(frame))
    return rows


def nanos(stamp: msgpack.Timestamp) -> int:
    return stamp.seconds * 1_000_000_000 + stamp.nanoseconds


def test_blocks_hold_every_row_once_in_order_of_arrival_quotes_before_prints_by_symbol(
    market: Catalog, reader: DayReader, blocks: list[Block]
) -> None:
    stored: MarketData = market
    whole = stored.trades(DAY, reader.symbols, 0, 2**62)
    quotes = stored.quotes(DAY, reader.symbols, 0, 2**62)
    assert sum(len(block.trades) for block in blocks) == len(whole) > 100_000
    assert sum(len(block.quotes) for block in blocks) == len(quotes) > 100_000
    keys = [
        (int(ts), int(row) >= 0, int(symbol_of(block, int(row))))
        for block in blocks
        for ts, row in zip(block.ts, block.order, strict=True)
    ]
    assert keys == sorted(keys)
    assert prints(stored.trades(DAY, reader.symbols, 0, 2**62)) == sorted(
        row for block in blocks for row in prints(block.trades)
    )


def prints(batch: TradeBatch) -> list[tuple[Any, ...]]:
    return sorted(
        (ts, batch.symbols[symbol], event, price, size, batch.conditions[codes])
        for symbol, event, ts, price, size, codes in zip(
            batch.symbol_id.tolist(),
            batch.ts_event.tolist(),
            batch.ts_init.tolist(),
            batch.price.tolist(),
            batch.size.tolist(),
            batch.condition_id.tolist(),
            strict=True,
        )
    )


def symbol_of(block: Block, row: int) -> int:
    return block.trades.symbol_id[row] if row >= 0 else block.quotes.symbol_id[~row]


def test_a_msgpack_frame_says_what_the_block_holds(reader: DayReader, blocks: list[Block]) -> None:
    frames = MsgpackFrames(reader.symbols, reader.tapes)
    told = [row for block in blocks for row in unpacked(frames, block, reader, arrivals=True)]
    rows = [row for block in blocks for row in recorded(block)]
    assert {kind for kind, *_ in rows} == {"t", "q", "!"}
    assert {row["T"] for row in told} >= {"t", "q", "x", "c"}
    assert [row for message in told for row in as_rows(message)] == rows


def recorded(block: Block) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for row in block.order.tolist():
        if row < 0:
            q, n = block.quotes, ~row
            terms = q.bid[n], q.bid_size[n], q.ask[n], q.ask_size[n]
            rows.append(("q", q.symbols[q.symbol_id[n]], *map(int, terms), *stamps(q, n)))
        else:
            t = block.trades
            codes = t.conditions[t.condition_id[row]]
            kind = "!" if codes.startswith("!") else "t"
            terms = int(t.price[row]), json_shares(int(t.size[row])), codes.removeprefix("!")
            rows.append((kind, t.symbols[t.symbol_id[row]], *terms, *stamps(t, row)))
    return rows


def stamps(batch: Any, row: int) -> tuple[int, int]:
    return int(batch.ts_event[row]), int(batch.ts_init[row])


def as_rows(message: dict[str, Any]) -> list[tuple[Any, ...]]:
    symbol, times = message["S"], (nanos(message["t"]), nanos(message["r"]))
    match message["T"]:
        case "q":
            terms = (micros(message["bp"]), message["bs"], micros(message["ap"]), message["as"])
            return [("q", symbol, *terms, *times)]
        case "t" | "x":
            terms = (micros(message["p"]), message["s"], "".join(message["c"]))
            return [("t" if message["T"] == "t" else "!", symbol, *terms, *times)]
        case _:
            return [
                (
                    kind,
                    symbol,
                    micros(message[f"{of}p"]),
                    message[f"{of}s"],
                    "".join(message[f"{of}c"]),
                    *times,
                )
                for kind, of in (("!", "o"), ("t", "c"))
            ]


def test_a_client_hears_every_fraction_of_a_share_in_either_encoding(
    reader: DayReader, blocks: list[Block]
) -> None:
    block = next(block for block in blocks if len(block.trades) > 100)
    fine = block.trades.size + np.arange(len(block.trades)) * 123_457 % 1_000_000
    block = replace(block, trades=replace(block.trades, size=fine))
    every = everything(reader)
    for made in (MsgpackFrames, JsonFrames):
        decoder = FrameDecoder()
        heard: list[int] = []
        frames = made(reader.symbols, reader.tapes)
        for frame in frames.frames(block, 0, len(block), every, every, arrivals=True):
            trades = decoder.decode(frame, block.end).trades
            heard += [] if trades is None else trades.size.tolist()
        assert heard == fine.tolist()


def micros(price: float) -> int:
    return round(price * 1_000_000)


@pytest.mark.parametrize("arrivals", [False, True])
def test_json_and_msgpack_say_the_same(
    reader: DayReader,
    blocks: list[Block],
    arrivals: bool,  # noqa: FBT001
) -> None:
    packs = MsgpackFrames(reader.symbols, reader.tapes)
    texts = JsonFrames(reader.symbols, reader.tapes)
    every = everything(reader)
    seen = 0
    for block in [block for block in blocks if len(block)][::20]:
        packed = unpacked(packs, block, reader, arrivals=arrivals)
        for row in packed:
            assert next(iter(row)) == "T"
            row.update({key: rfc3339(nanos(row[key])) for key in ("t", "r") if key in row})
        frames = texts.frames(block, 0, len(block), every, every, arrivals=arrivals)
        assert packed == [row for frame in frames for row in json.loads(frame)]
        seen += len(packed)
    assert seen > 1_000


def test_prints_are_numbered_by_symbol_and_what_is_taken_back_is_named(
    reader: DayReader, blocks: list[Block]
) -> None:
    frames = MsgpackFrames(reader.symbols, reader.tapes)
    told = [row for block in blocks for row in unpacked(frames, block, reader, arrivals=True)]
    terms = {}
    back = 0
    for row in told:
        if row["T"] == "t":
            terms[row["S"], row["i"]] = row["t"], row["p"], row["s"], row["c"]
        elif row["T"] == "c":
            assert terms[row["S"], row["oi"]] == (row["t"], row["op"], row["os"], row["oc"])
            terms[row["S"], row["ci"]] = row["t"], row["cp"], row["cs"], row["cc"]
            back += 1
        elif row["T"] == "x":
            assert terms[row["S"], row["i"]] == (row["t"], row["p"], row["s"], row["c"])
            back += 1
    assert back > 1
    for symbol in reader.symbols:
        mine = [number for name, number in terms if name == symbol]
        assert mine == list(range(1, len(mine) + 1))


def test_only_wanted_symbols_are_sent(reader: DayReader, blocks: list[Block]) -> None:
    frames = MsgpackFrames(reader.symbols, reader.tapes)
    one = np.zeros(len(reader.symbols), np.bool_)
    one[11] = True
    none = np.zeros_like(one)
    busy = max(blocks, key=len)
    got = [
        row
        for frame in frames.frames(busy, 0, len(busy), one, none, arrivals=False)
        for row in msgpack.unpackb(frame)
    ]
    assert len(got) == np.count_nonzero(busy.trades.symbol_id == 11) > 0
    assert {row["S"] for row in got} == {reader.symbols[11]}
    assert list(frames.frames(busy, 0, len(busy), none, none, arrivals=False)) == []


def test_last_seen_is_the_last_row_that_could_be_traded_on(
    market: Catalog, reader: DayReader, blocks: list[Block]
) -> None:
    last = LastSeen(len(reader.symbols))
    for block in blocks:
        half = len(block) // 2
        last.note(block, 0, half)
        last.note(block, half, len(block))
    halts = Halts(market.statuses(DAY))
    for n, symbol in enumerate(reader.symbols):
        mine = market.trades(DAY, [symbol], 0, 2**62)
        quote = market.quotes(DAY, [symbol], 0, 2**62)
        found, touch = last.print(n), last.quote(n)
        assert found is not None
        assert touch is not None
        spread = quote.rows(quote.bid < quote.ask)
        assert (touch.bid, touch.ask, touch.ts_init) == tuple(
            int(column[-1]) for column in (spread.bid, spread.ask, spread.ts_init)
        )
        outside = mine.rows(~halts.covers(mine))
        assert (found.price, found.size) in set(
            zip(outside.price.tolist(), outside.size.tolist(), strict=True)
        )


def test_minute_bars_are_those_that_history_tells(
    market: Catalog, reader: DayReader, blocks: list[Block]
) -> None:
    maker = BarMaker(reader.symbols, reader.tapes, session(DAY))
    told: dict[tuple[str, int], dict[str, Any]] = {}
    for block in blocks:
        maker.take(block)
        found = maker.minute_bars() if block.end % MINUTE == 0 else maker.updated_bars()
        told |= {(bar["S"], bar["t"]): bar for bar in found}
    recorded = Recorded(market, DAY)
    compared = same = 0
    for symbol in reader.symbols:
        prints = recorded.prints(DAY, symbol)
        if (prints.ended_at < NEVER).any():
            continue  # the stream cannot unsay a bar
        bars = minute_bars(prints, reader.tapes.get(symbol, ""), 2**62)
        history = zip(bars.ts, bars.volume, bars.high, bars.low, bars.trade_count, strict=True)
        for ts, volume, high, low, count in history:
            bar = told[symbol, int(ts)]
            found = bar["v"], micros(bar["h"]), micros(bar["l"]), bar["n"]
            compared += 1
            same += found == (json_shares(int(volume)), high, low, count)
    assert same > 0.99 * compared > 1_000
