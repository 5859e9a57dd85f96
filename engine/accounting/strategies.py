"""Facts → the versions of the strategy that ran, and what each of them earned."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

import msgspec

from engine.accounting.book import Book, Key
from engine.accounting.books import Books
from engine.accounting.fills import FillChange
from engine.accounting.ledger import Ledger
from engine.accounting.performance import performance
from engine.accounting.trades import Trade, TradeBook
from engine.domain.facts import Fact, ParamsChanged, ParamsWithdrawn, RunStarted

STRATEGY = "ao"
"""There is one strategy; facts name none yet, only the version of its parameters."""


class StrategyVersion(msgspec.Struct, frozen=True):
    """One version of the parameters under which a strategy ran, or was to run.

    ``effective_ns`` is the UTC ns from which on it holds; ``withdrawn`` before it did.
    """

    strategy: str
    params_version: int
    params_hash: str
    effective_ns: int
    withdrawn: bool
    who: str | None
    because: str | None


class StrategyMetrics(msgspec.Struct, frozen=True):
    """What the trades planned under one version came to; as ``Performance`` says.

    Trades without a plan, filled from outside, belong to no version.
    """

    strategy: str
    params_version: int
    trades: int
    open_trades: int
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
        self._versions: dict[int, StrategyVersion] = {}

    def post(self, fact: Fact, change: FillChange | None) -> None:
        """Keep a version, or note that it was withdrawn."""
        del change
        match fact.payload:
            case RunStarted(params_hash=params_hash):
                self._keep(
                    StrategyVersion(STRATEGY, 1, params_hash, fact.ts_event, False, None, None)
                )
            case ParamsChanged() as made:
                self._keep(
                    StrategyVersion(
                        STRATEGY,
                        made.version,
                        made.params_hash,
                        made.effective_ns,
                        False,
                        made.who,
                        made.because,
                    )
                )
            case ParamsWithdrawn(version=version) if version in self._versions:
                self._keep(msgspec.structs.replace(self._versions[version], withdrawn=True))
            case _:
                pass

    def row(self, key: Key) -> StrategyVersion | None:
        """Return a version by its number."""
        return self._versions[int(key[1])]

    def _keep(self, version: StrategyVersion) -> None:
        self._versions[version.params_version] = version
        self._note(STRATEGY, version.params_version)


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
        by_version: dict[int, list[Trade]] = defaultdict(list)
        for trade in self._trades.trades():
            if trade.params_version is not None:
                by_version[trade.params_version].append(trade)
        now: dict[Key, StrategyMetrics] = {
            (STRATEGY, version): _metrics(version, trades) for version, trades in by_version.items()
        }
        for key in self._known.keys() | now.keys():
            if self._known.get(key) != now.get(key):
                self._note(*key)
        self._known = now
        return super().changes()


def _metrics(version: int, trades: list[Trade]) -> StrategyMetrics:
    figures = performance(Books(Decimal(0), tuple(trades), (), (), (), Ledger()))
    return StrategyMetrics(
        strategy=STRATEGY,
        params_version=version,
        trades=figures.trades,
        open_trades=figures.open_trades,
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
