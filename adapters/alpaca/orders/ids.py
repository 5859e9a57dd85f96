"""The ids under which the venue knows our orders; whoever restarts knows its own by them."""

from __future__ import annotations

import re

import msgspec

from adapters.alpaca.orders.rules import MAX_CLIENT_ORDER_ID
from engine.domain.errors import ConfigError

_REPLACEMENT = re.compile(r"(?P<order>.+?)(?:~(?P<number>[1-9]\d*))?", re.ASCII)
_NUMBERED = re.compile(r"\d+\.(?P<rest>.+)", re.ASCII)
_NUMBER = 0
"""In every id. It was the number of the process that sent, and ids of then are still read."""


class OwnId(msgspec.Struct, frozen=True):
    """What a venue client order id of ours says.

    Attributes
    ----------
    client_order_id : str
        Ours, the same for the order and all its replacements.
    replacement : int
        Which replacement it is, 0 for the first order.
    """

    client_order_id: str
    replacement: int


class OrderIds:
    """Writes and reads the venue client order ids of one run.

    An id follows from run and order alone, whichever process sends it. The venue takes an id once:
    so two processes that both mean to send the same order send it once between them.

    Parameters
    ----------
    run_id : str
        Whose orders are ours; a longer id that begins alike is somebody else's.

    Raises
    ------
    ConfigError
        The run id is empty or holds a dot.
    """

    def __init__(self, run_id: str) -> None:
        if not run_id or "." in run_id or not run_id.isascii():
            raise ConfigError(f"run id {run_id!r} names no orders, expected ASCII without a dot")
        self.run_id = run_id

    def venue_id(self, client_order_id: str, replacement: int = 0) -> str:
        """Return the id to send for an order, or for its n-th replacement.

        Raises
        ------
        ConfigError
            It is longer than the venue takes.
        """
        number = f"~{replacement}" if replacement else ""
        name = f"{self.run_id}.{_NUMBER}.{client_order_id}{number}"
        if len(name) > MAX_CLIENT_ORDER_ID:
            raise ConfigError(
                f"client order id {name} has {len(name)} characters, the venue takes "
                f"{MAX_CLIENT_ORDER_ID}"
            )
        return name

    def own(self, venue_id: str) -> OwnId | None:
        """Return what an id of this run says, None for one that is not of this run."""
        run_id, dot, rest = venue_id.partition(".")
        found = _NUMBERED.fullmatch(rest) if dot and run_id == self.run_id else None
        if found is None:
            return None
        order = _REPLACEMENT.fullmatch(found["rest"])
        if order is None:
            return None
        return OwnId(order["order"], int(order["number"] or 0))
