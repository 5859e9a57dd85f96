"""Minute and daily bars built from the tape, as the venue builds them.

Source: the consolidated tape's bar rules as Alpaca publishes them; a bar is sent only where all of
its prices and its volume are known.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.domain.fixed_point import PRICE_SCALE, json_shares
from engine.domain.market_data.conditions import REVERSAL_MARK, TAPES
from engine.domain.session import Session
from engine.signals.kernel.notional import added, notional_of
from simulator.market_data.history.bar_rules import BarUpdates, bar_updates_table
from simulator.market_data.history.row_facts import told_tape
from simulator.tape.block import Block, compiled

_MINUTE_NS = 60_000_000_000
_HIGH_LOW, _OPEN_CLOSE, _VOLUME, _YELLOW = (int(bit) for bit in BarUpdates if bit)

type Bars = list[dict[str, Any]]

_BAR = np.dtype(
    [
        ("open", "i8"),
        ("high", "i8"),
        ("low", "i8"),
        ("close", "i8"),
        ("volume", "i8"),
        ("count", "i8"),
        ("priced_volume", "i8"),
        ("value", "u8"),
        ("value_high", "i8"),
        ("closed", "?"),
        ("changed", "?"),
    ],
    align=True,
)
"""Prices in 1e-6 USD, volumes in 1e-6 share, value in the two words of a notional."""


class BarMaker:
    """Builds the bars of every symbol, block by block; two blocks make a minute.

    Parameters
    ----------
    symbols : tuple of str
        The universe, in alphabetical order.
    tapes : mapping of symbol to tape letter
    session : Session
        Daily bars are told from its opening on.
    """

    def __init__(
        self, symbols: tuple[str, ...], tapes: Mapping[str, str], session: Session
    ) -> None:
        self._symbols = symbols
        self._told = [told_tape(tapes.get(symbol, "")) for symbol in symbols]
        self._tape_ids = np.array([TAPES.index(tapes.get(name, "")) for name in symbols], np.int64)
        self._session = session
        self._minute = 0
        self._bars = {which: _empty(len(symbols)) for which in ("now", "before", "day")}

    def take(self, block: Block) -> None:
        """Take in the next block."""
        minute = block.start // _MINUTE_NS * _MINUTE_NS
        if minute != self._minute:
            self._bars["before"], self._bars["now"] = self._bars["now"], self._bars["before"]
            self._bars["now"][:] = 0
            self._bars["before"]["changed"] = False
            self._minute = minute
        trades = block.trades
        taken_back = np.array([c.startswith(REVERSAL_MARK) for c in trades.conditions], np.bool_)
        _take(
            trades.symbol_id,
            trades.ts_event,
            trades.price,
            trades.size,
            trades.condition_id,
            self._tape_ids,
            taken_back,
            bar_updates_table(trades.conditions, daily=False),
            bar_updates_table(trades.conditions, daily=True),
            minute,
            (self._bars["now"], self._bars["before"], self._bars["day"]),
        )

    def minute_bars(self) -> Bars:
        """Return the bars of the minute that the last block ended."""
        return self._messages("b", "now", self._minute)

    def updated_bars(self) -> Bars:
        """Return the bars of the minute before that late prints have changed."""
        return self._messages("u", "before", self._minute - _MINUTE_NS, changed=True)

    def daily_bars(self) -> Bars:
        """Return the bars of the day that have changed since this was asked last."""
        if self._minute < self._session.open_ns:
            return []
        return self._messages("d", "day", self._session.at("00:00"), changed=True)

    def _messages(self, kind: str, which: str, ts: int, *, changed: bool = False) -> Bars:
        bars = self._bars[which]
        whole = (bars["open"] > 0) & (bars["low"] > 0) & (bars["volume"] > 0)
        if changed:
            whole &= bars["changed"]
        bars["changed"][whole] = False
        return [
            {
                "T": kind,
                "S": self._symbols[n],
                "o": int(bar["open"]) / PRICE_SCALE,
                "h": int(bar["high"]) / PRICE_SCALE,
                "l": int(bar["low"]) / PRICE_SCALE,
                "c": int(bar["close"]) / PRICE_SCALE,
                "v": json_shares(int(bar["volume"])),
                "n": int(bar["count"]),
                "vw": round(_value(bar) / int(bar["priced_volume"]) / PRICE_SCALE, 6),
                "t": ts,
                "z": self._told[n],
            }
            for n, bar in zip(np.flatnonzero(whole).tolist(), bars[whole], strict=True)
            if bar["priced_volume"]
        ]


def _value(bar: Any) -> int:
    """Return price × size of a bar's prints, 1e-12 USD."""
    return (int(bar["value_high"]) << 64) + int(bar["value"])


def _empty(symbols: int) -> NDArray[Any]:
    return np.zeros(symbols, _BAR)


@compiled
def _take(  # noqa: PLR0917  (a compiled step)
    symbol_id: NDArray[np.int32],
    ts_event: NDArray[np.int64],
    price: NDArray[np.int64],
    size: NDArray[np.int64],
    condition_id: NDArray[np.int32],
    tape_ids: NDArray[np.int64],
    taken_back: NDArray[np.bool_],
    minutely: NDArray[np.uint8],
    daily: NDArray[np.uint8],
    minute: int,
    bars: tuple[Any, Any, Any],
) -> None:
    """Add prints to the bar of their minute, or of the one before, and to that of their day."""
    now, before, day = bars
    for n in range(len(symbol_id)):
        symbol, codes = symbol_id[n], condition_id[n]
        if taken_back[codes]:
            continue
        may = minutely[tape_ids[symbol], codes]
        if ts_event[n] >= minute:
            _add(now[symbol], price[n], size[n], may)
        elif ts_event[n] >= minute - _MINUTE_NS:
            _add(before[symbol], price[n], size[n], may)
        _add(day[symbol], price[n], size[n], daily[tape_ids[symbol], codes])


@compiled
def _add(bar: Any, price: int, size: int, may: int) -> None:
    if may & _HIGH_LOW:
        bar.high = max(bar.high, price)
        bar.low = price if bar.low == 0 else min(bar.low, price)
        if may & _VOLUME:
            high, low = notional_of(price, size)
            bar.value_high, bar.value = added(bar.value_high, bar.value, high, low)
            bar.priced_volume += size
    if may & (_OPEN_CLOSE | _YELLOW):
        if bar.open == 0:
            bar.open = price
        if may & _OPEN_CLOSE:
            bar.close = price
            bar.closed = True
        elif not bar.closed and bar.close == 0:
            bar.close = price
    if may & _VOLUME:
        bar.volume += size
        bar.count += 1
    bar.changed = True
