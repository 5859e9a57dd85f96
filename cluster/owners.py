"""Who may speak for each slot: one order of the hub at a time, two while a slot moves."""

from __future__ import annotations

from dataclasses import dataclass

from cluster.reports import Owner

_FOR_EVER = (1 << 63) - 1


@dataclass(slots=True)
class _Order:
    """An order to work a slot: for the buckets that end from ``since`` to before ``until``."""

    owner: Owner
    since: int
    until: int = _FOR_EVER


class Owners:
    """The orders that hold, by slot.

    A slot moves by a further order, some buckets ahead. Both shards report until the new one has:
    with its first report the old one's order ends, and should the new one die before, its order is
    taken back and the old one goes on. A shard that wakes up later names an order that has ended.
    """

    def __init__(self) -> None:
        self._orders: dict[str, list[_Order]] = {}

    def give(self, slot: str, owner: Owner, since: int) -> None:
        """Order a slot to be worked from the bucket that ends at ``since`` (UTC ns) on.

        Raises
        ------
        ValueError
            The order is no later than one that was given before.
        """
        orders = self._orders.setdefault(slot, [])
        if orders and owner <= orders[-1].owner:
            raise ValueError(f"order {owner} for slot {slot} is not after {orders[-1].owner}")
        orders.append(_Order(owner, since))

    def take_back(self, slot: str, owner: Owner) -> None:
        """End an order at once; those before it that have not ended go on."""
        kept = [each for each in self._orders.get(slot, []) if each.owner != owner]
        self._orders[slot] = kept

    def holds(self, slot: str, owner: Owner, ts_event: int) -> bool:
        """Say whether an order covers the bucket that ends at an instant (UTC ns)."""
        return any(
            each.owner == owner and each.since <= ts_event < each.until
            for each in self._orders.get(slot, ())
        )

    def has_reported(self, slot: str, owner: Owner, ts_event: int) -> None:
        """End the orders before one under which a bucket was reported, from that bucket on."""
        for each in self._orders.get(slot, ()):
            if each.owner < owner:
                each.until = min(each.until, ts_event)

    def forget_before(self, ts_event: int) -> None:
        """Drop orders that have ended by a bucket before which nothing is missing, UTC ns."""
        for slot, orders in self._orders.items():
            self._orders[slot] = [each for each in orders if each.until > ts_event]

    def known(self, slot: str) -> tuple[Owner, ...]:
        """Return the owners of whom something may still be taken, the newest last."""
        return tuple(each.owner for each in self._orders.get(slot, ()))

    def of(self, slot: str) -> tuple[Owner, ...]:
        """Return the owners whose order holds, the newest last."""
        return tuple(each.owner for each in self._orders.get(slot, ()) if each.until == _FOR_EVER)
