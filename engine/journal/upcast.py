"""Payloads as they were written once → the shape of today."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.domain.account import ACCELERATION, ALPACA_MAIN
from engine.domain.candidate import strength_of
from engine.domain.errors import JournalError
from engine.domain.order_names import order_name, trade_name

type Body = dict[str, Any]
"""A payload as JSON, its ``kind`` included."""


def _plan_names_its_exits_and_parameters(body: Body) -> Body:
    return body | {"max_hold_secs": None, "trailing_stop_percent": None, "params_version": 1}


def _change_says_whether_it_was_stepped_up(body: Body) -> Body:
    # no door took a change that needed a step-up without one
    return body | {"stepped_up": True}


def _command_says_through_which_door_it_came(body: Body) -> Body:
    from_desk = body["source"] == "parameter desk"
    channel = "parameter_desk" if from_desk else "command_log"
    return body | {"channel": channel, "stepped_up": from_desk}


def _names_its_account(body: Body) -> Body:
    return body | {"venue": ALPACA_MAIN.venue, "account": ALPACA_MAIN.name}


def _run_names_its_account(body: Body) -> Body:
    return _in_currency(_names_its_account(body)) | {"strategies": [ACCELERATION]}


def _run_names_its_market(body: Body) -> Body:
    return body | {"catalog": "", "letters": [], "symbols": []}


def _in_currency(body: Body) -> Body:
    return body | {"currency": ALPACA_MAIN.currency}


def _plan_names_its_strategy_and_account(body: Body) -> Body:
    score = abs(body["ac_z"])
    owner = {
        "strategy_id": ACCELERATION,
        "strength": strength_of(score),
        "weight": 1.0,
        "confidence": 1.0,
    }
    named = _in_currency(_names_its_account(_in_exact_shares(body))) | {
        "strategy_id": ACCELERATION,
        "ensemble_rule": "any",
        "contributions": [owner],
        "score": score,
    }
    del named["ac_z"]
    return named


def _trade_names_its_strategy(body: Body) -> Body:
    # the measure of a trade did not name its symbol, but the trade's id does
    return _order_names_its_instrument(_in_exact_shares(body)) | {"strategy_id": ACCELERATION}


def _order_names_its_instrument(body: Body) -> Body:
    named = trade_name(body["trade_id"])
    symbol = body.get("symbol") or (named.symbol if named is not None else "")
    return _names_its_account(_in_exact_shares(body)) | {"symbol": symbol}


def _order_names_its_number(body: Body) -> Body:
    named = order_name(body["client_order_id"])
    return _order_names_its_instrument(body) | {"number": 1 if named is None else named.number}


def _in_exact_shares(body: Body) -> Body:
    shares = {name: str(body[name]) for name in ("quantity", "last_qty") if name in body}
    return body | shares


STEPS: Mapping[str, Sequence[Callable[[Body], Body]]] = {
    "bracket_planned": (_plan_names_its_exits_and_parameters, _plan_names_its_strategy_and_account),
    "cash_moved": (_names_its_account,),
    "command_received": (_command_says_through_which_door_it_came,),
    "exit_requested": (_trade_names_its_strategy,),
    "fee_charged": (_names_its_account,),
    "fill_busted": (_order_names_its_instrument,),
    "fill_corrected": (_order_names_its_instrument,),
    "order_accepted": (_order_names_its_instrument,),
    "order_canceled": (_order_names_its_instrument,),
    "order_expired": (_order_names_its_instrument,),
    "order_filled": (_order_names_its_instrument,),
    "order_rejected": (_order_names_its_instrument,),
    "order_submitted": (_order_names_its_number,),
    "order_updated": (_order_names_its_instrument,),
    "params_changed": (_change_says_whether_it_was_stepped_up,),
    "run_started": (_run_names_its_account, _run_names_its_market),
    "trade_closed": (_trade_names_its_strategy,),
    "trade_measured": (_trade_names_its_strategy,),
    "trade_opened": (_trade_names_its_strategy,),
}
"""By kind, how a payload of version 1, 2, … becomes one of the next; most kinds never changed."""


def present_version(kind: str) -> int:
    """Return the version in which payloads of a kind are written today."""
    return 1 + len(STEPS.get(kind, ()))


def upcast(kind: str, version: int, body: Body) -> Body:
    """Return a payload of an earlier version in the shape of today.

    Raises
    ------
    JournalError
        The version is not one that was ever written up to now.
    """
    present = present_version(kind)
    if not 1 <= version <= present:
        raise JournalError(
            f"expected a {kind} of version 1 to {present}, found {version}: "
            "read this journal with the tradectl that wrote it, or a newer one"
        )
    for step in STEPS.get(kind, ())[version - 1 :]:
        body = step(body)
    return body
