"""What arrives live, on disk within a second, to warm a restart or become a recorded day."""

from catalog.spool.blocks import BlockWriter, block_files, last_blocks, read_blocks
from catalog.spool.heading import Heading, spool_folder
from catalog.spool.spooled import Spooled
from catalog.spool.writer import SpoolWriter

__all__ = [
    "BlockWriter",
    "Heading",
    "SpoolWriter",
    "Spooled",
    "block_files",
    "last_blocks",
    "read_blocks",
    "spool_folder",
]
