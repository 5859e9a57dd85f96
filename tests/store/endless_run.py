"""A process that trades for ever, to be killed; prints each fact it was promised."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import msgspec

from engine.domain.account import ACCELERATION
from engine.domain.facts import AnyPayload, ExitReason, OrderRole, OrderSubmitted, TradeClosed
from engine.journal import WRITE_AHEAD
from store import RunPlan, RunStore
from tests.accounting.streams import ALPACA, OPEN_NS, fill, plan, run_started


def main(root: str, stored_plan: str) -> None:
    """Start a run and record trades until killed."""
    run = RunStore(Path(root)).start(msgspec.json.decode(stored_plan, type=RunPlan))
    for n, payload in enumerate(_payloads()):
        fact = run.journal.append(payload, ts_event=OPEN_NS + n, ts_init=OPEN_NS + n)
        if isinstance(payload, WRITE_AHEAD):
            sys.stdout.write(f"{fact.seq} {fact.hash}\n")
            sys.stdout.flush()


def _payloads() -> Iterator[AnyPayload]:
    yield run_started()
    number = 0
    while True:
        number += 1
        trade_id = f"T{number}"
        bracket = plan(trade_id, "AAA", 1, 10, Decimal(20))
        yield bracket
        yield OrderSubmitted(
            f"{trade_id}-entry",
            trade_id,
            "AAA",
            *ALPACA,
            OrderRole.ENTRY,
            1,
            "BUY",
            "MARKET",
            Decimal(10),
            None,
            None,
        )
        yield fill(bracket, OrderRole.ENTRY, 10, Decimal(20), Decimal("0.01"))
        yield fill(bracket, OrderRole.EXIT, 10, Decimal(21), Decimal("0.01"))
        yield TradeClosed(
            trade_id,
            ACCELERATION,
            "AAA",
            *ALPACA,
            1,
            Decimal(10),
            Decimal(20),
            Decimal(21),
            Decimal(10),
            Decimal("0.02"),
            ExitReason.TAKE_PROFIT,
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
