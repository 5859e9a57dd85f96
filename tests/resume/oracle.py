"""What was held and what protected it, from the venue's own orders and fills alone.

Nothing here looks at our journal or shares code with what trades.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

type Wire = dict[str, Any]
type Span = tuple[int, int]

_OURS = re.compile(r"(?P<run>[^.]+)\.(?P<epoch>\d+)\.(?P<trade>.+)-(?P<role>[a-z_]+(-\d+)?)(~\d+)?")
_ENDS = ("canceled_at", "expired_at", "failed_at", "replaced_at")


@dataclass
class Trade:
    """All orders of one trade at the venue, and their executions.

    Attributes
    ----------
    fills : list of (int, Decimal, Decimal)
        UTC ns, signed shares, USD a share; by time.
    executed : dict
        UTC ns and shares of the executions of each order, by its id.
    """

    name: str
    symbol: str
    orders: list[Wire] = field(default_factory=list)
    fills: list[tuple[int, Decimal, Decimal]] = field(default_factory=list)
    executed: defaultdict[str, list[tuple[int, Decimal]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    @property
    def entry(self) -> Wire:
        """The order that opened it."""
        (entry,) = [order for order in self.orders if role(order) == "entry"]
        return entry

    @property
    def begins(self) -> int:
        """When its entry came to the venue, UTC ns."""
        return instant(self.entry["created_at"])

    @property
    def held(self) -> Decimal:
        """Shares held now."""
        return sum((shares for _, shares, _ in self.fills), Decimal(0))

    @property
    def cash(self) -> Decimal:
        """USD that it has brought so far."""
        return -sum((shares * price for _, shares, price in self.fills), Decimal(0))

    def unprotected(self, now: int) -> Iterator[Span]:
        """Yield the stretches in which more shares were held than anything would have sold.

        The stop of a bracket works from the instant at which its entry is wholly filled.
        """
        covers = [(order, span) for order in self.orders for span in self._cover(order, now)]
        ends = {ts for _, span in covers for ts in span}
        begun: int | None = None
        for ts in sorted({ts for ts, *_ in self.fills} | ends):
            held = sum(shares for at, shares, _ in self.fills if at <= ts)
            covered = sum(
                self._remaining(order, ts, end)
                for order, (start, end) in covers
                if start <= ts < end
            )
            is_naked = covered < held
            if is_naked and begun is None:
                begun = ts
            elif not is_naked and begun is not None:
                yield begun, ts
                begun = None
        if begun is not None:
            yield begun, now

    def _remaining(self, order: Wire, ts: int, end: int) -> Decimal:
        """Return how many shares an order that lives until ``end`` would have sold at an instant.

        Its quantity is known as it was last: the venue lessens that of a leg by what another leg
        of the bracket has sold.
        """
        done = sum(shares for at, shares in self.executed[order["id"]] if at <= ts)
        sold_later = sum(
            shares
            for other in self.orders
            if other["id"] != order["id"] and other["side"] == "sell"
            for at, shares in self.executed[other["id"]]
            if ts < at < end
        )
        return Decimal(order["qty"]) - done + sold_later

    def _cover(self, order: Wire, now: int) -> Iterator[Span]:
        if order["side"] != "sell" or order["type"] not in {"stop", "market"}:
            return
        start = instant(order["created_at"])
        if order["type"] == "stop":
            if self.entry["status"] != "filled":
                return
            start = max(start, instant(self.entry["filled_at"]))
        end = _ended(order) or now
        if start < end:
            yield start, end


def _ended(order: Wire) -> int | None:
    """Return when an order ended; one that was filled in part has a time of that, too."""
    names = ("filled_at",) if order["status"] == "filled" else _ENDS
    return next((instant(order[name]) for name in names if order[name]), None)


def trades(orders: Iterable[Wire], groups: Iterable[Wire], fills: Iterable[Wire]) -> list[Trade]:
    """Return the trades of one run, in order of their first order.

    Parameters
    ----------
    orders : iterable
        All orders, flat.
    groups : iterable
        All orders with their legs nested.
    """
    listed = {order["id"]: order for order in orders}
    parents = {leg["id"]: group["id"] for group in groups for leg in group["legs"] or ()}
    found: dict[str, Trade] = {}
    owner: dict[str, Trade] = {}
    for order in sorted(listed.values(), key=lambda each: instant(each["created_at"])):
        named = trade_of(order)
        if named is not None:
            mine = found.setdefault(named, Trade(named, order["symbol"]))
            owner[order["id"]] = mine
            mine.orders.append(order)
    for order in listed.values():
        if order["id"] not in owner:
            owner[order["id"]] = mine = owner[_root(order["id"], listed, parents, owner)]
            mine.orders.append(order)
    for fill in fills:
        shares = Decimal(fill["qty"]) * (1 if fill["side"] == "buy" else -1)
        at, price = instant(fill["transaction_time"]), Decimal(fill["price"])
        mine = owner[fill["order_id"]]
        mine.fills.append((at, shares, price))
        mine.executed[fill["order_id"]].append((at, abs(shares)))
    return list(found.values())


def _root(
    order_id: str,
    listed: Mapping[str, Wire],
    parents: Mapping[str, str],
    owner: Mapping[str, Trade],
) -> str:
    """Return the order through whose trade a leg without a name of ours is one of ours."""
    replaced = {each["replaced_by"]: each["id"] for each in listed.values() if each["replaced_by"]}
    seen, at = set[str](), order_id
    while at not in owner:
        seen.add(at)
        around = (parents.get(at), replaced.get(at), listed[at]["replaced_by"])
        at = next(each for each in around if each is not None and each not in seen)
    return at


def trade_of(order: Wire) -> str | None:
    """Return the trade that an order's name tells, None of one that the venue named."""
    found = _OURS.fullmatch(order["client_order_id"])
    return found["trade"] if found else None


def role(order: Wire) -> str | None:
    """Return what an order's name says it is for: ``entry``, ``exit-2``."""
    found = _OURS.fullmatch(order["client_order_id"])
    return found["role"] if found else None


def sent_twice(orders: Iterable[Wire]) -> dict[str, list[str]]:
    """Return what was sent more than once: a trade's order of one role, by whichever process."""
    sent: defaultdict[str, list[str]] = defaultdict(list)
    for order in orders:
        found = _OURS.fullmatch(order["client_order_id"])
        if found is not None and order["replaces"] is None:
            sent[f"{found['trade']}-{found['role']}"].append(order["client_order_id"])
    return {what: names for what, names in sent.items() if len(names) > 1}


def lasting(spans: Iterable[Span], down: Iterable[Span]) -> list[int]:
    """Return how long stretches lasted, each cut by the times nobody lived to end it; ns."""
    pieces = list(spans)
    for dead, alive in down:
        cut: list[Span] = []
        for start, end in pieces:
            cut += [(start, min(end, dead)), (max(start, alive), end)]
        pieces = [(start, end) for start, end in cut if start < end]
    return [end - start for start, end in pieces]


def loss_reached(found: Iterable[Trade], limit: Decimal) -> int | None:
    """Return when trades that were over had lost so many USD in all, None if they had not."""
    ended = sorted((each.fills[-1][0], each.cash) for each in found if each.fills and not each.held)
    total = Decimal(0)
    for ts, cash in ended:
        total += cash
        if total <= -limit:
            return ts
    return None


def instant(text: str) -> int:
    """Return a time as it is written on the wire, UTC ns."""
    moment, _, rest = text.removesuffix("Z").partition(".")
    secs = int(datetime.fromisoformat(f"{moment}+00:00").timestamp())
    return secs * 10**9 + int(rest.ljust(9, "0") or 0)
