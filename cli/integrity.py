"""Roof: how far what is shown of a journal can be relied upon: asked, told and drawn in one way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    from engine.journal import Integrity
    from store import Run

_STYLES = {"broken": "bold red", "unverified": "yellow"}


def run_integrity(run: Run | None, *, most: int | None = None) -> Integrity | None:
    """Return what is to be said of a run directory's journal; None without a run.

    Parameters
    ----------
    most : int, optional
        Facts to look at, the last ones; by default as many as a reader waits a second for.
    """
    from engine.domain.errors import JournalBroken, JournalError
    from engine.journal import Integrity, Standing
    from store.journal import AT_SIGHT

    if run is None:
        return None
    head = run.manifest.journal
    try:
        return run.journal.integrity(head.hash if head else None, most=most or AT_SIGHT)
    except JournalBroken as error:
        return Integrity(Standing.BROKEN, 0, "", detail=error.detail)
    except JournalError as error:
        return Integrity(Standing.UNVERIFIED, 0, "", detail=str(error))


def worst(*found: Integrity | None) -> Integrity | None:
    """Return the one that a reader of several journals has to know of first."""
    order = ("broken", "unverified", "verified")
    known = [each for each in found if each is not None]
    return min(known, key=lambda each: order.index(each.standing), default=None)


def told(integrity: Integrity) -> dict[str, Any]:
    """Return it for ``--json``."""
    import msgspec

    return msgspec.to_builtins(integrity)


def draw(console: Console, integrity: Integrity) -> None:
    """Say above a page what of it cannot be relied upon; nothing when all is verified."""
    style = _STYLES.get(integrity.standing)
    if style is not None:
        text = f"[{style}]journal {integrity.standing}:[/] {escape(integrity.detail)}"
        console.print(text, highlight=False, soft_wrap=True)
