"""The ids under which the venue knows our orders; whoever restarts knows its own by them."""

from __future__ import annotations

import re

import msgspec

from adapters.alpaca.orders.rules import MAX_CLIENT_ORDER_ID
from engine.domain.errors import ConfigError

_REPLACEMENT = re.compile(r"(?P<order>.+?)(?:~(?P<number>[1-9]\d*))?", re.ASCII)
_EPOCH = re.compile(r"(?P<epoch>\d+)\.(?P<rest>.+)", re.ASCII)


class OwnId(msgspec.Struct, frozen=True):
    """What a venue client order id of ours says.

    Attributes
    ----------
    epoch : int
        Which start of the run sent it.
    client_order_id : str
        Ours, the same for the order and all its replacements.
    replacement : int
        Which replacement it is, 0 for the first order.
    """

    epoch: int
    client_order_id: str
    replacement: int


class OrderIds:
    """Writes and reads the venue client order ids of one run.

    Parameters
    ----------
    run_id : str
        Whose orders are ours; a longer id that begins alike is somebody else's.
    epoch : int
        How often the run was started before; orders of all its epochs are ours.

    Raises
    ------
    ConfigError
        The run id is empty, holds a dot, or the epoch is negative.
    """

    def __init__(self, run_id: str, epoch: int) -> None:
        if not run_id or "." in run_id or not run_id.isascii() or epoch < 0:
            raise ConfigError(
                f"run id {run_id!r} with epoch {epoch} names no orders, expected ASCII without a "
                "dot and an epoch from 0 on"
            )
        self.run_id = run_id
        self.epoch = epoch

    def venue_id(self, client_order_id: str, replacement: int = 0) -> str:
        """Return the id to send for an order, or for its n-th replacement.

        Raises
        ------
        ConfigError
            It is longer than the venue takes.
        """
        number = f"~{replacement}" if replacement else ""
        name = f"{self.run_id}.{self.epoch}.{client_order_id}{number}"
        if len(name) > MAX_CLIENT_ORDER_ID:
            raise ConfigError(
                f"client order id {name} has {len(name)} characters, the venue takes "
                f"{MAX_CLIENT_ORDER_ID}"
            )
        return name

    def own(self, venue_id: str) -> OwnId | None:
        """Return what an id of this run says, None for one that is not of this run."""
        run_id, dot, rest = venue_id.partition(".")
        found = _EPOCH.fullmatch(rest) if dot and run_id == self.run_id else None
        if found is None:
            return None
        order = _REPLACEMENT.fullmatch(found["rest"])
        if order is None:
            return None
        return OwnId(int(found["epoch"]), order["order"], int(order["number"] or 0))
