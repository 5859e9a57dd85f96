"""What is refused to an account that trades stocks alone, each of them easy to borrow."""

from __future__ import annotations

from starlette.routing import Route

from simulator.exchange import Fault
from simulator.exchange.book.faults import forbidden
from simulator.server.routes.desk import Answer, Asked, Desk

_NO_OPTION = forbidden("no available position for the specified contract")
_EASY = {
    "code": "easy_to_borrow",
    "message": "security is easy-to-borrow and does not require a locate",
}
_UNKNOWN = {"code": "symbol_not_found", "message": "symbol not found"}
_NO_SYMBOLS = Fault(400, {"code": "invalid_symbols", "message": "symbols is required"})


def not_served_routes(desk: Desk) -> list[Route]:
    """Return the routes of options held and of shares to be located for a short sale."""
    position, locates = "/v2/positions/{contract}", "/v1/locates"
    return [
        Route(f"{position}/exercise", desk.endpoint(_exercise), methods=["POST"]),
        Route(f"{position}/do-not-exercise", desk.endpoint(_exercise), methods=["POST"]),
        Route(f"{locates}/quotes", desk.endpoint(_quotes), methods=["GET"]),
        Route(locates, desk.endpoint(_locate), methods=["POST"]),
    ]


def _exercise(asked: Asked) -> Answer | Fault:  # noqa: ARG001
    return _NO_OPTION


def _quotes(asked: Asked) -> Answer | Fault:
    names = [name.strip() for name in asked.query.get("symbols", "").split(",") if name.strip()]
    if not names:
        return _NO_SYMBOLS
    return Answer({"quotes": [], "errors": [{"symbol": n} | _why_not(asked, n) for n in names]})


def _locate(asked: Asked) -> Answer | Fault:
    return Fault(422, _why_not(asked, asked.body.get("symbol")))


def _why_not(asked: Asked, symbol: object) -> dict[str, str]:
    is_known = isinstance(symbol, str) and symbol in asked.exchange.assets
    return _EASY if is_known else _UNKNOWN
