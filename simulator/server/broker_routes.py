"""What broker and exchange do to accounts and stocks, under ``/sim``."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.routing import Route

from engine.domain.errors import ConfigError
from serving import shown
from simulator.exchange import Listing, account_change
from simulator.exchange.wire import account_body, asset_body
from simulator.server.admin_routes import said
from simulator.server.connections import Connections


def broker_routes(connections: Connections) -> list[Route]:
    """Return the routes; the guard lets in who has the token of this server."""
    broker = _Broker(connections)
    return [
        Route("/sim/account", said(broker.account), methods=["POST"]),
        Route("/sim/asset", said(broker.asset), methods=["POST"]),
        Route("/sim/halt", said(broker.halt), methods=["POST"]),
    ]


class _Broker:
    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._venue = connections.venue

    async def account(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Change fields of the account of a key, and return it as its owner sees it."""
        account_id = self._account_id(asked.pop("key", None))
        exchange = self._venue.exchange
        account = exchange.change_account(account_id, account_change(asked))
        self._venue.order_updates.tell(self._venue.take(changed=bool(asked)))
        return account_body(account, exchange.balances(account_id))

    async def asset(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Let a stock stand otherwise, and return it."""
        symbol = self._symbol(asked.pop("symbol", None))
        known = self._venue.exchange.state.listings.get(symbol, Listing())
        try:
            changes = msgspec.structs.asdict(known) | asked
            listing = msgspec.convert(changes, Listing, strict=False)
        except msgspec.ValidationError as error:
            raise ConfigError(f"{error}; a stock has status and tradable") from error
        asset = self._venue.exchange.change_listing(symbol, listing)
        self._venue.order_updates.tell(self._venue.take(changed=bool(asked)))
        return asset_body(asset)

    async def halt(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Halt a stock or let it trade again."""
        symbol, halted = self._symbol(asked.get("symbol")), asked.get("halted")
        if not isinstance(halted, bool):
            raise ConfigError(f"halted is {shown(halted)}, expected true or false")
        await self._venue.halt(symbol, halted=halted)
        return {"symbol": symbol, "halted": halted}

    def _account_id(self, key: object) -> str:
        known = self._connections.account_ids
        if key is None and len(known) == 1:
            return next(iter(known.values()))
        if not isinstance(key, str) or key not in known:
            raise ConfigError(
                f"name one of the {len(known)} accounts by its key, as --key KEY; found no such key"
            )
        return known[key]

    def _symbol(self, symbol: object) -> str:
        if not isinstance(symbol, str) or symbol not in self._venue.exchange.assets:
            raise ConfigError(f"{shown(symbol)} does not trade on this day")
        return symbol
