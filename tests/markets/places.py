"""Beside the contract of markets: what each market stands on, and how its time passes."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from adapters.alpaca.credentials import Credentials
from adapters.alpaca.endpoints import Endpoints
from adapters.alpaca.market.market import AlpacaMarket
from adapters.paper.market import PaperMarket
from adapters.paper.tape import RecordedTape
from adapters.transport.kept_socket import Patience
from catalog import Catalog
from engine.decision.tickets.size import SizingRules
from engine.domain.account import PAPER_MAIN
from engine.domain.markets.instrument import UsStocks
from engine.domain.markets.market import Market
from engine.domain.session import NANOS_PER_SECOND, session
from simulator.server import Holder
from tests.simulator.server.conftest import DAY
from tests.simulator.server.served import Served

SECOND = NANOS_PER_SECOND
START = session(DAY).open_ns + 1_800 * SECOND
HOUR_NS = 3_600 * SECOND
PATIENCE = Patience(first_retry_secs=0.5, longest_retry_secs=0.5, auth_retry_secs=0.05)
QUOTES = SizingRules(stale_quote_secs=60.0)
CASH = Decimal(10_000_000)


class Place(Protocol):
    """One account of one market, at a time that only moves when a test lets it."""

    symbol: str
    skew_ns: int
    refuses_when_exhausted: bool
    """Else a ticket waits for its turn."""

    async def open(self, rules: SizingRules = QUOTES) -> Market:
        """Return a market of the account, as a process that begins has it."""
        ...

    async def pass_time(self, secs: float) -> None:
        """Let the market's time go on."""
        ...

    async def cut(self) -> None:
        """Cut whatever connection there is."""
        ...

    async def exhaust(self, market: Market) -> None:
        """Have the market take no more requests for now."""
        ...

    async def calm(self) -> None:
        """Have everything as usual again."""
        ...

    def described(self) -> str:
        """Return what another process opens the account by."""
        ...


class AlpacaPlace:
    """An account at the look-alike."""

    refuses_when_exhausted = False

    def __init__(self, served: Served, holder: Holder, symbol: str) -> None:
        self.symbol = symbol
        self.skew_ns = 0
        self._served = served
        self._holder = holder

    @property
    def now(self) -> int:
        """Market time, UTC ns."""
        return self._served.connections.venue.now

    async def open(self, rules: SizingRules = QUOTES) -> Market:
        """Return a market of the account."""
        market = alpaca_market(
            f"http://{self._served.address}", self._holder, lambda: self.now + self.skew_ns, rules
        )
        await market.open()
        return market

    async def pass_time(self, secs: float) -> None:
        """Let the market's time go on."""
        await self._steer("/sim/step", span_ns=round(secs * SECOND))

    async def cut(self) -> None:
        """Cut the sockets."""
        await self._steer("/sim/chaos/strike", what="drop")

    async def exhaust(self, market: Market) -> None:
        """Use up what may be asked."""
        del market
        await self._steer("/sim/chaos", rate_limited_secs=0.2)

    async def calm(self) -> None:
        """Turn it off."""
        await self._steer("/sim/chaos/calm")

    def described(self) -> str:
        """Return it as JSON."""
        where = {"url": f"http://{self._served.address}", "now": self.now}
        return json.dumps(where | {"key": self._holder.key, "secret": self._holder.secret})

    async def _steer(self, path: str, **body: Any) -> None:
        async with self._served.admin() as admin:
            (await admin.post(path, json=body)).raise_for_status()


class PaperPlace:
    """A paper account over the recorded day."""

    refuses_when_exhausted = True

    def __init__(self, market: Catalog, path: Path, symbol: str) -> None:
        self.symbol = symbol
        self.skew_ns = 0
        self.now = START
        self._catalog = market
        self.path = path

    async def open(self, rules: SizingRules = QUOTES) -> Market:
        """Return a market of the account."""
        market = paper_market(
            self._catalog, self.path, lambda: self.now, lambda: self.now + self.skew_ns, rules
        )
        await market.open()
        return market

    async def pass_time(self, secs: float) -> None:
        """Let the market's time go on."""
        self.now += round(secs * SECOND)

    async def cut(self) -> None:
        """There is no connection: the market goes on unheard until somebody asks."""

    async def exhaust(self, market: Market) -> None:
        """Use up what may be asked."""
        for n in range((await market.capabilities()).rate):
            await market.amend(f"nothing-{n}-entry")

    async def calm(self) -> None:
        """Nothing was turned."""

    def described(self) -> str:
        """Return it as JSON."""
        return json.dumps({"root": self._catalog.root, "path": str(self.path), "now": self.now})


def alpaca_market(url: str, holder: Holder, now: Any, rules: SizingRules = QUOTES) -> AlpacaMarket:
    """Return a market of an account at a look-alike."""
    endpoints = Endpoints.of("alpaca-sim", {"TRADECTL_SIM_URL": url})
    keys = Credentials(holder.key, holder.secret)
    return AlpacaMarket(endpoints, keys, now=now, rules=rules, patience=PATIENCE)


def paper_market(
    catalog: Catalog, path: Path, clock: Any, now: Any, rules: SizingRules = QUOTES
) -> PaperMarket:
    """Return a paper account over a recorded day."""
    tape = RecordedTape(catalog, DAY, UsStocks(PAPER_MAIN.venue), clock)
    return PaperMarket(tape, path, now=now, cash=CASH, rules=rules, poll_secs=0.01)


def busiest(catalog: Catalog) -> str:
    """Return the symbol with most prints in the hours of these tests."""
    names = [row["symbol"] for row in catalog.instruments.table().to_pylist()]
    batch = catalog.trades(DAY, names, START, START + 3 * HOUR_NS)
    return batch.symbols[int(np.bincount(batch.symbol_id).argmax())]


def cent(price: Decimal) -> Decimal:
    """Return a price of the grid."""
    return price.quantize(Decimal("0.01"))
