"""What shards saw of open trades, held against what the venue has made of them."""

from __future__ import annotations

from collections.abc import Collection

from cluster.orders import ExitAlert
from engine.domain.session import NANOS_PER_SECOND

OVERDUE_NS = 5 * NANOS_PER_SECOND
"""So long after the tape passed a stop the venue should have told of its fill, in market time."""


class ExitAlerts:
    """Alerts by trade, the first of each level; a shard that takes over may tell the same again."""

    def __init__(self) -> None:
        self._alerts: dict[tuple[str, str], ExitAlert] = {}

    def take(self, alert: ExitAlert) -> bool:
        """Take an alert; return whether it is news."""
        key = alert.trade_id, alert.level
        is_news = key not in self._alerts
        self._alerts.setdefault(key, alert)
        return is_news

    def overdue(self, open_trades: Collection[str], now: int) -> list[ExitAlert]:
        """Return the stops that were passed some time ago (UTC ns) of trades that are open still.

        Targets are left out: one that was touched need not be filled. Trades that have ended are
        forgotten.
        """
        self._alerts = {key: alert for key, alert in self._alerts.items() if key[0] in open_trades}
        return [
            alert
            for (_, level), alert in sorted(self._alerts.items())
            if level == "stop" and now - alert.ts_init > OVERDUE_NS
        ]
