"""A shard's work, pure: rows and marks in, reports of its slots out."""

from cluster.shard.bucket_rows import BucketRows
from cluster.shard.day_work import DayWork
from cluster.shard.shard import Shard, Told

__all__ = ["BucketRows", "DayWork", "Shard", "Told"]
