"""What is promised of a live process at the simulator, held against a run."""

from __future__ import annotations

from datetime import date
from typing import Any

from benchmarks.child import measure
from benchmarks.row import Row

_STREAMED_MINUTES = 10
_RESTARTS = 5
_LATENCY = ("--start", "10:00", "--until", "10:20")
_OPENING = ("--start", "09:30", "--until", "09:40")
_FRAMES, _FEED_RATIO = 5_000, 6.0
_PACE = 10
"""Times real time at which orders are sent: where time is granted, those of one instant queue."""
_WIRE_RATIO, _WORST_SECS = 8.0, 4.0
_LEAST_SPEED = 20.0
_CLOSE_MS, _RESTART_SECS = 25.0, 3.0
_SHOWN_RATIO = 1.1
_FLAT_MIB_PER_HOUR = 4.0
"""Slope of a line through memory after a quarter of the day up to which it counts as flat."""


def streaming(root: str, day: date) -> list[Row]:
    """Measure how fast the simulator sends a day."""
    found = measure("benchmarks.sim_stream", root, str(day), str(_STREAMED_MINUTES)).result
    figure = (
        f"{found['rows_per_sec'] / 1e6:.2f} M rows/s, {found['bytes_per_sec'] / 1e6:.0f} MB/s, "
        f"{found['times_real_time']:.0f} × real time"
    )
    return [Row("simulator streams the whole market to one client that decodes it", figure)]


def latency(root: str, day: date) -> list[Row]:
    """Measure a live process on the whole market, from frame to order on the wire."""
    found = measure("benchmarks.live_day", root, str(day), *_LATENCY).result
    paced = measure("benchmarks.live_day", root, str(day), *_LATENCY, "--speed", str(_PACE)).result
    close, wire = found["close_to_report_ms"], paced["candidate_to_wire_ms"]
    return [
        Row(
            "live: bucket close → report at the strategy, 11,000 symbols",
            _spread(close), f"p99 ≤ {_CLOSE_MS:g} ms", close["p99"] <= _CLOSE_MS,
        ),
        Row(
            "live: last frame of a bucket → its candidates at the strategy",
            _spread(found["frame_to_candidate_ms"]),
        ),
        Row(
            f"live: candidate → order on the wire, at {_PACE} × real time", _spread(wire),
        ),
        Row(
            "its p99 ÷ one durable append to the same file",
            f"{wire.get('p99', 0.0) / paced['append_ms']:.1f} × of {paced['append_ms']:.2f} ms",
            f"≤ {_WIRE_RATIO:g} ×",
            wire["n"] > 0 and wire["p99"] <= _WIRE_RATIO * paced["append_ms"],
        ),
        Row(
            "live: the whole process, orders included, one core",
            f"{found['trades_per_cpu_sec'] / 1e3:.1f} k trades/s, with as many quotes",
        ),
    ]  # fmt: skip


def feed(root: str, day: date) -> list[Row]:
    """Measure what the tape alone costs a live process, beside the decoding of its frames."""
    columns = measure("benchmarks.alpaca_frames", str(_FRAMES)).result["trades_per_sec"]
    rate = measure("benchmarks.live_day", root, str(day), *_OPENING, "--watch").result
    through = rate["trades_per_cpu_sec"]
    return [
        Row(
            "live: frames to scanner through the node, the first ten minutes, one core",
            f"{through / 1e3:.0f} k trades/s, with as many quotes",
        ),
        Row(
            "msgpack frames of 100 trades → columns ÷ that", f"{columns / through:.1f} ×",
            f"≤ {_FEED_RATIO:g} ×", columns <= _FEED_RATIO * through,
        ),
    ]  # fmt: skip


def display(root: str, day: date) -> list[Row]:
    """Measure what it costs a live process to show itself."""
    found = measure("benchmarks.display", root, str(day)).result
    shown, unseen, frame = found["with"], found["without"], found["frame"]
    ratio, cpu = (shown[name] / unseen[name] for name in ("p50", "cpu_ms"))
    figure = (
        f"{ratio:.2f} × (p50 {shown['p50']:.1f} ÷ {unseen['p50']:.1f} ms, p99 {shown['p99']:.1f} ÷ "
        f"{unseen['p99']:.1f} ms); processor time from close to close {cpu:.2f} ×"
    )
    return [
        Row(
            "live: bucket close → report with display frames ÷ without, 11,000 symbols",
            figure, f"≤ {_SHOWN_RATIO:g} ×", ratio <= _SHOWN_RATIO,
        ),
        Row(
            f"live: a display frame of {frame['symbols']:,} symbols, {frame['rows']} rows",
            f"built in {frame['built_ms']:.2f} ms after the orders have left, packed in "
            f"{frame['packed_ms']:.2f} ms by a thread, {frame['bytes'] / 1e3:.0f} kB with names",
        ),
    ]  # fmt: skip


def restart(root: str, day: date) -> list[Row]:
    """Measure how soon a killed process trades again."""
    found = measure("benchmarks.restart", root, str(day), str(_RESTARTS)).result
    return [
        Row(
            f"live: from the start after a kill to the first closed bucket, median of {_RESTARTS}",
            f"{found['secs']:.1f} s (worst {found['worst_secs']:.1f}), processor time "
            f"{found['cpu_secs']:.1f} s",
            f"≤ {_RESTART_SECS:g} s, worst {_WORST_SECS:g}",
            found["secs"] <= _RESTART_SECS and found["worst_secs"] <= _WORST_SECS,
        )
    ]  # fmt: skip


def soak(root: str, day: date) -> list[Row]:
    """Trade a whole day and look at buckets and memory."""
    found = measure("benchmarks.live_day", root, str(day), "--start", "09:29").result
    speed = found["simulated_secs"] / found["wall_secs"]
    missed = found["missed_buckets"]
    return [
        Row(
            "soak: a whole session of 400 symbols, simulator and live process",
            f"{speed:.0f} × real time, {found['trades']:,} trades, {found['orders']:,} orders",
            f"≥ {_LEAST_SPEED:g} ×", speed >= _LEAST_SPEED,
        ),
        Row(
            "soak: buckets missed", f"{missed} of {found['buckets'] + missed:,}", "none",
            missed == 0,
        ),
        _memory("live process", found["live"]),
        _memory("simulator", found["simulator"]),
    ]  # fmt: skip


def _memory(whose: str, grown: dict[str, Any]) -> Row:
    slope = grown["mib_per_hour"]
    return Row(
        f"soak: memory of the {whose} after a quarter of the day",
        f"{grown['settled_mib']:.0f} → {grown['last_mib']:.0f} MiB, {slope:+.1f} MiB/h",
        f"≤ {_FLAT_MIB_PER_HOUR:g} MiB/h", slope <= _FLAT_MIB_PER_HOUR,
    )  # fmt: skip


def _spread(found: dict[str, Any]) -> str:
    if not found["n"]:
        return "none"
    return f"p50 {found['p50']:.1f} ms, p99 {found['p99']:.1f} ms of {found['n']:,}"
