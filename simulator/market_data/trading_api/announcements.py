"""Announcements of corporate actions, in the shape of the trading API; the data API has its own."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, NamedTuple

from starlette.requests import Request

from engine.domain.markets.reference import CorporateAction, Reference
from simulator.market_data.requests.clock_times import a_date
from simulator.market_data.requests.door import Visit
from simulator.market_data.requests.query import one_of
from simulator.market_data.requests.refusal import Refused

_LONGEST = timedelta(days=90)
_NOT_UNDERSTOOD = 40010001
_DATES = ("declaration_date", "ex_date", "record_date", "payable_date")
_TYPES = ("dividend", "merger", "spinoff", "split")


class _Kind(NamedTuple):
    """How a kind of corporate action is announced.

    Attributes
    ----------
    initiating, target : str
        What stands before ``symbol`` and ``cusip`` of the two companies in its fields.
    """

    type: str
    sub_type: str
    initiating: str = ""
    target: str = ""
    cash: str = ""
    old_rate: str = ""
    new_rate: str = ""


_KINDS = {
    "cash_dividend": _Kind("dividend", "cash", cash="rate"),
    "stock_dividend": _Kind("dividend", "stock", new_rate="rate"),
    "forward_split": _Kind("split", "stock_split", old_rate="old_rate", new_rate="new_rate"),
    "reverse_split": _Kind("split", "reverse_split", old_rate="old_rate", new_rate="new_rate"),
    "unit_split": _Kind("split", "unit_split", "old_", "new_", "", "old_rate", "new_rate"),
    "spin_off": _Kind("spinoff", "spinoff", "source_", "new_", "", "source_rate", "new_rate"),
    "cash_merger": _Kind("merger", "merger_completion", "acquiree_", "acquirer_", "rate"),
    "stock_merger": _Kind(
        "merger",
        "merger_completion",
        "acquiree_",
        "acquirer_",
        "",
        "acquiree_rate",
        "acquirer_rate",
    ),
    "stock_and_cash_merger": _Kind(
        "merger",
        "merger_completion",
        "acquiree_",
        "acquirer_",
        "cash_rate",
        "acquiree_rate",
        "acquirer_rate",
    ),
}
"""The others are announced by the data API alone."""


class Announcements:
    """Answers about corporate actions in the words of the trading API."""

    def __init__(self, reference: Reference) -> None:
        self._reference = reference

    def all(self, request: Request, visit: Visit) -> list[dict[str, Any]]:  # noqa: ARG002
        """Answer ``/v2/corporate_actions/announcements``."""
        types = {word.strip().lower() for word in _needed(request, "ca_types").split(",")}
        for word in types - {*_TYPES}:
            raise _unread(f"invalid ca_types: {word}")
        since, until = (_day(request, name) for name in ("since", "until"))
        if not timedelta(0) <= until - since <= _LONGEST:
            raise _unread(f"invalid until: expected since and at most {_LONGEST.days} days more")
        by = one_of(request.query_params, "date_type", _DATES, "ex_date")
        symbol, cusip = (request.query_params.get(name) for name in ("symbol", "cusip"))
        return [
            announced
            for action in self._reference.corporate_actions(date.min, date.max)
            if (announced := _announcement(action)) is not None
            and announced["ca_type"] in types
            and str(since) <= str(announced.get(by, action.process_date)) <= str(until)
            and symbol in {None, "", announced["initiating_symbol"], announced["target_symbol"]}
            and cusip in {None, "", announced["initiating_original_cusip"]}
        ]

    def one(self, request: Request, visit: Visit) -> dict[str, Any]:  # noqa: ARG002
        """Answer ``/v2/corporate_actions/announcements/{id}``."""
        identity = request.path_params["id"]
        for action in self._reference.corporate_actions(date.min, date.max):
            if action.id == identity and (announced := _announcement(action)) is not None:
                return announced
        raise Refused(404, f"announcement not found for {identity}", 40410000)


def _announcement(action: CorporateAction) -> dict[str, Any] | None:
    """Return an action as it is announced, None if it is of a kind that is not."""
    kind, detail = _KINDS.get(action.kind), action.detail
    if kind is None:
        return None
    initiating, cusip = _company(detail, kind.initiating)
    target, target_cusip = _company(detail, kind.target)
    return {
        "id": action.id,
        "corporate_action_id": action.id,
        "ca_type": kind.type,
        "ca_sub_type": kind.sub_type,
        "initiating_symbol": initiating,
        "initiating_original_cusip": cusip,
        "target_symbol": target or initiating,
        "target_original_cusip": target_cusip or cusip,
        **{name: detail[name] for name in _DATES if detail.get(name)},
        "cash": str(detail.get(kind.cash, 0)),
        "old_rate": str(detail.get(kind.old_rate, 1)),
        "new_rate": str(detail.get(kind.new_rate, 1)),
    }


def _company(detail: dict[str, Any], which: str) -> tuple[str, str]:
    """Return symbol and CUSIP of one of two companies; a split may give the CUSIP alone anew."""
    cusip = detail.get(f"{which}cusip") or detail.get("old_cusip") or ""
    return detail.get(f"{which}symbol") or "", cusip


def _needed(request: Request, name: str) -> str:
    text = ",".join(request.query_params.getlist(name))
    if not text:
        raise _unread(f"{name} is required")
    return text


def _day(request: Request, name: str) -> date:
    text = _needed(request, name)
    try:
        return a_date(text, name)
    except Refused as error:
        raise _unread(str(error)) from error


def _unread(message: str) -> Refused:
    return Refused(422, message, _NOT_UNDERSTOOD)
