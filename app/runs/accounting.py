"""What a run earned, held and cost, from its tables: rows, the story of its cash, files."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from app.runs.chosen_journal import chosen_journal
from app.runs.folded_tables import FoldedTables, RunTables
from app.runs.kept_runs import DEFAULT_DATABASE
from app.runs.running import is_running
from engine.accounting import PROJECTIONS, columns_of
from engine.domain.errors import ConfigError, NotFoundError
from engine.journal import Integrity
from store import Journals, Projector, Rebuilt, export_table

type Row = dict[str, Any]

_BOOKED = frozenset({"fill", "correction", "bust"})
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class AskedRun:
    """Which run is asked about: its id, its beginning or ``latest``, and where it is looked for.

    Without a ``database`` it is looked for in the run directories and in the one ``beside`` them.
    """

    run: str
    database: str | None
    runs: Path
    beside: str = DEFAULT_DATABASE

    def tables(self) -> tuple[RunTables, Integrity]:
        """Return the run's tables, brought up to its last whole fact, and how far they hold.

        Those of a run that goes on are not stored.

        Raises
        ------
        NotFoundError
            There is no such run.
        JournalError
            Its facts cannot be read.
        """
        journal, head = chosen_journal(self.run, self.database, self.runs, beside=self.beside)
        integrity = journal.stored.integrity(head)
        if is_running(Journals(journal.database).run(journal.run_id)):
            return FoldedTables(journal, integrity.seq), integrity
        projector = Projector(journal)
        projector.catch_up(integrity.seq)
        return projector, integrity


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose rows are asked for: one strategy's, one account's, or everybody's."""

    strategy: str | None = None
    account: str | None = None

    def rows(self, tables: RunTables, table: str) -> list[Row]:
        """Return the rows of a table that are asked for, in its own order.

        Raises
        ------
        ConfigError
            There is no such table, or it is the account's and one strategy's rows are asked for.
        NotFoundError
            The run has no such strategy or account.
        """
        if table not in PROJECTIONS:
            raise ConfigError(f"no table is called {table!r}; there are {', '.join(PROJECTIONS)}")
        columns = {each.name for each in columns_of(PROJECTIONS[table].row)}
        rows = list(tables.rows(table))
        if self.strategy is not None:
            _expect_known(tables, "strategy", self.strategy, "strategies", "strategy_id")
            if "strategy_id" not in columns:
                raise ConfigError(
                    f"{table.replace('_', ' ')} are the account's, not one strategy's: leave "
                    "--strategy out, or ask 'tradectl accounting strategies'"
                )
            rows = [row for row in rows if row["strategy_id"] == self.strategy]
        if self.account is not None:
            _expect_known(tables, "account", self.account, "cash_movements", "account")
            if "account" in columns:  # parameters are the same for every account of the run
                rows = [row for row in rows if row["account"] == self.account]
        return rows


EVERYBODY = Owner()
"""Nothing is left out."""


@dataclass(frozen=True, slots=True)
class AccountingTable:
    """One table of a run."""

    run_id: str
    table: str
    rows: list[Row]
    integrity: Integrity
    running: bool

    def told(self) -> dict[str, Any]:
        """Return it by name."""
        return {"run_id": self.run_id, "running": self.running, self.table: self.rows}


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
    versions: list[Row]
    integrity: Integrity
    running: bool

    def told(self) -> dict[str, Any]:
        """Return it by name."""
        flow = msgspec.structs.asdict(self.flow)
        named = {"run_id": self.run_id, "running": self.running}
        return {**named, **flow, "versions": self.versions}


@dataclass(frozen=True, slots=True)
class ExportedTable:
    """A table that was written to a file, and how many rows."""

    run_id: str
    table: str
    rows: int
    file: str
    integrity: Integrity
    running: bool

    def told(self) -> dict[str, Any]:
        """Return it by name."""
        return {
            "run_id": self.run_id,
            "running": self.running,
            "table": self.table,
            "rows": self.rows,
            "file": self.file,
        }


def accounting_table(asked: AskedRun, table: str, owner: Owner = EVERYBODY) -> AccountingTable:
    """Return the rows of a table; raises as ``AskedRun.tables`` and ``Owner.rows``."""
    tables, integrity = asked.tables()
    rows = owner.rows(tables, table)
    return AccountingTable(tables.run_id, table, rows, integrity, _goes_on(tables))


def earned_cash(asked: AskedRun, owner: Owner = EVERYBODY) -> EarnedCash:
    """Return from where the account's cash came, and what the owner's versions earned.

    Raises as ``AskedRun.tables`` and ``Owner.rows``.
    """
    tables, integrity = asked.tables()
    versions = owner.rows(tables, "strategy_metrics")
    flow = _cash_flow(tables)
    return EarnedCash(tables.run_id, flow, versions, integrity, _goes_on(tables))


def exported_table(
    asked: AskedRun, table: str, file: Path, owner: Owner = EVERYBODY
) -> ExportedTable:
    """Write a table to a file that ends in ``.csv`` or ``.parquet``.

    Raises as ``AskedRun.tables``, ``Owner.rows`` and ``export_table``.
    """
    tables, integrity = asked.tables()
    rows = export_table(owner.rows(tables, table), table, file)
    running = _goes_on(tables)
    return ExportedTable(tables.run_id, table, rows, str(file), integrity, running)


def rebuilt_tables(asked: AskedRun) -> tuple[Rebuilt, Integrity]:
    """Drop a run's tables, fold its facts again and compare; return how far the facts hold, too."""
    journal, head = chosen_journal(asked.run, asked.database, asked.runs, beside=asked.beside)
    rebuilt = Projector(journal).rebuild()
    return rebuilt, journal.stored.integrity(head)


def _goes_on(tables: RunTables) -> bool:
    """Say whether the run goes on: then its tables are as of now."""
    return isinstance(tables, FoldedTables)


def _expect_known(tables: RunTables, what: str, name: str, table: str, column: str) -> None:
    known = sorted({row[column] for row in tables.rows(table)})
    if name not in known:
        raise NotFoundError(
            f"run {tables.run_id} has no {what} {name!r}, expected "
            f"{' or '.join(known) or 'none: it has recorded nothing'}"
        )


def _cash_flow(tables: RunTables) -> CashFlow:
    lines, held = list(tables.rows("cash_movements")), list(tables.rows("positions"))
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
