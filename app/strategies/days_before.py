"""Previous closes and usual volumes, from the days that a catalog has before one."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pyarrow as pa

from engine.domain.session import sessions
from engine.signals.day_summary import day_summary
from engine.signals.whole_tape.signal_runner import KnownBefore
from engine.signals.whole_tape.tape_reader import Known

if TYPE_CHECKING:  # a strategy's process loads this module, and neither catalog nor store
    from catalog import Catalog

_KIND = "days"


def catalog_if_there(root: str) -> Catalog | None:
    """Return the catalog at a root, None where nothing has been stored yet."""
    from catalog import Catalog

    found = Catalog(root)
    return found if found.fs.isdir(found.root) else None


def days_before(catalog: Catalog | None) -> KnownBefore:
    """Return who knows what was known before a day; nothing without a catalog.

    A day's closes and volumes are kept in the catalog, so that it is gone through once.
    """

    def known(day: date, days: int) -> Known:
        if catalog is None:
            return {}
        past = sessions(day - timedelta(days=2 * days + 10), day - timedelta(days=1))[-days:]
        stored = set(catalog.dates())
        closes: dict[str, float] = {}
        volumes: defaultdict[str, list[float]] = defaultdict(list)
        for before in past:
            if before not in stored:
                continue
            for row in _summary(catalog, before).to_pylist():
                volumes[row["symbol"]].append(float(row["volume"]))
                if before == past[-1]:
                    closes[row["symbol"]] = float(row["close"])
        nan = float("nan")
        return {
            symbol: (closes.get(symbol, nan), sum(own) / len(own))
            for symbol, own in volumes.items()
        }

    return known


def _summary(catalog: Catalog, day: date) -> pa.Table:
    from store.runs.provenance import code_hash

    made_from = {
        "data": catalog.data_hash(day, catalog.letters(day)),
        "code": code_hash(("engine",)),
    }
    kept = catalog.computed.read(_KIND, "all", day)
    if kept is not None and kept[1]["made_from"] == made_from:
        return kept[0]
    table = day_summary(catalog, day)
    catalog.computed.write(_KIND, "all", day, table, {"made_from": made_from})
    return table
