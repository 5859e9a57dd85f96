"""Facts → fees by day and kind: what was charged beside what the schedule expects."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cache

import msgspec

from engine.accounting.books.book import Book, Key
from engine.accounting.books.fee_schedule import SCHEDULES, VENUES, accrued, charge
from engine.accounting.books.fills import FILLS, Fill, FillChange
from engine.domain.facts import Fact, Fee, FeeCharged
from engine.domain.session import NANOS_PER_SECOND, day_of

_HOUR_NS = 3600 * NANOS_PER_SECOND


class FeeDay(msgspec.Struct, frozen=True):
    """One kind of fee on one New York day.

    Attributes
    ----------
    charged : Decimal
        USD taken from cash by ``FeeCharged`` facts, ``charges`` of them.
    expected : Decimal or None
        USD that ``fee_schedule`` makes of the day's fills; None where a rate is not known.
    """

    venue: str
    account: str
    day: str
    fee: Fee
    charged: Decimal
    charges: int
    expected: Decimal | None


class _Tally(msgspec.Struct):
    venue: str
    account: str
    charged: Decimal = Decimal(0)
    charges: int = 0
    accrued: Decimal = Decimal(0)
    fills: int = 0
    unknown: int = 0


class FeeBook(Book[FeeDay]):
    """Fees by day and kind; a day without fills and charges has none."""

    kinds = (FeeCharged, *FILLS)

    def __init__(self) -> None:
        super().__init__()
        self._tallies: dict[Key, _Tally] = {}

    def post(self, fact: Fact, change: FillChange | None) -> None:
        """Take one fact in, and what it did to a fill."""
        if isinstance(fact.payload, FeeCharged):
            paid = fact.payload
            tally = self._tally(paid.day, paid.fee, paid.venue, paid.account)
            tally.charged += fact.payload.amount
            tally.charges += 1
        elif change is not None:
            for fill, times in ((change.before, -1), (change.after, 1)):
                if fill is not None and fill.order.venue in VENUES:
                    self._accrue(fill, times)

    def row(self, key: Key) -> FeeDay | None:
        """Return a day's fee of one kind."""
        tally = self._tallies[key]
        if not tally.charges and not tally.fills:
            return None
        return FeeDay(
            venue=tally.venue,
            account=tally.account,
            day=str(key[0]),
            fee=Fee(key[1]),
            charged=tally.charged,
            charges=tally.charges,
            expected=None if tally.unknown or Fee(key[1]) is Fee.OTHER else charge(tally.accrued),
        )

    def _accrue(self, fill: Fill, times: int) -> None:
        day, name = _day_of_hour(fill.ts_event // _HOUR_NS)
        for fee in SCHEDULES:
            tally = self._tally(name, fee, fill.order.venue, fill.order.account)
            amount = accrued(fee, fill, day)
            tally.fills += times
            if amount is None:
                tally.unknown += times
            else:
                tally.accrued += times * amount

    def _tally(self, day: str, fee: Fee, venue: str, account: str) -> _Tally:
        key = (day, fee.value)
        self._note(*key)
        tally = self._tallies.get(key)
        if tally is None:
            tally = self._tallies[key] = _Tally(venue, account)
        return tally


@cache
def _day_of_hour(hour: int) -> tuple[date, str]:
    """Return the New York date of an hour since 1970 UTC; there, days begin at whole hours."""
    day = day_of(hour * _HOUR_NS)
    return day, day.isoformat()
