"""Market data, assets, clock and calendar of the look-alike, over recorded days."""

from simulator.market_data.history.recent_minutes import RecentMinutes
from simulator.market_data.requests.door import Door, Plan, Visit
from simulator.market_data.requests.refusal import Refused
from simulator.market_data.routes import routes

__all__ = ["Door", "Plan", "RecentMinutes", "Refused", "Visit", "routes"]
