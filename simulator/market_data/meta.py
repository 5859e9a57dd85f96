"""What the letters of the tape mean, as the API's own tables tell it.

Source: the code tables of Alpaca's market-data documentation.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from simulator.market_data.requests.door import Visit
from simulator.market_data.requests.query import one_of
from simulator.market_data.requests.refusal import Refused

EXCHANGES = {
    "A": "NYSE American",
    "B": "NASDAQ OMX BX",
    "C": "NYSE National",
    "D": "FINRA ADF",
    "E": "Market Independent",
    "H": "MIAX",
    "I": "ISE",
    "J": "Cboe EDGA",
    "K": "Cboe EDGX",
    "L": "LTSE",
    "M": "NYSE Chicago",
    "N": "NYSE",
    "P": "NYSE Arca",
    "Q": "NASDAQ OMX",
    "S": "NASDAQ Small Cap / CQS",
    "T": "NASDAQ Int",
    "U": "MEMX",
    "V": "IEX",
    "W": "CBOE",
    "X": "NASDAQ OMX PSX",
    "Y": "Cboe BYX",
    "Z": "Cboe BZX",
}

_TRADES: dict[str, tuple[str, str]] = {
    " ": ("AB", "Regular Sale"),
    "@": ("CO", "Regular Sale"),
    "A": ("C", "Acquisition"),
    "C": ("ABCO", "Cash Sale"),
    "D": ("C", "Distribution"),
    "E": ("AB", "Automatic Execution"),
    "F": ("ABC", "Intermarket Sweep"),
    "G": ("C", "Bunched Sold Trade"),
    "H": ("ABC", "Price Variation Trade"),
    "I": ("ABCO", "Odd Lot Trade"),
    "K": ("ABC", "Rule 127 or Rule 155"),
    "L": ("ABC", "Sold Last"),
    "M": ("ABC", "Market Center Official Close"),
    "N": ("ABCO", "Next Day"),
    "O": ("ABC", "Market Center Opening Trade"),
    "P": ("ABCO", "Prior Reference Price"),
    "Q": ("ABC", "Market Center Official Open"),
    "R": ("ABCO", "Seller"),
    "T": ("ABCO", "Extended Hours Trade"),
    "U": ("ABCO", "Extended Trading Hours (sold out of sequence)"),
    "V": ("ABC", "Contingent Trade"),
    "W": ("CO", "Average Price Trade"),
    "X": ("ABC", "Cross Trade"),
    "Y": ("C", "Yellow Flag Regular Trade"),
    "Z": ("ABC", "Sold Out Of Sequence"),
    "4": ("ABC", "Derivatively Priced"),
    "5": ("ABC", "Market Center Reopening Trade"),
    "6": ("ABC", "Market Center Closing Trade"),
    "7": ("ABC", "Qualified Contingent Trade"),
    "9": ("ABC", "Corrected Consolidated Close"),
}
_B_MEANS = {"A": "Average Price Trade", "B": "Average Price Trade", "C": "Bunched Trade"}
_QUOTES = {"R": "Regular, two-sided open quote"}
_TAPES = ("A", "B", "C", "O")


def conditions(request: Request, visit: Visit) -> dict[str, Any]:  # noqa: ARG001  (an endpoint)
    """Answer ``/v2/stocks/meta/conditions/{ticktype}``.

    Raises
    ------
    Refused
        The kind of tick or the tape is none.
    """
    tape = one_of(request.query_params, "tape", _TAPES, None)
    kind = request.path_params["ticktype"]
    if kind not in ("trade", "quote"):
        raise Refused(400, f"invalid ticktype: {kind}")
    if not tape:
        raise Refused(400, "tape is required")
    if kind == "quote":
        return dict(_QUOTES)
    found = {code: name for code, (tapes, name) in _TRADES.items() if tape in tapes}
    return found | ({"B": _B_MEANS[tape]} if tape in _B_MEANS else {})


def exchanges(request: Request, visit: Visit) -> dict[str, Any]:  # noqa: ARG001  (an endpoint)
    """Answer ``/v2/stocks/meta/exchanges``."""
    return dict(EXCHANGES)
