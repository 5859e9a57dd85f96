"""The whole way from a trade to an order, on one page. Read this file first.

::

    prints, quotes ─▶ Scanner ─▶ buckets ─▶ ao, ac ─▶ gates ─▶ BucketReport
                      ··················· observe ·················    │
                                                                 the seam
                      ···················· judge ··················    │
    order list ◀─ BracketPlan ◀─ size, bracket ◀─ pick ◀─ confidence ◀─┘

On the shard's side of the seam many symbols and no money, on the hub's side one writer. In one
process the seam is a call, in a cluster a stream; neither side knows which.

1. A print is worth what its sale conditions allow (``domain.conditions``). It falls into the bucket
   of its ``ts_event``; the bucket closes when the clock, ``ts_init``, reaches its end plus grace
   (``signals.kernel.steps``).
2. At the close every symbol's windows move on by one bucket: medians, ao, ac, volatility, volume,
   VWAP; all gates are held against it (``signals.kernel``). Passing all of them raises a candidate.
3. The report of a bucket carries the candidates and the counts over the whole tape
   (``domain.candidate.BucketReport``).
4. The hub asks the day governor, then confidence, picks the strongest, sizes it and plans a bracket
   (``decision.decide``). Whatever it refuses, it refuses with a reason.
5. Only an ``Approved[BracketPlan]`` becomes an order list (``runtime.bridge.order_commands``), and
   every order event comes back as a fact (``hub.desk``).
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.decision import BucketDecision, DeskState, decide
from engine.domain.candidate import BucketReport
from engine.domain.market_data.quotes import QuoteBatch
from engine.domain.market_data.trades import TradeBatch
from engine.domain.parameters import Parameters
from engine.domain.session import Session
from engine.signals import Scanner
from engine.signals.arrivals import Arrivals


def observe(
    scanner: Scanner, quotes: Iterable[QuoteBatch], prints: Iterable[TradeBatch], now: int
) -> list[BucketReport]:
    """Take what arrived before ``now`` (UTC ns) and return the buckets that close by then.

    A host that was held up for more than a bucket closes each with what arrived before its end.
    """
    heard, printed = Arrivals(quotes), Arrivals(prints)
    while (closes_at := scanner.closes_at) < now:
        for batch in heard.before(closes_at):
            scanner.quotes(batch)
        for batch in printed.before(closes_at):
            scanner.step(batch)
        scanner.advance(closes_at)
    for batch in heard.rest():
        scanner.quotes(batch)
    for batch in printed.rest():
        scanner.step(batch)
    scanner.advance(now)
    return scanner.reports()


def judge(
    report: BucketReport, desk: DeskState, params: Parameters, session: Session
) -> BucketDecision:
    """Return a verdict on every qualified candidate of a bucket, and the brackets to send."""
    return decide(report, desk, params, session)
