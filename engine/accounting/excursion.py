"""How far the market went for and against a trade, measured on prints."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.accounting.books.trades import Trade
from engine.domain.account import ACCELERATION
from engine.domain.candidate import Side
from engine.domain.facts import TradeMeasured
from engine.domain.fixed_point import PRICE_SCALE
from engine.domain.market_data.conditions import Updates, tape_id, updates_table
from engine.domain.market_data.halts import Halts
from engine.domain.market_data.recorded import MarketData
from engine.domain.market_data.trades import TradeBatch
from engine.domain.session import day_of


class Excursion(msgspec.Struct, frozen=True):
    """Furthest move against (<= 0) and for (>= 0) a price, in percent of that price."""

    adverse_pct: float
    favourable_pct: float


def excursion(side: Side, price: float, prints: NDArray[np.int64]) -> Excursion:
    """Return how far prints went from a price.

    Parameters
    ----------
    price : float
        Where a trade was entered, or could have been, 1e-6 USD.
    prints : int64 array, shape (n,)
        Standing prints of the stretch, 1e-6 USD; none at all means no excursion.
    """
    if not len(prints):
        return Excursion(0.0, 0.0)
    down, up = (100 * (float(print_) / price - 1) for print_ in (prints.min(), prints.max()))
    worst, best = (down, up) if side is Side.LONG else (-up, -down)
    return Excursion(min(worst, 0.0), max(best, 0.0))


def standing(batch: TradeBatch, tapes: Mapping[str, str]) -> NDArray[np.bool_]:
    """Say which prints may set a high or low and were not taken back within the batch.

    Parameters
    ----------
    tapes : mapping of symbol to tape letter
        Symbols that are missing have an unknown tape.

    Returns
    -------
    bool array, shape (n,)
    """
    tape_ids = [tape_id(tapes.get(symbol, "")) for symbol in batch.symbols]
    on_tape = np.asarray(tape_ids, np.int64)[batch.symbol_id]
    bits = updates_table(batch.conditions)[on_tape, batch.condition_id]
    reversal = (bits & Updates.REVERSAL) != 0
    stands = ((bits & Updates.HIGH_LOW) != 0) & ~reversal
    for row in np.flatnonzero(reversal):
        twin = (
            stands[:row]
            & (bits[:row] == bits[row] & ~np.uint8(Updates.REVERSAL))
            & (batch.symbol_id[:row] == batch.symbol_id[row])
            & (batch.ts_event[:row] == batch.ts_event[row])
            & (batch.price[:row] == batch.price[row])
            & (batch.size[:row] == batch.size[row])
        )
        stands[np.flatnonzero(twin)[-1:]] = False
    return stands


def measure(
    trade: Trade, market: MarketData, tapes: Mapping[str, str], halts: Halts
) -> TradeMeasured | None:
    """Return the MAE and MFE of a trade, from the prints while it was open, less those in a halt.

    None for a trade that is still open: its excursion is not over.
    """
    if trade.exit_ts is None:
        return None
    day = day_of(trade.entry_ts)
    batch = market.trades(day, [trade.symbol], trade.entry_ts, trade.exit_ts + 1)
    entry = float(trade.avg_px_open * PRICE_SCALE)
    tradable = standing(batch, tapes) & ~halts.covers(batch)
    moved = excursion(trade.side, entry, batch.price[tradable])
    return TradeMeasured(
        trade_id=trade.trade_id,
        strategy_id=trade.strategy_id or ACCELERATION,
        symbol=trade.symbol,
        venue=trade.venue,
        account=trade.account,
        mae_pct=moved.adverse_pct,
        mfe_pct=moved.favourable_pct,
    )
