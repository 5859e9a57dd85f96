"""What broker and exchange do to accounts and stocks, under ``/sim``."""

from __future__ import annotations

from typing import Any

from starlette.routing import Route

from engine.domain.errors import ConfigError
from simulator.exchange import Listing, account_change
from simulator.exchange.wire import account_body, asset_body
from simulator.server.connections import Connections
from simulator.server.routes.admin import answering, said
from simulator.server.routes.bodies import AccountOf, AssetNow, Halt
from simulator.server.traded_symbol import traded_symbol


def broker_routes(connections: Connections) -> list[Route]:
    """Return the routes; the guard lets in who has the token of this server."""
    broker = _Broker(connections)
    return [
        Route("/sim/account", answering(broker.account), methods=["POST"]),
        Route("/sim/asset", said(AssetNow, broker.asset, spelt=True), methods=["POST"]),
        Route("/sim/halt", said(Halt, broker.halt), methods=["POST"]),
    ]


class _Broker:
    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._venue = connections.venue

    async def account(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Change fields of the account of a key, and return it as its owner sees it."""
        change = account_change(asked, AccountOf)
        account_id = self._account_id(change.key)
        exchange = self._venue.exchange
        account = exchange.accounts.change(account_id, change)
        self._venue.order_updates.tell(self._venue.take(changed=asked.keys() > {"key"}))
        return account_body(account, exchange.accounts.balances(account_id))

    async def asset(self, asked: AssetNow) -> dict[str, Any]:
        """Let a stock stand otherwise, and return it."""
        symbol = self._symbol(asked.symbol)
        known = self._venue.exchange.state.listings.get(symbol, Listing())
        listing = Listing(
            status=asked.status or known.status,
            tradable=known.tradable if asked.tradable is None else asked.tradable,
        )
        asset = self._venue.exchange.change_listing(symbol, listing)
        self._venue.order_updates.tell(self._venue.take(changed=listing != known))
        return asset_body(asset)

    async def halt(self, asked: Halt) -> dict[str, Any]:
        """Halt a stock or let it trade again."""
        symbol = self._symbol(asked.symbol)
        await self._venue.halt(symbol, halted=asked.halted)
        return {"symbol": symbol, "halted": asked.halted}

    def _account_id(self, key: str | None) -> str:
        known = self._connections.account_ids
        if key is None and len(known) == 1:
            return next(iter(known.values()))
        if key is None or key not in known:
            raise ConfigError(
                f"name one of the {len(known)} accounts by its key, as --key KEY; found no such key"
            )
        return known[key]

    def _symbol(self, symbol: str) -> str:
        return traded_symbol(symbol, self._venue.exchange.assets)
