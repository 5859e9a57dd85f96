"""An order of history, kind by kind and date by date, into the catalog."""

from __future__ import annotations

import logging

from catalog.pull.news_and_actions import ActionsPull, NewsPull
from catalog.pull.order import Progress, Pulled, PullOrder, PullReport
from catalog.pull.ticks import TickPull
from catalog.pull.vendor import Vendor
from catalog.schema import Kind
from catalog.store import Catalog
from engine.domain.errors import NotFoundError

_log = logging.getLogger(__name__)

_BY_DAY = ("trades", "quotes", "bars", "news")


def pull(
    catalog: Catalog,
    vendor: Vendor,
    order: PullOrder,
    progress: Progress = lambda *_: None,
) -> PullReport:
    """Bring a vendor's history into the catalog.

    It may be cut short at any moment; the same order then goes on where it was. What was pulled
    before is not asked for again.

    Raises
    ------
    ConfigError
        The order is of nothing, or the vendor refuses keys, plan or parameters.
    DataError
        The vendor's rows differ from those stored, or cannot be read.
    NotFoundError
        The vendor has nothing of what was asked for.
    RunError
        The vendor does not answer, or the disk is full.
    """
    days = order.days()
    kinds = [kind for kind in _BY_DAY if kind in order.kinds]
    each = len(order.symbols)
    total = len(kinds) * len(days) * each
    before = 0
    done: list[Pulled] = []
    for kind in kinds:
        job = (
            NewsPull(catalog, vendor, order)
            if kind == "news"
            else TickPull(catalog, vendor, order, Kind(kind))
        )
        done.append(job.done)
        for day in days:
            progress(before, total)
            job.pull(day, lambda share, first=before: progress(first + share * each, total))
            before += each
            _log.info("pulled %s of %s", kind, day)
    if "corporate_actions" in order.kinds:
        actions = ActionsPull(catalog, vendor, order)
        actions.pull()
        done.append(actions.done)
    progress(total, total)
    if not any(each.rows or each.already for each in done):
        raise NotFoundError(_nothing(order))
    return PullReport(
        feed=order.feed,
        symbols=len(order.symbols),
        days=len(days),
        kinds=done,
        waited_secs=round(vendor.pace.waited_secs, 3),
    )


def _nothing(order: PullOrder) -> str:
    names = ", ".join(order.symbols[:3]) + (" and others" if len(order.symbols) > 3 else "")  # noqa: PLR2004
    what = " or ".join(kind.replace("_", " ") for kind in order.kinds)
    return (
        f"no {what} of {names} from {order.start} to {order.end} on feed {order.feed}; check the "
        "spelling of the symbols, the dates and --feed"
    )
