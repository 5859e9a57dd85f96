"""Corrections that nobody recorded, of prints whose bucket has long closed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.domain.fixed_point import PRICE_SCALE, json_shares
from engine.domain.market_data.conditions import REVERSAL_MARK
from simulator.market_data.history.row_facts import codes, exchange, told_tape
from simulator.tape import Block


def correction(block: Block, tape_of: Mapping[str, str], ts: int) -> dict[str, Any] | None:
    """Return a correction of a block's first ordinary print, which doubles its size.

    Parameters
    ----------
    ts : int
        When it arrives, UTC ns.
    """
    trades = block.trades
    for row in range(len(trades)):
        conditions = trades.conditions[trades.condition_id[row]]
        if conditions.startswith(REVERSAL_MARK):
            continue
        symbol = trades.symbols[trades.symbol_id[row]]
        price, size = int(trades.price[row]) / PRICE_SCALE, int(trades.size[row])
        listed, number = codes(conditions), int(block.trade_id[row])
        tape = tape_of.get(symbol, "")
        original = {"oi": number, "op": price, "os": json_shares(size), "oc": listed}
        corrected = {"ci": number, "cp": price, "cs": json_shares(2 * size), "cc": listed}
        times = {"t": int(trades.ts_event[row]), "z": told_tape(tape), "r": ts}
        return {"T": "c", "S": symbol, "x": exchange(tape), **original, **corrected, **times}
    return None
