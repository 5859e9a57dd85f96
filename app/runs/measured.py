"""How far the market went while a live run's trades were open, measured once its day is at hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from engine.accounting import keep_accounts
from engine.accounting.books.trades import Trade
from engine.accounting.excursion import measure
from engine.domain.facts import Fact
from engine.domain.market_data.halts import Halts
from engine.domain.market_data.recorded import MarketData
from engine.domain.session import day_of


class Measured(msgspec.Struct, frozen=True):
    """The facts of a run with what was measured after its end, which is not kept.

    Attributes
    ----------
    without : tuple of str
        Trades that are over and of which the tape has no print while they were open.
    """

    facts: tuple[Fact, ...]
    without: tuple[str, ...]


def measured(facts: Sequence[Fact], market: MarketData) -> Measured:
    """Return a run's facts with the MAE and MFE of trades that it did not measure itself.

    A run that hears its day from a venue cannot: its tape is at hand only afterwards.
    """
    more: list[Fact] = []
    without: list[str] = []
    for trade in _unmeasured(facts):
        day = day_of(trade.entry_ts)
        found = None
        if len(market.trades(day, [trade.symbol], trade.entry_ts, (trade.exit_ts or 0) + 1)):
            halts = Halts(market.statuses(day))
            found = measure(trade, market, market.tapes(day), halts)
        if found is None:
            without.append(trade.trade_id)
        else:
            more.append(msgspec.structs.replace(facts[-1], payload=found))
    return Measured((*facts, *more), tuple(without))


def _unmeasured(facts: Sequence[Fact]) -> Iterator[Trade]:
    for trade in keep_accounts(facts).books().trades:
        if trade.exit_ts is not None and trade.mae_pct is None:
            yield trade
