"""Ids of prints, which a recorded day does not keep."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.domain.market_data.conditions import REVERSAL_MARK
from engine.domain.market_data.trades import TradeBatch
from simulator.tape.block import compiled
from simulator.tape.survey import Survey

_BITS = 24
_MIX = 0x9E3779B97F4A7C15 - 2**64


class TradeIds:
    """Numbers each symbol's prints from 1 in order of arrival, reversals not counted.

    A print that will be taken back is remembered until then, so that what takes it back can name
    it. Rows must come once and in order.
    """

    def __init__(self, survey: Survey) -> None:
        self._last = np.zeros(len(survey.symbols), np.int64)
        self._taken_back = np.zeros(1 << _BITS, np.bool_)
        _remember(survey.taken_back, self._taken_back)
        self._known: defaultdict[tuple[object, ...], deque[int]] = defaultdict(deque)

    def of(self, trades: TradeBatch) -> NDArray[np.int64]:
        """Return the ids of the next prints; a reversal has that of the print it takes back."""
        reverses = np.array([c.startswith(REVERSAL_MARK) for c in trades.conditions], np.bool_)
        ids = np.empty(len(trades), np.int64)
        suspects = np.empty(len(trades), np.int64)
        found = _number(
            trades.symbol_id,
            trades.ts_event,
            trades.condition_id,
            reverses,
            self._taken_back,
            self._last,
            ids,
            suspects,
        )
        for row in suspects[:found].tolist():
            codes = trades.conditions[trades.condition_id[row]]
            terms = trades.symbol_id, trades.ts_event, trades.price, trades.size
            same = self._known[*(int(column[row]) for column in terms), codes.lstrip(REVERSAL_MARK)]
            if not codes.startswith(REVERSAL_MARK):
                same.append(int(ids[row]))
            elif same:
                ids[row] = same.popleft()
        return ids


@compiled
def _slot(ts: int) -> Any:
    return (np.int64(ts) * np.int64(_MIX)) >> np.int64(64 - _BITS) & np.int64((1 << _BITS) - 1)


@compiled
def _remember(times: NDArray[np.int64], taken_back: NDArray[np.bool_]) -> None:
    for ts in times:
        taken_back[_slot(ts)] = True


@compiled
def _number(
    symbol_id: NDArray[np.int32],
    ts_event: NDArray[np.int64],
    condition_id: NDArray[np.int32],
    reverses: NDArray[np.bool_],
    taken_back: NDArray[np.bool_],
    last: NDArray[np.int64],
    ids: NDArray[np.int64],
    suspects: NDArray[np.int64],
) -> int:
    """Write ids; return how many rows may be, or take back, one that is taken back."""
    found = 0
    for n in range(len(ids)):
        is_reversal = reverses[condition_id[n]]
        if is_reversal:
            ids[n] = 0
        else:
            last[symbol_id[n]] += 1
            ids[n] = last[symbol_id[n]]
        if is_reversal or taken_back[_slot(ts_event[n])]:
            suspects[found] = n
            found += 1
    return found
