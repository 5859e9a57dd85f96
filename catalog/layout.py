"""Where a day's market data lies under the catalog root.

::

    trades/date=2018-01-02/letter=A/part-0.parquet      likewise quotes, bars, statuses
                                    part-0.json         the part's manifest
    inventory/trades/date=2018-01-02/letter=A           says that the partition must exist
    instruments/part-0.parquet
    news/date=2018-01-02/part-0.parquet                 likewise corporate_actions
    pulled/trades/date=2018-01-02.json                  of which symbols a vendor was asked
    candidates/params=<hash>/date=2018-01-02/part-0.parquet     likewise every derived table
    quarantine/                                         what was rejected, or failed verification
"""

from __future__ import annotations

from datetime import date

from catalog.schema import Kind

PART = "part-0.parquet"
MANIFEST = "part-0.json"
TEMPORARY = ".tmp"
"""Ending of a file that is still being written; one that stays was left by a killed process."""

INSTRUMENTS_FOLDER = "instruments"
NEWS_FOLDER = "news"
ACTIONS_FOLDER = "corporate_actions"
PULLED_FOLDER = "pulled"
QUARANTINE_FOLDER = "quarantine"
INVENTORY_FOLDER = "inventory"


def partition_folder(kind: Kind | str, day: date, letter: str) -> str:
    """Return the folder of one kind, date and letter, relative to the root."""
    return f"{kind}/date={day.isoformat()}/letter={letter}"


def derived_folder(kind: str, params_hash: str, day: date) -> str:
    """Return the folder of a table computed from a day, relative to the root."""
    return f"{kind}/params={params_hash}/date={day.isoformat()}"
