"""An account's watchlists over REST, by id and by name."""

from __future__ import annotations

from collections.abc import Callable

from starlette.routing import Route

from simulator.exchange import Fault
from simulator.exchange.book.accounts import Watchlist
from simulator.exchange.book.faults import not_listed, not_understood
from simulator.exchange.wire import watchlist_body
from simulator.server.routes.desk import Answer, Asked, Desk
from simulator.server.routes.orders import NO_CONTENT

_LONGEST_NAME = 64
_NOT_FOUND = Fault(404, {"code": 40410000, "message": "watchlist not found"})
_NAME_TAKEN = not_understood("watchlist name must be unique")
_NO_NAME = not_understood(f"watchlist name must have 1 to {_LONGEST_NAME} characters")
_NO_SYMBOLS = not_understood("symbols must be a list of symbols")

type _Found = Callable[[Asked, Watchlist], Answer | Fault]
"""Answers what is asked of a list that is there."""


def watchlist_routes(desk: Desk) -> list[Route]:
    """Return the routes of watchlists."""
    every = "/v2/watchlists"
    found: list[Route] = [
        Route(every, desk.endpoint(_list), methods=["GET"]),
        Route(every, desk.endpoint(_create), methods=["POST"]),
        Route(f"{every}/{{id}}/{{symbol:path}}", desk.endpoint(_of(_remove)), methods=["DELETE"]),
    ]
    for path in (f"{every}/{{id}}", f"{every}:by_name"):
        found += [
            Route(path, desk.endpoint(_of(answer)), methods=[method])
            for method, answer in (
                ("GET", _told),
                ("PUT", _update),
                ("POST", _add),
                ("DELETE", _delete),
            )
        ]
    return found


def _of(answer: _Found) -> Callable[[Asked], Answer | Fault]:
    """Return a handler that finds the list by its id or its name first."""

    def handler(asked: Asked) -> Answer | Fault:
        kept = _kept(asked)
        wanted = asked.query.get("name")
        if "id" in asked.path:
            watchlist = kept.get(asked.path["id"])
        else:
            watchlist = next((each for each in kept.values() if each.name == wanted), None)
        return _NOT_FOUND if watchlist is None else answer(asked, watchlist)

    return handler


def _list(asked: Asked) -> Answer | Fault:
    return Answer([watchlist_body(each, asked.account_id) for each in _kept(asked).values()])


def _create(asked: Asked) -> Answer | Fault:
    fault = _unusable(asked, asked.body.get("name"), None) or _unlisted(asked)
    if fault:
        return fault
    new_id, now = asked.exchange.state.new_id(), asked.now
    watchlist = Watchlist(new_id, asked.body["name"], now, now, _symbols(asked))
    _kept(asked)[new_id] = watchlist
    return _told(asked, watchlist)


def _told(asked: Asked, watchlist: Watchlist) -> Answer:
    assets = (asked.exchange.assets[symbol] for symbol in watchlist.symbols)
    return Answer(watchlist_body(watchlist, asked.account_id, assets))


def _update(asked: Asked, watchlist: Watchlist) -> Answer | Fault:
    name = asked.body.get("name", watchlist.name)
    fault = _unusable(asked, name, watchlist) or _unlisted(asked)
    if fault:
        return fault
    watchlist.name, watchlist.updated_at = name, asked.now
    if asked.body.get("symbols") is not None:
        watchlist.symbols = _symbols(asked)
    return _told(asked, watchlist)


def _add(asked: Asked, watchlist: Watchlist) -> Answer | Fault:
    symbol = asked.body.get("symbol")
    if not isinstance(symbol, str) or symbol not in asked.exchange.assets:
        return not_listed(str(symbol))
    if symbol in watchlist.symbols:
        return not_understood(f"{symbol} is in the watchlist already")
    watchlist.symbols.append(symbol)
    watchlist.updated_at = asked.now
    return _told(asked, watchlist)


def _remove(asked: Asked, watchlist: Watchlist) -> Answer | Fault:
    if asked.path["symbol"] not in watchlist.symbols:
        return Fault(404, {"code": 40410000, "message": "asset not found in the watchlist"})
    watchlist.symbols.remove(asked.path["symbol"])
    watchlist.updated_at = asked.now
    return _told(asked, watchlist)


def _delete(asked: Asked, watchlist: Watchlist) -> Answer:
    del _kept(asked)[watchlist.id]
    return Answer(None, NO_CONTENT)


def _kept(asked: Asked) -> dict[str, Watchlist]:
    return asked.exchange.state.accounts[asked.account_id].watchlists


def _symbols(asked: Asked) -> list[str]:
    return list(dict.fromkeys(symbol for symbol in asked.body.get("symbols") or () if symbol))


def _unusable(asked: Asked, name: object, of: Watchlist | None) -> Fault | None:
    """Return why a list may not have a name, if it may not."""
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME:
        return _NO_NAME
    is_taken = any(each.name == name and each is not of for each in _kept(asked).values())
    return _NAME_TAKEN if is_taken else None


def _unlisted(asked: Asked) -> Fault | None:
    """Return why the symbols that are sent along cannot be put into a list, if they cannot."""
    sent = asked.body.get("symbols") or []
    if not isinstance(sent, list) or not all(isinstance(each, str | None) for each in sent):
        return _NO_SYMBOLS
    strange = [each for each in sent if each and each not in asked.exchange.assets]
    return not_listed(strange[0]) if strange else None
