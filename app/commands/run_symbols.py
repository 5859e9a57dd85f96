"""Which symbols a run can trade, as far as it has written down where they are."""

from __future__ import annotations

from datetime import date
from itertools import islice

from catalog import Catalog
from engine.domain.errors import TradectlError
from engine.domain.facts import RunStarted
from engine.domain.market_data.recorded import letters_read
from store import SqlJournal

_AT_START = 8


def traded_symbols(journal: SqlJournal, day: date) -> set[str] | None:
    """Return the symbols of a day that a run looks at; None where nobody here knows them.

    They are those that it was narrowed to, else what its catalog holds of the day. A live run hears
    a day that is recorded nowhere yet.
    """
    payloads = (fact.payload for fact in islice(journal.facts(), _AT_START))
    started = next((each for each in payloads if isinstance(each, RunStarted)), None)
    if started is None:
        return None
    if started.symbols:
        return set(started.symbols)
    if not started.catalog:
        return None
    try:
        catalog = Catalog.open(started.catalog)
        letters = letters_read(catalog, day, started.letters, ())
        return catalog.symbols(day, letters) or None
    except (TradectlError, OSError):
        return None
