"""What has happened on an account, over REST: its fills."""

from __future__ import annotations

from starlette.routing import Route

from engine.domain.session import day_of
from serving import shown
from simulator.exchange import Fault
from simulator.exchange.book.faults import not_understood
from simulator.exchange.wire import fill_body
from simulator.market_data.requests.clock_times import a_date, time_of
from simulator.market_data.requests.query import one_of, whole_number, words_of
from simulator.server.routes.desk import Answer, Asked, Desk

_BOUNDS = "after", "until"
_PAGE = 100
_OF_TRADES = "trade_activity"
_KINDS = frozenset(
    [
        "FILL",
        "TRANS",
        "MISC",
        "ACATC",
        "ACATS",
        "CFEE",
        "CGD",
        "CSD",
        "CSW",
        "DIV",
        "DIVCGL",
        "DIVCGS",
        "DIVFEE",
        "DIVFT",
        "DIVNRA",
        "DIVROC",
        "DIVTW",
        "DIVTXEX",
        "FEE",
        "INT",
        "INTNRA",
        "INTTW",
        "JNL",
        "JNLC",
        "JNLS",
        "MA",
        "NC",
        "OPASN",
        "OPCA",
        "OPCSH",
        "OPEXC",
        "OPEXP",
        "OPTRD",
        "PTC",
        "PTR",
        "REORG",
        "SPIN",
        "SPLIT",
        "FOPT",
    ]
)
"""Kinds of activities; an account here has fills alone."""


def activity_routes(desk: Desk) -> list[Route]:
    """Return the routes of activities."""
    every = "/v2/account/activities"
    return [
        Route(path, desk.endpoint(_activities), methods=["GET"])
        for path in (every, f"{every}/{{kind}}")
    ]


def _activities(asked: Asked) -> Answer | Fault:
    query = asked.query
    page_size = whole_number(query, "page_size", _PAGE, _PAGE)
    since, until = (time_of(query, name) for name in _BOUNDS)
    day = a_date(query["date"], "date") if query.get("date") else None
    turned = one_of(query, "direction", ("asc", "desc"), "desc") == "desc"
    category = one_of(query, "category", (_OF_TRADES, "non_trade_activity"), None)
    kinds = words_of(
        {"activity_types": asked.path["kind"]} if "kind" in asked.path else query,
        "activity_types",
        _KINDS,
    )
    if category and kinds:
        return not_understood("category cannot be used with activity_types")
    fills = [
        fill
        for fill in asked.exchange.state.accounts[asked.account_id].fills
        if (not kinds or "FILL" in kinds)
        and category in {"", _OF_TRADES}
        and (since is None or fill.ts > since)
        and (until is None or fill.ts < until)
        and day in {None, day_of(fill.ts)}
    ]
    if turned:
        fills.reverse()
    ids = [fill.id for fill in fills]
    token = query.get("page_token")
    if token and token not in ids:
        return not_understood(f"invalid page_token: {shown(token)}")
    start = ids.index(token) + 1 if token else 0
    return Answer([fill_body(fill) for fill in fills[start : start + page_size]])
