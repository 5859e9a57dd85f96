"""What is promised of a cluster, held against runs of one on this machine."""

from __future__ import annotations

from datetime import date
from typing import Any

from benchmarks.child import measure
from benchmarks.row import Row

PACE = 4
"""Times real time at which closes are measured: time that is granted waits for whoever is late."""
_MIDDAY = ("--start", "10:00", "--until", "10:05", "--speed", str(PACE))
_OPENING = ("--start", "09:30", "--until", "09:40")
_MOST_MERGED_MS, _MOST_REPLACED_SECS, _MOST_SHARD_MIB = 100.0, 5.0, 500.0
_LEAST_SPEED = 20.0


def cluster(root: str, day: date) -> list[Row]:
    """Measure clusters of two and of four shards, each slot a letter of the alphabet."""
    two = _ran(root, day, "--shards", "2", *_MIDDAY)
    four = _ran(root, day, "--shards", "4", *_MIDDAY, "--kill")
    opening = _ran(root, day, "--shards", "4", *_OPENING, "--kill")
    return [
        *_merged(2, two),
        *_merged(4, four),
        _replaced("cluster: shard killed at 10:05, the tape heard since 10:00", four["loss"]),
        _replaced("cluster: shard killed at 09:40, the tape heard since the open", opening["loss"]),
        _memory("cluster: memory of a shard at most, 4 shards", opening),
        *_stretch(opening),
    ]


def _ran(root: str, day: date, *words: str) -> dict[str, Any]:
    return measure("benchmarks.cluster_day", root, str(day), *words).result


def _merged(shards: int, found: dict[str, Any]) -> list[Row]:
    """Return how soon a close is merged, and what a bucket costs each process."""
    spread = found["close_to_merged_ms"]
    return [
        Row(
            f"cluster of {shards} shards, 26 slots, 11,000 symbols: bucket close → merged at the "
            f"hub, at {PACE} × real time",
            f"p50 {spread['p50']:.0f} ms, p99 {spread['p99']:.0f} ms of {spread['n']}, "
            f"{found['missing']} with a silent slot; {_meanwhile(found)}",
            f"p99 ≤ {_MOST_MERGED_MS:g} ms", spread["p99"] <= _MOST_MERGED_MS,
        ),
        Row("the same: processor time per bucket", _cpu(found)),
    ]  # fmt: skip


def _replaced(what: str, loss: dict[str, float]) -> Row:
    first = loss["first_secs"]
    return Row(
        f"{what} → first report of who replaces it",
        f"{first:.1f} s, all of its {loss['slots']} slots after {loss['all_secs']:.1f} s, "
        f"{loss['prints']:,} prints replayed",
        f"≤ {_MOST_REPLACED_SECS:g} s", first <= _MOST_REPLACED_SECS,
    )  # fmt: skip


def _memory(what: str, found: dict[str, Any]) -> Row:
    mib = found["shard_mib"]
    others = ", ".join(
        f"{name} {size:.0f}"
        for name, size in found["peaks_mib"].items()
        if not name.startswith("shard")
    )
    return Row(
        what, f"{mib:.0f} MiB ({others})", f"≤ {_MOST_SHARD_MIB:g} MiB", mib <= _MOST_SHARD_MIB
    )


def _stretch(found: dict[str, Any]) -> list[Row]:
    speed = found["simulated_secs"] / found["wall_secs"]
    return [
        Row(
            "cluster: ten minutes from the open of a day of 12 M trades with quotes through "
            "simulator, relay, 4 shards and hub",
            f"{speed:.0f} × real time, {found['rows']:,} rows, {found['orders']:,} orders; "
            f"{_meanwhile(found)}",
            f"≥ {_LEAST_SPEED:g} ×", speed >= _LEAST_SPEED,
        ),
        Row("the same: processor time per bucket", _cpu(found)),
    ]  # fmt: skip


def _cpu(found: dict[str, Any]) -> str:
    costs = found["cpu_ms_per_bucket"]
    named = ", ".join(f"{name} {ms:.0f} ms" for name, ms in costs.items())
    return f"{named}, together {sum(costs.values()):.0f} ms"


def _meanwhile(found: dict[str, Any]) -> str:
    return f"others used {found['others_cores']:.1f} cores meanwhile"
