"""The tables of accounting of a run, a page at a time."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from app.runs.accounting import Owner, accounting_table, earned_cash
from engine.accounting import PROJECTIONS, Projection
from engine.journal import Integrity
from web.answer import Cursor, Limit, answer, page, tagged
from web.blocking import AskedOf
from web.rights import router
from web.run_name import RunName, with_near_names
from web.shapes import Amount, extended, page_shape, row_shape, shape

routes = router("accounting")

Strategy = Annotated[str | None, Query(description="Only what is of this strategy.")]
Account = Annotated[str | None, Query(description="Only what is of this account.")]

_OF_A_RUN = {"run_id": str, "running": bool, "integrity": shape(Integrity)}

PnlAnswer = extended(
    "PnlAnswer",
    **_OF_A_RUN,
    opening_cash=Amount,
    closed_lots=Amount,
    commission=Amount,
    fees=Amount,
    moved=Amount,
    held_at_cost=Amount,
    cash=Amount,
    versions=list[row_shape(PROJECTIONS["strategy_metrics"])],
)


@routes.get("/runs/{run}/pnl", response_model=PnlAnswer)
async def pnl(
    asked: AskedOf, run: RunName, strategy: Strategy = None, account: Account = None
) -> Response:
    """Say from where the cash came: lots closed, costs, movements, and what is still held."""
    earned = await asked.of(
        with_near_names(earned_cash, run, asked.places),
        asked.places.tables(run),
        Owner(strategy, account),
    )
    return answer(earned.told() | {"integrity": earned.integrity})


def _add_table(table: Projection) -> None:
    """Add the route of a table; each has a model of its own."""
    sentence = (table.row.__doc__ or table.name).split("\n", 1)[0].replace("``", "`")

    @routes.get(
        f"/runs/{{run}}/{table.name}",
        name=table.name,
        summary=f"List {table.name.replace('_', ' ')}",
        description=sentence,
        response_model=page_shape(row_shape(table), **_OF_A_RUN),
    )
    async def rows(
        request: Request,
        asked: AskedOf,
        run: RunName,
        strategy: Strategy = None,
        account: Account = None,
        cursor: Cursor = None,
        limit: Limit = 100,
    ) -> Response:
        found = await asked.of(
            with_near_names(accounting_table, run, asked.places),
            asked.places.tables(run),
            table.name,
            Owner(strategy, account),
        )
        key = table.order
        items, after = page(found.rows, lambda row: tuple(row[c] for c in key), cursor, limit)
        body = {"run_id": found.run_id, "running": found.running, "items": items, "next": after}
        return tagged(request, body | {"integrity": msgspec.to_builtins(found.integrity)})


for _table in PROJECTIONS.values():
    _add_table(_table)
