"""How long a stranger's strategy is waited for, and how much memory it may take."""

from __future__ import annotations

from typing import NamedTuple

MEMORY_BYTES = 2 << 30
"""Address space that a strategy's process may take beyond what it has before it begins."""

COMPUTING_SECS = 5.0
"""Processor seconds for one bucket: what else the machine does has no part in it."""

TRIAL_COMPUTING_SECS = 20.0
"""To import and make a strategy, and to ask it about a made-up bucket, so that it is compiled."""

DESCRIBING_SECS = 60.0
"""To import and make a strategy, by the clock on the wall; for one that sleeps."""

TRIAL_SECS = 120.0
"""For the made-up bucket, by the clock on the wall; for one that sleeps."""


class Limits(NamedTuple):
    """Wall seconds that an answer is waited for; whoever takes longer is switched off.

    Attributes
    ----------
    bucket_secs : float
        For one bucket.
    more_secs : float
        For each further bucket of a block.
    ending_secs : float
        For a process that has closed its connection to end, so that its exit code is known.
    """

    bucket_secs: float
    more_secs: float
    ending_secs: float

    def block_secs(self, buckets: int) -> float:
        """Return how long a block may take."""
        return self.bucket_secs + (buckets - 1) * self.more_secs


RECORDED = Limits(bucket_secs=60.0, more_secs=60.0, ending_secs=10.0)
"""Nobody waits for a recorded day: only one that sleeps is caught by it."""

LIVE = Limits(bucket_secs=1.5, more_secs=0.25, ending_secs=0.2)
"""Exits wait meanwhile: with 0.25 s of grace a bucket is reported less than 2.5 s after its end."""
