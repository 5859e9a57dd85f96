"""The look-alike's memory written down: whole, or only what is different since."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec

from engine.domain.errors import DataError
from simulator.exchange.book.state import State


def written(state: State) -> bytes:
    """Return a state as JSON: decimals as text, so nothing is rounded, orders oldest first."""
    return msgspec.json.encode(state)


def restored(whole: bytes, changes: Iterable[bytes] = ()) -> State:
    """Return the state that was written, with what was different after it in order.

    Raises
    ------
    DataError
        It is not one.
    """
    try:
        state = msgspec.json.decode(whole, type=State)
        for change in changes:
            state = _changed(state, msgspec.json.decode(change, type=State))
    except msgspec.MsgspecError as error:
        raise DataError(f"this is no state of the simulated exchange: {error}") from error
    return state


class Notebook:
    """Finds what became different in a state since this was asked last.

    What became different is written as a state of which orders, fills and the ids of orders are
    only those that are new or changed. Nothing can change of an order but while it, a leg or the
    parent of it is open, so that the time this takes does not grow with the day.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._known: dict[str, bytes] = {}
        self._orders = 0
        self._fills: dict[str, int] = {}
        self._note(self._encoded(self._may_change()))

    def different(self) -> bytes:
        """Return what is different as JSON, and know it from now on."""
        state, count = self._state, len(self._state.orders)
        new = list(islice(reversed(state.orders), count - self._orders))[::-1]
        now = self._encoded(self._known.keys() | new | self._may_change())
        changed = {name for name in now if now[name] != self._known.get(name)}
        orders = {name: state.orders[name] for name in [*sorted(changed.difference(new)), *new]}
        accounts = {
            name: msgspec.structs.replace(
                account,
                order_ids=[],
                client_ids={},
                fills=account.fills[self._fills.get(name, 0) :],
            )
            for name, account in state.accounts.items()
        }
        self._note(now)
        return written(msgspec.structs.replace(state, orders=orders, accounts=accounts))

    def _note(self, now: dict[str, bytes]) -> None:
        state = self._state
        self._known = {name: now[name] for name in self._may_change()}
        self._orders = len(state.orders)
        self._fills = {name: len(account.fills) for name, account in state.accounts.items()}

    def _may_change(self) -> set[str]:
        open_ids = self._state.open_ids.values()
        return {each for ids in open_ids for name in ids for each in self._related(name)}

    def _related(self, name: str) -> Iterator[str]:
        orders = self._state.orders
        root = orders[name].parent_id or name
        yield from (name, root, *orders[name].leg_ids, *orders[root].leg_ids)

    def _encoded(self, names: Iterable[str]) -> dict[str, bytes]:
        return {name: msgspec.json.encode(self._state.orders[name]) for name in names}


def _changed(state: State, change: State) -> State:
    """Return a state with what became different; the old one is used up."""
    for name, account in change.accounts.items():
        before = state.accounts.get(name)
        if before is not None:
            before.fills.extend(account.fills)
            account.fills = before.fills
            account.order_ids, account.client_ids = before.order_ids, before.client_ids
    for name, order in change.orders.items():
        if name not in state.orders:
            account = change.accounts[order.account_id]
            account.order_ids.append(name)
            account.client_ids[order.client_order_id] = name
    state.orders.update(change.orders)
    return msgspec.structs.replace(change, orders=state.orders)
