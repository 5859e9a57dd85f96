"""How far what is shown of a journal can be relied upon: asked in one way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.journal import Integrity
    from store import Run


def run_integrity(run: Run | None, *, most: int | None = None) -> Integrity | None:
    """Return what is to be said of a run directory's journal; None without a run.

    Parameters
    ----------
    most : int, optional
        Facts to look at, the last ones; by default as many as a reader waits a second for.
    """
    from engine.domain.errors import JournalBroken, JournalError
    from engine.journal import Integrity, Standing
    from store.journal.stored_facts import AT_SIGHT

    if run is None:
        return None
    head = run.manifest.journal
    try:
        return run.journal.stored.integrity(head.hash if head else None, most=most or AT_SIGHT)
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
