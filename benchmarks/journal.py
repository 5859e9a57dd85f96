"""How many facts a second a database makes durable, and how soon a follower has them."""

from __future__ import annotations

import json
import statistics
import sys
import threading
import time
from decimal import Decimal
from pathlib import Path

from benchmarks.databases import new_database
from engine.domain.facts import OrderRole
from store import Journals, SqlJournal
from tests.accounting.streams import OPEN_NS, fill, plan

FILL = fill(plan("T1", "AAA", 1, 10, Decimal(20)), OrderRole.ENTRY, 10, Decimal(20), Decimal(0))
GROUP = 64
_GROUPS, _SINGLES, _FOLLOWED = 400, 400, 200
_PAUSE_SECS = 0.01


def main(kind: str, folder: Path) -> dict[str, float]:
    """Measure a SQLite file in a folder, or a PostgreSQL server started for it."""
    with new_database(kind, folder) as url:
        journals = Journals(url)
        with journals.start("grouped") as journal:
            grouped = _rate(journal, _GROUPS, GROUP)
        with journals.start("single") as journal:
            single = _rate(journal, _SINGLES, 1)
        latencies = sorted(_latencies(journals))
    return {
        "grouped_per_sec": grouped,
        "single_per_sec": single,
        "follow_p50_ms": statistics.median(latencies) * 1e3,
        "follow_p99_ms": latencies[int(len(latencies) * 0.99)] * 1e3,
    }


def _rate(journal: SqlJournal, groups: int, size: int) -> float:
    """Return facts a second, each group durable before the next is begun."""
    journal.append(FILL, ts_event=OPEN_NS, ts_init=OPEN_NS)
    started = time.perf_counter()
    for _ in range(groups):
        with journal.group():
            for _ in range(size):
                journal.append(FILL, ts_event=OPEN_NS, ts_init=OPEN_NS)
    return groups * size / (time.perf_counter() - started)


def _latencies(journals: Journals) -> list[float]:
    """Return the seconds from a durable fact to a follower that has read it."""
    durable: list[float] = []
    read: list[float] = []

    def follow() -> None:
        for _ in journals.open("followed").stored.follow():
            read.append(time.perf_counter())
            if len(read) == _FOLLOWED:
                return

    with journals.start("followed") as journal:
        follower = threading.Thread(target=follow)
        follower.start()
        for _ in range(_FOLLOWED):
            time.sleep(_PAUSE_SECS)
            journal.append(FILL, ts_event=OPEN_NS, ts_init=OPEN_NS)
            durable.append(time.perf_counter())
        follower.join()
    return [max(after - before, 0.0) for before, after in zip(durable, read, strict=True)]


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]))))
