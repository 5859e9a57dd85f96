"""Market data out of a vendor's history, straight into the catalog."""

from catalog.pull.order import KINDS, PullOrder, PullReport
from catalog.pull.pull import pull
from catalog.pull.vendor import Vendor

__all__ = ["KINDS", "PullOrder", "PullReport", "Vendor", "pull"]
