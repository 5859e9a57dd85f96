"""What a run earned, held and cost, from its tables: rows, the story of its cash, files."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from app.runs.chosen_journal import chosen_journal
from engine.journal import Integrity
from store import Projector, Rebuilt, export_table

_BOOKED = frozenset({"fill", "correction", "bust"})
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class AskedRun:
    """Which run is asked about: its id, its beginning or ``latest``, and where it is looked for."""

    run: str
    database: str | None
    runs: Path

    def tables(self) -> tuple[Projector, Integrity]:
        """Return the run's tables, brought up to its last whole fact, and how far they hold.

        Raises
        ------
        NotFoundError
            There is no such run.
        JournalError
            Its facts cannot be read.
        """
        journal, head = chosen_journal(self.run, self.database, self.runs)
        integrity = journal.integrity(head)
        projector = Projector(journal)
        projector.catch_up(integrity.seq)
        return projector, integrity


@dataclass(frozen=True, slots=True)
class AccountingTable:
    """One table of a run."""

    run_id: str
    table: str
    rows: list[dict[str, Any]]
    integrity: Integrity

    def told(self) -> dict[str, Any]:
        """Return it by name."""
        return {"run_id": self.run_id, self.table: self.rows}


class CashFlow(msgspec.Struct, frozen=True, kw_only=True):
    """How the opening cash became the cash there is, USD; the lines between add up to it."""

    opening_cash: Decimal
    closed_lots: Decimal
    commission: Decimal
    fees: Decimal
    moved: Decimal
    held_at_cost: Decimal
    cash: Decimal


@dataclass(frozen=True, slots=True)
class EarnedCash:
    """Where the cash of a run came from, and what each version of its parameters earned."""

    run_id: str
    flow: CashFlow
    versions: list[dict[str, Any]]
    integrity: Integrity

    def told(self) -> dict[str, Any]:
        """Return it by name."""
        flow = msgspec.structs.asdict(self.flow)
        return {"run_id": self.run_id, **flow, "versions": self.versions}


@dataclass(frozen=True, slots=True)
class ExportedTable:
    """A table that was written to a file, and how many rows."""

    run_id: str
    table: str
    rows: int
    file: str
    integrity: Integrity

    def told(self) -> dict[str, Any]:
        """Return it by name."""
        return {
            "run_id": self.run_id,
            "table": self.table,
            "rows": self.rows,
            "file": self.file,
        }


def accounting_table(asked: AskedRun, table: str) -> AccountingTable:
    """Return the rows of a table, in its own order; raises as ``AskedRun.tables``."""
    projector, integrity = asked.tables()
    return AccountingTable(projector.run_id, table, list(projector.rows(table)), integrity)


def earned_cash(asked: AskedRun) -> EarnedCash:
    """Return from where the cash came; raises as ``AskedRun.tables``."""
    projector, integrity = asked.tables()
    versions = list(projector.rows("strategy_metrics"))
    return EarnedCash(projector.run_id, _cash_flow(projector), versions, integrity)


def exported_table(asked: AskedRun, table: str, file: Path) -> ExportedTable:
    """Write a table to a file that ends in ``.csv`` or ``.parquet``; raises as ``export_table``."""
    projector, integrity = asked.tables()
    rows = export_table(projector, table, file)
    return ExportedTable(projector.run_id, table, rows, str(file), integrity)


def rebuilt_tables(asked: AskedRun) -> tuple[Rebuilt, Integrity]:
    """Drop a run's tables, fold its facts again and compare; return how far the facts hold, too."""
    journal, head = chosen_journal(asked.run, asked.database, asked.runs)
    rebuilt = Projector(journal).rebuild()
    return rebuilt, journal.integrity(head)


def _cash_flow(projector: Projector) -> CashFlow:
    lines, held = list(projector.rows("cash_movements")), list(projector.rows("positions"))
    fees = [line["amount"] for line in lines if line["kind"].startswith("fee_")]
    opening = [line["amount"] for line in lines if line["kind"] == "opening"]
    booked = [line["amount"] for line in lines if line["kind"] in _BOOKED]
    return CashFlow(
        opening_cash=sum(opening, _ZERO),
        closed_lots=sum((row["realized_pnl"] for row in held), _ZERO),
        commission=-sum((row["commission"] for row in held), _ZERO),
        fees=sum(fees, _ZERO),
        moved=sum((line["amount"] for line in lines), -sum(opening + fees + booked, _ZERO)),
        held_at_cost=-sum((row["cost"] for row in held), _ZERO),
        cash=lines[-1]["cash"] if lines else _ZERO,
    )
