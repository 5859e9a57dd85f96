"""What regulators take of US stock trades, by date, as a broker passes it on.

Rates that could not be confirmed are None, and what follows from them is unknown.

Sources, as of 2026-09:

- SEC: the Section 31 orders and FINRA's information notices on them, sec.gov "Fee Rate Advisory",
  among them finra.org/rules-guidance/notices/information-notice-050718, -030314, -20250424, and
  Release 34-104909 (91 FR 10643). In USD per million USD sold.
- TAF: FINRA By-Laws, Schedule A, section 1; Regulatory Notice 12-31, SR-FINRA-2020-032 (rates of
  2022 to 2024) and SR-FINRA-2024-019 (2026 on). In USD per share sold, capped per sale.
- CAT: alpaca.markets/support/regulatory-fees and docs.alpaca.markets/docs/regulatory-fees, which
  add the plan's own fee (CAT Fee 2025-1 0.000022, 2025-2 0.000009), Historical Assessment 1
  (0.000013) and FINRA's recovery. In USD per share, bought or sold; first billed for September
  2024 (catnmsplan.com/faq/v6). What Alpaca passed on before 2025 and since 2026 is not known here.
- Rounding: docs.alpaca.markets/docs/regulatory-fees: each kind is added up per account and day, and
  the total rounded up to the cent.
"""

from __future__ import annotations

from datetime import date
from decimal import ROUND_CEILING, Decimal
from functools import cache

import msgspec

from engine.accounting.books.fills import Fill
from engine.domain.account import ALPACA_MAIN, PAPER_MAIN
from engine.domain.facts import Fee

CENT = Decimal("0.01")
_MILLION = 1_000_000
_NOTHING = Decimal(0)


class Rate(msgspec.Struct, frozen=True):
    """A rate from a New York date on, until that of the next; ``rate`` None: not known."""

    since: date
    rate: Decimal | None
    cap: Decimal | None = None


def _rate(since: str, rate: str | None, cap: str | None = None) -> Rate:
    day = date.fromisoformat(since)
    return Rate(day, Decimal(rate) if rate else None, Decimal(cap) if cap else None)


SEC = (
    _rate("2014-03-18", "22.10"),
    _rate("2015-02-14", "18.40"),
    _rate("2016-02-16", "21.80"),
    _rate("2017-07-04", "23.10"),
    _rate("2018-05-22", "13.00"),
    _rate("2019-04-16", "20.70"),
    _rate("2020-02-18", "22.10"),
    _rate("2021-02-25", "5.10"),
    _rate("2022-05-14", "22.90"),
    _rate("2023-02-27", "8.00"),
    _rate("2024-05-22", "27.80"),
    _rate("2025-05-14", "0.00"),
    _rate("2026-04-04", "20.60"),
)
"""Section 31 transaction fee, USD per million USD of sales."""

TAF = (
    _rate("2012-07-01", "0.000119", "5.95"),
    _rate("2022-01-01", "0.000130", "6.49"),
    _rate("2023-01-01", "0.000145", "7.27"),
    _rate("2024-01-01", "0.000166", "8.30"),
    _rate("2026-01-01", "0.000195", "9.79"),
    _rate("2027-01-01", None),
)
"""FINRA's Trading Activity Fee, USD per share sold and at most per sale."""

CAT = (
    _rate("2014-01-01", "0"),
    _rate("2024-09-01", None),
    _rate("2025-01-01", "0.000046"),
    _rate("2025-07-01", "0.0000265"),
    _rate("2026-01-01", None),
)
"""Consolidated Audit Trail, USD per share bought or sold."""

VENUES = frozenset({ALPACA_MAIN.venue, PAPER_MAIN.venue})
"""Where what is traded are US stocks; fills anywhere else have nothing to do with these fees."""

SCHEDULES = {Fee.SEC: SEC, Fee.TAF: TAF, Fee.CAT: CAT}


@cache
def rate_on(fee: Fee, day: date) -> Rate | None:
    """Return the rate of a fee on a New York date, None where it is not known."""
    known = [rate for rate in SCHEDULES.get(fee, ()) if rate.since <= day]
    return known[-1] if known and known[-1].rate is not None else None


def accrued(fee: Fee, fill: Fill, day: date) -> Decimal | None:
    """Return what a fill adds to a fee of its day, USD not rounded; None where not known."""
    found = rate_on(fee, day)
    if found is None or found.rate is None:
        return None
    if fee is not Fee.CAT and fill.signed_qty > 0:
        return _NOTHING
    match fee:
        case Fee.SEC:
            return fill.order.last_qty * fill.order.last_px * found.rate / _MILLION
        case Fee.TAF:
            taken = fill.order.last_qty * found.rate
            return taken if found.cap is None else min(taken, found.cap)
        case _:
            return fill.order.last_qty * found.rate


def charge(total: Decimal) -> Decimal:
    """Return what is charged for what accrued over a day: rounded up to the cent."""
    return total.quantize(CENT, ROUND_CEILING)
