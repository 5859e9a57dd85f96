"""One day in nautilus's engine: a simulated venue and the components that trade on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from nautilus_trader.backtest import BacktestEngine, BacktestEngineConfig
from nautilus_trader.common import CacheConfig, DataActor, LoggerConfig
from nautilus_trader.execution import MakerTakerFeeModel, StaticLatencyModel
from nautilus_trader.model import (
    AccountType,
    CustomData,
    InstrumentStatus,
    Money,
    OmsType,
    OtoTriggerMode,
    QuoteTick,
    TraderId,
    TradeTick,
)
from nautilus_trader.risk import RiskEngineConfig
from nautilus_trader.trading import Strategy

from engine.domain.account import TradingAccount
from engine.domain.markets.fill_assumptions import FillAssumptions
from engine.domain.markets.instrument import Instruments
from engine.runtime.backtest.arriving import Arriving
from engine.runtime.backtest.fill_model import LadderFillModel
from engine.runtime.bridge.guard import Failures
from engine.runtime.bridge.messages import beat
from engine.runtime.bridge.values import (
    currency_of,
    instrument_id,
    nautilus_instrument,
    venue_of,
)
from engine.runtime.bridge.venue_view import live_symbols

type Datum = QuoteTick | TradeTick | InstrumentStatus | CustomData

_NO_LIMIT = "1000000/00:00:01"
"""How fast the hub may trade is a decision, taken before the engine sees an order."""


class Simulation:
    """A nautilus backtest fed stretch by stretch.

    Parameters
    ----------
    shown_sizes : bool
        Of ``LadderFillModel``.

    Attributes
    ----------
    cache : Cache
        The engine's; usable between stretches.
    instruments : Instruments
        What is traded.
    """

    def __init__(
        self,
        assumed: FillAssumptions,
        *,
        account: TradingAccount,
        instruments: Instruments,
        equity: Decimal,
        stale_quote_ns: int,
        failures: Failures,
        shown_sizes: bool = False,
    ) -> None:
        self._engine = BacktestEngine(
            BacktestEngineConfig(
                trader_id=TraderId("TRADECTL-001"),
                run_analysis=False,
                cache=CacheConfig(tick_capacity=2, bar_capacity=2),
                risk_engine=RiskEngineConfig(
                    max_order_submit_rate=_NO_LIMIT, max_order_modify_rate=_NO_LIMIT
                ),
                logging=LoggerConfig(bypass_logging=True),
            )
        )
        self.cache = self._engine.cache
        self.instruments = instruments
        self._venue = account.venue
        self._failures = failures
        self._arriving = Arriving()
        self._listed: set[str] = set()
        currency = currency_of(account.currency)
        self._engine.add_venue(
            venue_of(account.venue),
            OmsType.NETTING,
            AccountType.MARGIN,
            [Money.from_decimal(round(equity, 2), currency)],
            base_currency=currency,
            fill_model=LadderFillModel(
                assumed,
                instruments,
                self.cache,
                self._arriving,
                stale_quote_ns,
                failures,
                shown_sizes=shown_sizes,
            ),
            fee_model=MakerTakerFeeModel(Decimal(0), Decimal(0)),
            latency_model=StaticLatencyModel(assumed.latency_ns) if assumed.latency_ns else None,
            reject_stop_orders=False,
            oto_trigger_mode=OtoTriggerMode.FULL,
        )

    def add(self, scanner: DataActor, strategy: Strategy) -> None:
        """Add the components, before the first stretch."""
        self._engine.add_actor(scanner)
        self._engine.add_strategy(strategy)
        self._arriving.now = strategy.clock.timestamp_ns

    def list_symbols(self, symbols: Iterable[str]) -> None:
        """Make symbols known to the engine; it must know one before its first tick."""
        for symbol in symbols:
            if symbol not in self._listed:
                self._listed.add(symbol)
                self._engine.add_instrument(nautilus_instrument(self.instruments.find(symbol)))

    def play(self, *streams: Sequence[Datum], until: int) -> None:
        """Run up to and including an instant (UTC ns), with all timers due by then.

        Parameters
        ----------
        streams : sequences of data
            Each in order of ``ts_init``, none later than ``until`` or earlier than the last
            stretch; at equal instants an earlier stream goes first.

        Raises
        ------
        RunError
            A handler failed; errors that name their own remedy are raised as they are.
        """
        self._arriving.begin(streams)
        for stream in (*streams, [beat(until)]):
            if stream:
                self._engine.add_data(stream, validate=False, sort=False)
        self._engine.sort_data()
        self._engine.run(streaming=True)
        self._engine.clear_data()
        self._failures.raise_first()

    def live_symbols(self) -> set[str]:
        """Return the symbols with an open or travelling order, or a position."""
        return live_symbols(self.cache)

    def last_prints(self, symbols: Iterable[str], ts: int) -> list[TradeTick]:
        """Return the last prints that some symbols had, delivered again at an instant (UTC ns)."""
        last = [self.cache.trade(instrument_id(symbol, self._venue)) for symbol in symbols]
        return [
            TradeTick(
                tick.instrument_id,
                tick.price,
                tick.size,
                tick.aggressor_side,
                tick.trade_id,
                tick.ts_event,
                ts,
            )
            for tick in last
            if tick is not None
        ]

    def close(self) -> None:
        """Stop the components and free the engine."""
        self._engine.end()
        self._engine.dispose()
