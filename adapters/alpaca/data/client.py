"""The market as the node gets it: columns for the scanner, ticks of what is traded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from nautilus_trader.live.clients import (
    ClientRuntime,  # pyright: ignore[reportAttributeAccessIssue]
    MarketDataClient,
)
from nautilus_trader.model import CustomData, InstrumentId

from adapters.alpaca.config import AlpacaConfig
from adapters.alpaca.credentials import Credentials
from adapters.alpaca.data.backfill import Backfill
from adapters.alpaca.data.feed import MarketFeed
from adapters.alpaca.data.instruments import AlpacaInstruments
from adapters.alpaca.data.last_ticks import LastTicks
from adapters.alpaca.data.recalled import Recalled
from adapters.alpaca.endpoints import Endpoints
from adapters.alpaca.wire.market import Frame
from adapters.transport.kept_socket import Patience
from engine.domain.errors import VenueError
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.status import TradingStatus
from engine.domain.market_data.trades import TradeBatch
from engine.runtime.bridge.messages import print_message, quote_message
from engine.runtime.bridge.ticks import quote_ticks, status_data, trade_ticks
from engine.runtime.bridge.values import venue_of
from engine.runtime.live.venue import VenueWatch
from engine.runtime.live.venue_account import OnBatch

COMMANDS = 50_000
"""Commands that may wait for a client; nautilus drops what comes beyond, by itself at 1,024."""


class AlpacaDataClient(MarketDataClient):
    """Hands what the feed sends to the node, in order and at once.

    Every frame goes to the scanner as columns. Of symbols to whose trades somebody subscribed,
    what orders could trade on goes to the node as ticks, too.

    Parameters
    ----------
    settings : AlpacaConfig
    ticks : LastTicks
        Shared with the execution client, which must know what is halted.
    watch : VenueWatch
        Hears of every issue.
    now : callable
        Returns the host's time, UTC ns; never goes back.
    recalled : Recalled, optional
        What an earlier process of the run had heard.
    on_batch : callable, optional
        Called at once with whatever is handed to the scanner, and with halts.

    Attributes
    ----------
    feed : MarketFeed
        What is heard.
    """

    def __init__(
        self,
        *,
        settings: AlpacaConfig,
        endpoints: Endpoints,
        credentials: Credentials,
        instruments: AlpacaInstruments,
        backfill: Backfill,
        ticks: LastTicks,
        watch: VenueWatch,
        now: Callable[[], int],
        patience: Patience | None = None,
        recalled: Recalled | None = None,
        on_batch: OnBatch | None = None,
        **node: Any,
    ) -> None:
        super().__init__(venue=venue_of(instruments.stocks.venue), **node)
        self._runtime = ClientRuntime(self, COMMANDS)
        self._instruments = instruments
        self._ticks = ticks
        self._watch = watch
        self._recalled = recalled
        self.feed = MarketFeed(
            settings=settings,
            endpoints=endpoints,
            credentials=credentials,
            backfill=backfill,
            ticks=ticks,
            watch=watch,
            now=now,
            deliver=self._hand_over,
            spawn=self.create_task,
            patience=patience,
            recalled=recalled,
            on_batch=on_batch,
        )

    def publish(self, data: CustomData) -> None:
        """Hand a message to the node behind everything that arrived before it."""
        self.feed.flush()
        self._handle_data(data)

    async def begin(self) -> None:
        """Hand over what has come since the connection, now that everybody listens."""
        if self._recalled is not None:
            known = self._of_instruments(self._recalled.halted.values())
            for status in known:
                self._halt(status)
            for datum in status_data(known, self._instruments.stocks):
                self._handle_data(datum)
        await self.feed.begin()

    async def _connect(self) -> None:
        """Load the stocks, hand them over, and begin to listen."""
        try:
            await self._instruments.load_all_async()
        except VenueError as error:
            self._watch.refused(error)
            raise
        for instrument in self._instruments.list_all():
            self._handle_instrument(instrument)
        await self.feed.listen()

    async def _disconnect(self) -> None:
        await self.feed.stream.close()

    def _hand_over(self, frame: Frame) -> None:
        """Give a frame to the node: halts, ticks of what is traded, then all of it as columns."""
        for datum in status_data(self._of_instruments(frame.statuses), self._instruments.stocks):
            self._handle_data(datum)
        ticks: list[Any] = []
        stocks = self._instruments.stocks
        if frame.quotes is not None:
            ticks += quote_ticks(self._known(self._ticks.quotes(frame.quotes)), stocks)
        if frame.trades is not None:
            ticks += trade_ticks(
                self._known(self._ticks.prints(frame.trades, frame.statuses)), stocks
            )
        for status in frame.statuses:
            self._halt(status)
        for tick in sorted(ticks, key=_ts_init):  # stable: at one instant quotes go first
            self._handle_data(tick)
        if frame.quotes is not None:
            self._handle_data(quote_message(frame.quotes))
        if frame.trades is not None:
            self._handle_data(print_message(frame.trades))

    def _halt(self, status: TradingStatus) -> None:
        """Take an announcement; a halted symbol may be silent."""
        self._ticks.halt(status)
        if status.symbol in self._ticks.wanted:
            self.feed.mute.watch(status.symbol)

    def _of_instruments(self, statuses: Iterable[TradingStatus]) -> list[TradingStatus]:
        return [each for each in statuses if self._instruments.knows(each.symbol)]

    def _known[Batch: (TradeBatch, QuoteBatch)](self, batch: Batch) -> Batch:
        """Return the rows of stocks that are instruments."""
        if not len(batch):
            return batch
        known = self._instruments.among(batch.symbols)[batch.symbol_id]
        return batch if known.all() else batch.rows(known)

    async def _subscribe_trades(self, command: Any) -> None:
        self._want(command.instrument_id)

    async def _subscribe_quotes(self, command: Any) -> None:
        self._want(command.instrument_id)

    async def _unsubscribe_trades(self, command: Any) -> None:
        self._unwant(command.instrument_id)

    async def _unsubscribe_quotes(self, command: Any) -> None:
        self._unwant(command.instrument_id)

    async def _subscribe(self, command: Any) -> None:
        """Do nothing: what is published goes to all who asked for it."""

    async def _unsubscribe(self, command: Any) -> None:
        """Do nothing."""

    async def _subscribe_instruments(self, command: Any) -> None:
        """Do nothing: all were handed over."""

    async def _subscribe_instrument(self, command: Any) -> None:
        """Do nothing: all were handed over."""

    async def _subscribe_instrument_status(self, command: Any) -> None:
        """Do nothing: halts of every stock are told."""

    async def _unsubscribe_instrument_status(self, command: Any) -> None:
        """Do nothing."""

    def _want(self, instrument: InstrumentId) -> None:
        """Tell what is known of a stock at once, the later of quote and print last."""
        symbol = instrument.symbol.value
        self._ticks.want(symbol)
        self.feed.mute.watch(symbol)
        quote, trade = self._ticks.last_quote(symbol), self._ticks.last_print(symbol)
        stocks = self._instruments.stocks
        ticks = [
            *(quote_ticks(quote, stocks) if quote else ()),
            *(trade_ticks(trade, stocks) if trade else ()),
        ]
        for tick in sorted(ticks, key=_ts_init):
            self._handle_data(tick)

    def _unwant(self, instrument: InstrumentId) -> None:
        self._ticks.unwant(instrument.symbol.value)
        self.feed.mute.unwatch(instrument.symbol.value)


def _ts_init(tick: Any) -> int:
    return tick.ts_init
