"""``tradectl live --standby``: stand by a hub, and trade in its place."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import typer

from app.runs.start_wait import StartWait
from cli.terminal.output import INTERRUPTED, emit, say

if TYPE_CHECKING:
    from rich.console import Console

    from app.live.request import LiveRequest
    from store import Journals


def taken_over(
    journals: Journals, request: LiveRequest, wait_secs: float, *, as_json: bool
) -> LiveRequest:
    """Stand by until a run is to be traded here, and return the request to trade it; or end."""
    from app.live.standby import stand_by

    end = asyncio.run(stand_by(journals, request, say))
    if end.takes_over:
        wait = StartWait(wait_secs, say)
        return replace(request, run_id=end.run_id, lapsed=end.lapsed, wait=wait)
    said = "the run has ended" if end.has_ended else "stopped; nobody stands by any more"

    def page(console: Console) -> None:
        console.print(f"STANDBY of run {end.run_id}: {said}", highlight=False, markup=False)

    status = "ended" if end.has_ended else "stopped"
    emit({"run_id": end.run_id, "standby": status}, as_json=as_json, page=page)
    raise typer.Exit(0 if end.has_ended else INTERRUPTED)
