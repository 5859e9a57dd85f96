"""Nautilus forgets what is long over, or its cache would grow with every order."""

from __future__ import annotations

from nautilus_trader.common import Cache

from engine.domain.session import NANOS_PER_SECOND

_EVERY_NS = 60 * NANOS_PER_SECOND
_KEPT_SECS = 600
"""How long what is over stays known: an update that comes late finds its order."""


class CachePurger:
    """Drops closed orders, flat positions and old account states from a node's cache.

    Ledger, journal and the venue's client have books of their own, and whoever asks the cache for
    an order takes one that is gone for closed. A bracket is kept until all of it is closed.

    Parameters
    ----------
    cache : Cache
        Of a running node.
    """

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._last_ns = 0

    def look(self, now: int) -> None:
        """Drop what was over some time before an instant (UTC ns), once a minute."""
        if now - self._last_ns < _EVERY_NS:
            return
        self._last_ns = now
        self._cache.purge_closed_orders(now, _KEPT_SECS)
        self._cache.purge_closed_positions(now, _KEPT_SECS)
        self._cache.purge_account_events(now, _KEPT_SECS)
