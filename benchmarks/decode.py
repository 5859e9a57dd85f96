"""What it costs only to decode the columns a scan reads, on as many threads."""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date

from catalog import Catalog


def decode(root: str, day: date, workers: int) -> dict[str, float]:
    """Decode a day letter by letter and drop what was decoded."""
    catalog = Catalog.open(root)
    letters = sorted(catalog.letters(day), key=lambda letter: -catalog.trade_count(day, letter))

    def read(letter: str) -> int:
        return sum(len(batch) for batch in catalog.trade_batches(day, letter))

    started = time.perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        trades = sum(pool.map(read, letters))
    return {"trades": trades, "secs": time.perf_counter() - started}


if __name__ == "__main__":
    print(json.dumps(decode(sys.argv[1], date.fromisoformat(sys.argv[2]), int(sys.argv[3]))))
