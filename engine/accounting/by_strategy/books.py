"""Facts → the versions of each strategy that ran, and what each of them earned."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

import msgspec

from engine.accounting.books.book import Book, Key
from engine.accounting.books.fills import FillChange
from engine.accounting.books.trades import Trade, TradeBook
from engine.accounting.by_strategy.pnl import booked_to
from engine.accounting.ledger import Ledger
from engine.accounting.performance import performance
from engine.accounting.run_books import Books
from engine.domain.facts import Fact, ParamsChanged, ParamsWithdrawn, RunStarted


class StrategyVersion(msgspec.Struct, frozen=True):
    """One version of the parameters under which a strategy ran, or was to run.

    Parameters are the run's: each of its strategies has every version. ``effective_ns`` is the UTC
    ns from which on it holds; ``withdrawn`` before it did.
    """

    strategy_id: str
    params_version: int
    params_hash: str
    effective_ns: int
    withdrawn: bool
    who: str | None
    because: str | None


class StrategyMetrics(msgspec.Struct, frozen=True):
    """What the trades planned under one version came to; as ``Performance`` says.

    ``trades`` and all figures are of those the strategy owns, but ``booked_pnl`` (USD): its part of
    every closed trade it contributed to, which over all strategies adds up to what the account
    earned. Trades without a plan, filled from outside, belong to no version.
    """

    strategy_id: str
    params_version: int
    venue: str
    account: str
    trades: int
    open_trades: int
    booked_pnl: Decimal
    net_pnl: Decimal
    gross_profit: Decimal
    gross_loss: Decimal
    commission: Decimal
    win_rate: float | None
    expectancy: Decimal | None
    profit_factor: float | None
    trade_sharpe: float | None
    avg_hold_secs: float | None
    slippage_bps: float | None
    mae_pct: float | None
    mfe_pct: float | None


class StrategyBook(Book[StrategyVersion]):
    """Versions by strategy and number."""

    kinds = (RunStarted, ParamsChanged, ParamsWithdrawn)

    def __init__(self) -> None:
        super().__init__()
        self._strategies: tuple[str, ...] = ()
        self._versions: dict[Key, StrategyVersion] = {}

    def post(self, fact: Fact, change: FillChange | None) -> None:
        """Keep a version, or note that it was withdrawn."""
        del change
        match fact.payload:
            case RunStarted() as started:
                self._strategies = started.strategies
                self._keep(1, started.params_hash, fact.ts_event)
            case ParamsChanged() as made:
                self._keep(
                    made.version, made.params_hash, made.effective_ns, made.who, made.because
                )
            case ParamsWithdrawn(version=version):
                for strategy_id in self._strategies:
                    if (key := (strategy_id, version)) in self._versions:
                        known = self._versions[key]
                        self._versions[key] = msgspec.structs.replace(known, withdrawn=True)
                        self._note(*key)
            case _:
                pass

    def row(self, key: Key) -> StrategyVersion | None:
        """Return a version by its strategy and number."""
        return self._versions[key]

    def _keep(
        self,
        version: int,
        params_hash: str,
        effective_ns: int,
        who: str | None = None,
        because: str | None = None,
    ) -> None:
        for strategy_id in self._strategies:
            self._versions[strategy_id, version] = StrategyVersion(
                strategy_id, version, params_hash, effective_ns, False, who, because
            )
            self._note(strategy_id, version)


class MetricsBook(Book[StrategyMetrics]):
    """Reads the trades, which have taken a fact in before this book does."""

    kinds = ()

    def __init__(self, trades: TradeBook) -> None:
        super().__init__()
        self._trades = trades
        self._known: dict[Key, StrategyMetrics] = {}

    def post(self, fact: Fact, change: FillChange | None) -> None:
        """Do nothing: a trade may change late, so trades are judged when asked."""

    def row(self, key: Key) -> StrategyMetrics | None:
        """Return the figures of a version as last judged."""
        return self._known.get(key)

    def changes(self) -> Iterator[tuple[Key, StrategyMetrics | None]]:
        """Judge all trades, and yield the versions whose figures moved."""
        owned: dict[tuple[str, int], list[Trade]] = defaultdict(list)
        booked: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
        place: tuple[str, str] = ("", "")
        for trade in self._trades.trades():
            if (plan := self._trades.plan(trade.trade_id)) is None:
                continue
            place = plan.venue, plan.account
            owned[plan.strategy_id, plan.params_version].append(trade)
            parts = booked_to(plan, trade.realized_pnl)
            for each, part in zip(plan.contributions, parts, strict=True):
                booked[each.strategy_id, plan.params_version] += part or 0
        now: dict[Key, StrategyMetrics] = {
            key: _metrics(key, place, owned[key], booked[key]) for key in owned.keys() | booked
        }
        for key in self._known.keys() | now.keys():
            if self._known.get(key) != now.get(key):
                self._note(*key)
        self._known = now
        return super().changes()


def _metrics(
    key: tuple[str, int], place: tuple[str, str], trades: list[Trade], booked_pnl: Decimal
) -> StrategyMetrics:
    figures = performance(Books(Decimal(0), tuple(trades), (), (), (), Ledger()))
    return StrategyMetrics(
        strategy_id=key[0],
        params_version=key[1],
        venue=place[0],
        account=place[1],
        trades=figures.trades,
        open_trades=figures.open_trades,
        booked_pnl=booked_pnl,
        net_pnl=figures.net_pnl,
        gross_profit=figures.gross_profit,
        gross_loss=figures.gross_loss,
        commission=figures.commission,
        win_rate=figures.win_rate,
        expectancy=figures.expectancy,
        profit_factor=figures.profit_factor,
        trade_sharpe=figures.trade_sharpe,
        avg_hold_secs=figures.avg_hold_secs,
        slippage_bps=figures.slippage_bps,
        mae_pct=figures.mae_pct,
        mfe_pct=figures.mfe_pct,
    )
