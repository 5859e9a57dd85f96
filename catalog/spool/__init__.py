"""What arrives live, on disk within a second, to warm a restart or become a recorded day."""

from catalog.spool.heading import Heading, spool_folder
from catalog.spool.spooled import Spooled
from catalog.spool.writer import SpoolWriter

__all__ = ["Heading", "SpoolWriter", "Spooled", "spool_folder"]
