"""A child that writes a long run's facts, then rebuilds its tables from them."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from itertools import batched, count, islice
from pathlib import Path

import msgspec
from sqlalchemy import insert, update

from benchmarks.databases import new_database
from engine.domain.account import ACCELERATION
from engine.domain.facts import (
    AnyPayload,
    ExitReason,
    Fact,
    OrderAccepted,
    OrderCanceled,
    OrderRole,
    OrderSubmitted,
    TradeClosed,
    TradeMeasured,
    TradeOpened,
)
from engine.journal import Report, record_of, seal
from store import Journals, Projector
from store.database.schema import FACTS, RUNS
from tests.accounting.streams import ALPACA, OPEN_NS, fill, plan, run_started

RUN = "bench"
_SYMBOLS = 500
_IN, _OUT = Decimal("20.15"), Decimal("20.75")
_LEGS = (OrderRole.ENTRY, OrderRole.TAKE_PROFIT, OrderRole.STOP_LOSS)


def main(kind: str, folder: Path, facts: int) -> None:
    """Measure a SQLite file in a folder, or a PostgreSQL server started for it."""
    with new_database(kind, folder) as url:
        print(json.dumps(_measured(url, facts)))


def _measured(url: str, facts: int) -> dict[str, float]:
    """Return the seconds of a first fold, and of a rebuild with digests before and after."""
    journals = Journals(url)
    journals.start(RUN).close()
    journal = journals.open(RUN)
    last: Fact | None = None
    with journal.database.connect() as connection, connection.begin():
        for some in batched(islice(_payloads(), facts), 50_000, strict=False):
            rows = []
            for payload in some:
                ts = OPEN_NS + 1_000_000 * (last.seq if last else 0)
                last = seal(Report(payload, ts, ts), after=last)
                rows.append({"run_id": RUN, **msgspec.structs.asdict(record_of(last))})
            connection.execute(insert(FACTS), rows)
        assert last is not None
        head = {"head_seq": last.seq, "head_hash": last.hash}
        connection.execute(update(RUNS).where(RUNS.c.run_id == RUN).values(head))
    projector = Projector(journal)
    started = time.perf_counter()
    projector.catch_up()
    folded = time.perf_counter()
    rebuilt = projector.rebuild()
    ended = time.perf_counter()
    assert not rebuilt.differing
    return {
        "facts": rebuilt.facts,
        "rows": sum(rebuilt.rows.values()),
        "first_secs": folded - started,
        "rebuild_secs": ended - folded,
    }


def _payloads() -> Iterator[AnyPayload]:
    """Yield bracket after bracket, each entered in two pieces and closed at its target."""
    yield run_started()
    for number in count(1):
        trade_id, symbol = f"T{number}", f"S{number % _SYMBOLS}"
        bracket = plan(trade_id, symbol, 1, 100, _IN)
        yield bracket
        for role in _LEGS:
            order_id, side = f"{trade_id}-{role}", "BUY" if role is OrderRole.ENTRY else "SELL"
            yield OrderSubmitted(
                order_id,
                trade_id,
                symbol,
                *ALPACA,
                role,
                1,
                side,
                "LIMIT",
                Decimal(100),
                bracket.take_profit,
                None,
            )
            yield OrderAccepted(order_id, trade_id, symbol, *ALPACA)
        yield fill(bracket, OrderRole.ENTRY, 60, _IN, Decimal(0), 1)
        yield fill(bracket, OrderRole.ENTRY, 40, _IN, Decimal(0), 2)
        yield TradeOpened(trade_id, ACCELERATION, symbol, *ALPACA, 1, Decimal(100), _IN)
        yield fill(bracket, OrderRole.TAKE_PROFIT, 100, _OUT, Decimal(0))
        yield OrderCanceled(f"{trade_id}-stop_loss", trade_id, symbol, *ALPACA)
        yield TradeClosed(
            trade_id,
            ACCELERATION,
            symbol,
            *ALPACA,
            1,
            Decimal(100),
            _IN,
            _OUT,
            Decimal(60),
            Decimal(0),
            ExitReason.TAKE_PROFIT,
        )
        yield TradeMeasured(trade_id, ACCELERATION, symbol, *ALPACA, -0.3, 3.1)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
