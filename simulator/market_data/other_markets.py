"""Answers on options, crypto, bonds, rates and indices to an account that trades stocks alone.

Nothing of them is recorded: lists are empty, and what is asked for by its name is not found.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request

from simulator.market_data import option_codes
from simulator.market_data.requests.door import Visit
from simulator.market_data.requests.query import DEFAULT_LIMIT, MAX_LIMIT, span_of, whole_number
from simulator.market_data.requests.refusal import Refused

type Answer = Callable[[Request, Visit], Any]

_FARTHEST = 1 << 62


def of_data() -> list[tuple[str, Answer]]:
    """Return the paths of the data API and what is answered there."""
    options, crypto, perps = "/v1beta1/options", "/v1beta3/crypto/{loc}", "/v1beta1/crypto-perps"
    return [
        *((f"{options}/{name}", _pages(name)) for name in ("bars", "trades", "snapshots")),
        (f"{options}/meta/exchanges", option_codes.exchanges),
        (f"{options}/meta/conditions/{{ticktype}}", option_codes.conditions),
        (f"{options}/snapshots/{{underlying_symbol}}", _pages("snapshots", asked="")),
        *((f"{options}/{name}/latest", _latest(name)) for name in ("quotes", "trades")),
        *((f"{crypto}/{name}", _pages(name)) for name in ("bars", "quotes", "trades")),
        (f"{crypto}/snapshots", _latest("snapshots")),
        *(
            (f"{crypto}/latest/{name}", _latest(name))
            for name in ("bars", "orderbooks", "quotes", "trades")
        ),
        *(
            (f"{perps}/{{loc}}/latest/{name}", _latest(name))
            for name in ("bars", "orderbooks", "pricing", "quotes", "trades")
        ),
        *(
            (f"/v1beta1/fixed_income/latest/{name}", _latest(name, asked="isins"))
            for name in ("prices", "quotes")
        ),
        ("/v1beta1/forex/rates", _pages("rates", asked="currency_pairs")),
        ("/v1beta1/forex/latest/rates", _latest("rates", asked="currency_pairs")),
        ("/v1beta1/indices/values", _pages("values")),
        ("/v1beta1/indices/latest/values", _latest("values")),
    ]


def of_trading() -> list[tuple[str, Answer]]:
    """Return the paths of the trading API and what is answered there; before those of assets."""
    bonds, contracts = "/v2/assets/fixed_income", "/v2/options/contracts"
    return [
        (contracts, _always({"option_contracts": [], "next_page_token": None})),
        (f"{contracts}/{{name}}", _missing("option contract {} not found")),
        (f"{bonds}/us_corporates", _always({"us_corporates": []})),
        (f"{bonds}/us_treasuries", _always({"us_treasuries": []})),
        ("/v1/locates", _always({"locates": [], "next_page_token": None})),
        ("/v1/locates/{name}", _missing("locate not found")),
    ]


def _always(body: dict[str, Any]) -> Answer:
    return lambda _request, _visit: body


def _missing(message: str) -> Answer:
    def answer(request: Request, visit: Visit) -> Any:  # noqa: ARG001
        raise Refused(404, message.format(request.path_params["name"]), 40410000)

    return answer


def _latest(name: str, asked: str = "symbols") -> Answer:
    """Return what answers a question for the latest of some instruments with none of them."""

    def answer(request: Request, visit: Visit) -> dict[str, Any]:  # noqa: ARG001
        if asked and not request.query_params.get(asked):
            raise Refused(400, f"{asked} is required")
        return {name: {}}

    return answer


def _pages(name: str, asked: str = "symbols") -> Answer:
    """Return what answers a question for a stretch of history with one empty page."""
    latest = _latest(name, asked)

    def answer(request: Request, visit: Visit) -> dict[str, Any]:
        span_of(request, -_FARTHEST, _FARTHEST)
        whole_number(request.query_params, "limit", DEFAULT_LIMIT, MAX_LIMIT)
        return latest(request, visit) | {"next_page_token": None}

    return answer
