"""What a relay has handed on, made a day of the catalog."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from app.relay.run import RelayEnd
from catalog import Catalog
from catalog.adopt import adopt
from catalog.spool import Heading, Spooled, SpoolWriter, read_blocks
from engine.domain.errors import DataError, RunError
from engine.domain.market_data.blocks import Block


def record_blocks(end: RelayEnd, catalog: str, feed: str) -> dict[str, int]:
    """Store what a relay has heard of a day; its blocks stay for receivers until the next day.

    Returns
    -------
    dict of str to int
        The rows by kind that are stored in the catalog now.

    Raises
    ------
    DataError
        A file of blocks is damaged, it has heard nothing, or other rows are stored for a symbol
        and date.
    RunError
        The catalog cannot be written.
    """
    from app.markets import frame_batches

    folder = Path(end.blocks)
    failures: list[str] = []
    with TemporaryDirectory(dir=folder.parent) as place:
        heading = Heading(folder.name, date.fromisoformat(end.day), feed, {})
        with SpoolWriter(Path(place), heading, failures.append) as writer:
            frames = (
                (entry.frame, entry.stamp)
                for entry in read_blocks(folder)
                if isinstance(entry, Block)
            )
            for arrived in frame_batches(frames, received_at=end.is_granted):
                writer.add(arrived)
                if failures:
                    raise RunError(failures[0])
        if not writer.rows:
            raise DataError(f"{folder} holds no trade and no quote: the relay has heard nothing")
        adopted = adopt(Catalog(catalog), Spooled(Path(place)))
    return {report.kind: report.rows_out for report in adopted.reports}
