"""``make bench``: measure the budgets on a whole market day, write the table.

Every figure is of one run on one machine; the ratios set our cost against the alternative's, both
measured here. A child process does each piece, so that its peak memory is its own.
``python -m benchmarks --only PIECE`` measures one piece and prints its rows.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
from datetime import date
from importlib.metadata import version
from pathlib import Path

from benchmarks import live_rows
from benchmarks.child import Cost, measure
from benchmarks.cluster_rows import cluster
from benchmarks.relay import relayed
from benchmarks.row import Row
from benchmarks.scale_check import scale_checks
from benchmarks.takeover import takeover

DAY = date(2026, 9, 18)
TABLE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
GIB = 2**30
FACTS = 1_000_000
NAUTILUS_SECONDS = 60
ROUNDS = 5
_GROWTH = (
    "A print costs its decoding and some 15 ns; each symbol that has traded costs some 25 ns at "
    "every close of a bucket, whether it traded in it or not."
)
_PROFILES = {
    "Scan ÷ decode": (
        "On one core a print costs some 65 ns: 25 to 28 to decode, 15 in the step (8 of them in "
        "its open bucket), 22 for its share of 51 M symbol-buckets. A close costs 23 to 28 ns a "
        "symbol: 2.6 to take its bucket into the rings, 2.9 for windows and oscillators, 5.6 for "
        "the gates (15 divisions and a root, in vectors), 2.4 to count them, 1.4 to empty the "
        "bucket; the rest is symbols that traded and rows that the cache does not hold. For 1.6 × "
        "step and closes would have to take 16 ns together, less than half. A list of the symbols "
        "that a bucket touched, one sum of notional a print and gates that compare integers are "
        "estimated at 2 to 4 % each: they would end near 2 ×."
    ),
    "A stranger's strategy": (
        "12.4 s of processor time, where the scan alone takes 5.0: 6.5 in the scan's threads, "
        "which keep totals and longer rings and go through the letters in turns, 1.7 in the "
        "thread that asks (1.0 of them put 360 M cells in the order of the tape, where the "
        "strategy's process reads them), 3.4 in that process: the strategy, what it declared of "
        "the past, and what checks its answer. For 2 × on two cores all of it may take 10 s: the "
        "past would have to be moved on in compiled steps over whole blocks, and columns be made "
        "a bucket at a time, which the cache holds."
    ),
    "Frames through the node": (
        "A third is hearing and decoding frames, a good quarter the closes (scanner 18 %, what is "
        "measured of the tape 7 %), the rest the loop, last ticks, the spool and the guardian."
    ),
    "Candidate → order on the wire": (
        "One commit lies between, that of the bucket's plans: a fifth to a third of the time. The "
        "rest is processor time: deciding before it, and after it the orders' way through nautilus "
        "behind the frames that have come meanwhile, then a request each, one after another. With "
        "some fifty orders the 99th percentile is the slowest, so whatever else runs shows."
    ),
    "Bucket close → merged at the hub": (
        "At a close a shard works its slots one after another, some 2 ms each, and what it says "
        "leaves once all of them are closed. On two cores that other work shares, shards, hub, "
        "relay and simulator wait for each other: the first report comes after some 50 ms, and "
        "all are merged a few ms after the last. Most of the shards' processor time has nothing to "
        "do with closes: a relay sends each of them a message every 3 ms, and a message "
        "costs a shard some 350 µs of Python, whatever is in it. At real time four shards use 0.42 "
        "core for 1,800 rows/s. Rows that waited at a shard until the next mark, or some 50 ms "
        "where a trade is watched, would leave the machine to the closes. The costs of a close and "
        "of a message are fitted to runs of 2 and 4 shards at several speeds."
    ),
    "Shard killed → first report": (
        "Two seconds of silence are waited for. Then each shard that takes over has the day sent "
        "again on a connection of its own, and closes all buckets since the open for its new slots "
        "before it reports: the later in the day and the busier the machine, the longer. This was "
        "read in the code, not profiled."
    ),
    "Restart": (
        "4.0 s of processor time until the first bucket closes: 1.3 load modules, half a second "
        "loads what is compiled, 0.4 pandas, which pyarrow loads at its first array. The rest is "
        "the list of 11,000 assets and their instruments, and what was heard before, read and "
        "scanned again."
    ),
}
"""Where budgets are missed: what the time goes to, and what it would need."""
JOURNALS = {"sqlite": 10_000, "postgresql": 5_000}
"""Facts a second that each kind of database is to make durable in groups of 64."""
FRAMES = 5_000
"""Frames of a hundred trades; alpaca-py is given a tenth of them."""
PEERS = ("duckdb", "polars")
PEER_ROUNDS = 3
STRANGER = "benchmarks.stranger:Stranger"
PIECES = (
    "scan", "stranger", "engine", "peers", "stream", "feed", "simulator", "latency", "display",
    "restart", "relay", "cluster", "takeover", "scale", "soak",
)  # fmt: skip
"""What ``--only`` can measure alone."""
WHOLE_MARKET = (11_000, 8_000_000)
"""Symbols and trades of the day, with quotes, on which latency is measured."""
DENSE = (11_000, 12_000_000)
"""The same of the whole day that a cluster works."""
SOAKED = (400, 1_500_000)
PEERED = (11_000, 60_000_000)
"""Symbols and trades of the day that other engines are given, too."""
GROWTH = ((1_100, 6_000_000), (11_000, 6_000_000), (11_000, 30_000_000))


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description="Measure the budgets and write docs/benchmarks.md")
    parser.add_argument("--trades", type=int, default=60_000_000)
    parser.add_argument("--symbols", type=int, default=11_000)
    parser.add_argument("--folder", type=Path, default=Path("data/bench"))
    parser.add_argument("--out", type=Path, default=TABLE)
    parser.add_argument(
        "--only", choices=PIECES, help="Measure one piece and print its rows; write no table."
    )
    options = parser.parse_args()
    workers = os.cpu_count() or 1
    bench = Bench(options.folder, workers)
    if options.only:
        print("\n".join(_table(bench.piece(options.only, options.symbols, options.trades))))
        return
    synth = bench.synth(options.symbols, options.trades)
    rows = [
        *bench.piece("scan", options.symbols, options.trades),
        *bench.piece("stranger", options.symbols, options.trades),
        *bench.whole_market(options.symbols, options.trades, synth),
    ]
    growth = [bench.grown(symbols, trades) for symbols, trades in GROWTH]
    growth.append(bench.grown(options.symbols, options.trades))
    journal = [row for kind in JOURNALS for row in bench.journal(kind)]
    pieces = ("stream", "feed", "simulator", "latency", "display", "restart", "soak")
    live = [row for piece in pieces for row in bench.piece(piece)]
    pieces = ("relay", "cluster", "takeover", "scale")
    clustered = [row for piece in pieces for row in bench.piece(piece)]
    replay = bench.piece("engine") + bench.piece("peers")
    sections = {
        "Other engines": replay,
        "Journal and accounts": journal,
        "Live, at the simulator": live,
        "Cluster on one machine": clustered,
    }
    options.out.write_text(page(rows, growth, sections, workers, options.symbols, options.trades))
    print(options.out.read_text())


class Bench:
    """The synthetic days of one folder, and what it costs to work on them."""

    def __init__(self, folder: Path, workers: int) -> None:
        self.folder = folder
        self.workers = workers

    def catalog(self, symbols: int, trades: int) -> str:
        """Return the catalog of one size of day."""
        return str(self.folder / f"{symbols}x{trades}")

    def synth(self, symbols: int, trades: int, *, quotes: bool = False) -> Cost:
        """Make one size of day anew."""
        root = self.quoted(symbols, trades) if quotes else self.catalog(symbols, trades)
        shutil.rmtree(root, ignore_errors=True)
        return self.tradectl(
            "catalog", "synth", str(DAY), "--catalog", root, "--symbols", str(symbols),
            "--trades", str(trades), "--quotes" if quotes else "--no-quotes",
            "--workers", str(self.workers),
        )  # fmt: skip

    def quoted(self, symbols: int, trades: int) -> str:
        """Return the catalog of one size of day with quotes."""
        return f"{self.catalog(symbols, trades)}-quoted"

    def day_with_quotes(self, symbols: int, trades: int) -> str:
        """Return such a catalog, made if it is not there."""
        root = self.quoted(symbols, trades)
        if not Path(root).is_dir():
            self.synth(symbols, trades, quotes=True)
        return root

    def piece(self, name: str, symbols: int = PEERED[0], trades: int = PEERED[1]) -> list[Row]:
        """Measure one of ``PIECES``; symbols and trades are those of the day that is scanned."""
        of_whole_market = {
            "feed": live_rows.feed,
            "simulator": live_rows.streaming,
            "latency": live_rows.latency,
            "display": live_rows.display,
            "restart": live_rows.restart,
        }
        if name in of_whole_market:
            return of_whole_market[name](self.day_with_quotes(*WHOLE_MARKET), DAY)
        alone = {"relay": relayed, "takeover": takeover, "scale": scale_checks, "stream": stream}
        if name in alone:
            return alone[name]()
        match name:
            case "scan":
                return self.scanned(symbols, trades)
            case "stranger":
                return self.stranger(symbols, trades)
            case "engine":
                return full_engine(self.day_with_quotes(*SOAKED))
            case "peers":
                return self.peers(*PEERED)
            case "cluster":
                return cluster(self.day_with_quotes(*DENSE), DAY)
            case _:
                return live_rows.soak(self.day_with_quotes(*SOAKED), DAY)

    def tradectl(self, *arguments: str) -> Cost:
        """Run one command of ours."""
        print("  tradectl", *arguments, flush=True)
        return measure("cli.main", *arguments, "--json")

    def day(self, symbols: int, trades: int) -> str:
        """Return the catalog of one size of day without quotes, made if it is not there."""
        root = self.catalog(symbols, trades)
        if not Path(root).is_dir():
            self.synth(symbols, trades)
        return root

    def scan(self, root: str, *options: str) -> Cost:
        """Scan a day that is not kept."""
        return self.tradectl("scan", "--date", str(DAY), "--catalog", root, "--refresh",
                             "--workers", str(self.workers), *options)  # fmt: skip

    def decode_and_scan(self, root: str) -> tuple[Cost, Cost]:
        """Read the columns of a day and no more, then scan it."""
        return measure("benchmarks.decode", root, str(DAY), str(self.workers)), self.scan(root)

    def preview(self, root: str) -> Cost:
        """Preview a change on half an hour; the first time the day's buckets are recorded."""
        return self.tradectl("params", "set", "min_ac_z=3", "--because", "bench", "--preview",
                             "--from", f"{DAY}T12:00", "--catalog", root,
                             "--database", str(self.folder / "none.sqlite"))  # fmt: skip

    def scanned(self, symbols: int, trades: int) -> list[Row]:
        """Measure the scan of a day beside the decoding of the same columns, in turns."""
        root = self.day(symbols, trades)
        self.scan(root)  # compiles the kernel and warms the page cache
        decoded, scanned = zip(*(self.decode_and_scan(root) for _ in range(ROUNDS)), strict=True)
        ratio = statistics.median(
            _scan_secs(scan) / _decode_secs(decode)
            for decode, scan in zip(decoded, scanned, strict=True)
        )
        decode = sorted(decoded, key=_decode_secs)[ROUNDS // 2]
        scan = sorted(scanned, key=_scan_secs)[ROUNDS // 2]
        n = scan.result["quality"]["trades"]
        scan_secs, decode_secs = _scan_secs(scan), _decode_secs(decode)
        slowest, fastest = (n / pick(map(_scan_secs, scanned)) / 1e6 for pick in (max, min))
        return [
            Row("decode the scanned columns only", f"{decode_secs:.2f} s, {_rate(n, decode_secs)}"),
            Row(f"scan the day, median of {ROUNDS} processes",
                f"{scan_secs:.2f} s, {_rate(n, scan_secs)} ({slowest:.1f} to {fastest:.1f})",
                "≥ 20 M trades/s", n >= 20e6 * scan_secs),
            Row("scan ÷ decode only, median of the pairs", f"{ratio:.2f} ×", "≤ 1.6 ×",
                ratio <= 1.6),
            Row("peak memory of `tradectl scan`", _memory(scan)),
        ]  # fmt: skip

    def stranger(self, symbols: int, trades: int) -> list[Row]:
        """Measure the scan with a stranger's strategy beside the one without, in turns."""
        root = self.day(symbols, trades)
        self.scan(root, "--strategy", STRANGER)  # compiles what looks at the tape
        pairs = [(self.scan(root, "--strategy", STRANGER), self.scan(root)) for _ in range(ROUNDS)]
        ratio = statistics.median(_scan_secs(asked) / _scan_secs(alone) for asked, alone in pairs)
        asked = sorted((one for one, _ in pairs), key=_scan_secs)[ROUNDS // 2]
        return [
            Row("scan with a stranger's strategy, 20 operations on whole-tape arrays a bucket",
                f"{_scan_secs(asked):.2f} s, {_memory(asked)}"),
            Row("that ÷ the scan without, median of the pairs", f"{ratio:.2f} ×", "≤ 2 ×",
                ratio <= 2),
        ]  # fmt: skip

    def whole_market(self, symbols: int, trades: int, synth: Cost) -> list[Row]:
        """Measure a backtest of the day, and the rates of the catalog."""
        root = self.day(symbols, trades)
        scan = min((self.scan(root) for _ in range(ROUNDS)), key=lambda cost: cost.wall_secs)
        for kept in ("candidates", "verdicts", "windows", "breadth"):
            shutil.rmtree(Path(root) / kept, ignore_errors=True)
        backtest, again = (
            self.tradectl(
                "backtest", "--date", str(DAY), "--catalog", root,
                "--runs", str(self.folder / "runs"), "--workers", str(self.workers),
            )
            for _ in range(2)
        )  # fmt: skip
        recording = self.preview(root)
        preview_secs = self.preview(root).result["preview"]["elapsed_secs"]
        verify = self.tradectl("catalog", "verify", "--catalog", root)
        parts = sorted(Path(root).glob("trades/*/*/*.parquet"))
        copy = self.folder / "imported"
        shutil.rmtree(copy, ignore_errors=True)
        imported = self.tradectl(
            "catalog", "import", *map(str, parts), "--kind", "trades", "--catalog", str(copy)
        )
        shutil.rmtree(copy, ignore_errors=True)
        nautilus = measure(
            "benchmarks.nautilus_bars", root, str(DAY), "1800", str(NAUTILUS_SECONDS)
        )

        n = scan.result["quality"]["trades"]
        per_trade = nautilus.result["run_secs"] / nautilus.result["trades"]
        alternative = per_trade * n
        cold, kept_scan = (run.wall_secs / scan.wall_secs for run in (backtest, again))
        faster = alternative / backtest.wall_secs
        return [
            Row("`tradectl backtest`, process start to report written",
                f"{backtest.wall_secs:.1f} s"),
            Row(f"that ÷ `tradectl scan`, whole processes ({scan.wall_secs:.1f} s)",
                f"{cold:.1f} ×", "≤ 2.5 ×", cold <= 2.5),
            Row("the same when the day's scan is kept", f"{kept_scan:.1f} ×", "≤ 1.5 ×",
                kept_scan <= 1.5),
            Row("peak memory of `tradectl backtest`", _memory(backtest), "≤ 1 GiB",
                backtest.peak_bytes <= GIB),
            Row(f"nautilus's own replay with 5-second bars on all symbols, {NAUTILUS_SECONDS} s of"
                f" the tape ({nautilus.result['trades']:,} trades)",
                f"{nautilus.result['run_secs']:.1f} s, {per_trade * 1e6:.1f} µs a trade"),
            Row("the same for the whole day, extrapolated per trade", f"{alternative:,.0f} s"),
            Row("that ÷ `tradectl backtest`", f"{faster:,.0f} ×", "≥ 300 ×", faster >= 300),
            Row(f"preview a change of parameters, {symbols:,} symbols × 30 minutes",
                f"{preview_secs:.2f} s", "≤ 2 s", preview_secs <= 2),
            Row("record the day's buckets for it, once", f"{recording.wall_secs:.0f} s, "
                f"{_memory(recording)}"),
            Row("synthesize and write the day", f"{synth.wall_secs:.1f} s, "
                f"{_rate(n, synth.wall_secs)}, {_memory(synth)}", "≥ 2 M trades/s",
                n / synth.wall_secs >= 2e6),
            Row("import the day from Parquet", f"{imported.wall_secs:.1f} s, "
                f"{_rate(n, imported.wall_secs)}, {_memory(imported)}", "≤ 2 GiB",
                imported.peak_bytes <= 2 * GIB),
            Row("verify the day (re-hash every part)", f"{verify.wall_secs:.1f} s, "
                f"{_rate(n, verify.wall_secs)}"),
        ]  # fmt: skip

    def grown(self, symbols: int, trades: int) -> Row:
        """Measure the scan of one size of day."""
        result = self.scan(self.day(symbols, trades)).result
        closes = result["quality"]["buckets_closed"]
        secs = result["timings"]["scan_secs"]
        what = f"{symbols:,} symbols, {result['quality']['trades']:,} trades"
        return Row(what, f"{secs:.2f} s for {closes:,} symbol-buckets")

    def peers(self, symbols: int, trades: int) -> list[Row]:
        """Measure the same signals, written for other engines as well as can be, whole process."""
        root = self.day(symbols, trades)
        self.scan(root)
        ours = min((self.scan(root) for _ in range(PEER_ROUNDS)), key=lambda cost: cost.wall_secs)
        rows = [Row("`tradectl scan`, whole process, best of some",
                    f"{ours.wall_secs:.1f} s, {_memory(ours)}")]  # fmt: skip
        for peer in PEERS:
            runs = [
                measure("benchmarks.peers", peer, root, str(DAY), str(self.workers))
                for _ in range(PEER_ROUNDS)
            ]
            best = min(runs, key=lambda cost: cost.wall_secs)
            ratio, memory = best.wall_secs / ours.wall_secs, best.peak_bytes / ours.peak_bytes
            rows += [
                Row(f"5-second buckets, ao and ac alone in {peer}, whole process",
                    f"{best.wall_secs:.1f} s, {_memory(best)}, "
                    f"{best.result['buckets']:,} symbol-buckets"),
                Row("that ÷ `tradectl scan`",
                    f"{ratio:.1f} ×, {memory:.1f} × the memory",
                    "≥ 2.5 ×, memory ≥ 3 ×", ratio >= 2.5 and memory >= 3),
            ]  # fmt: skip
        return rows

    def journal(self, kind: str) -> list[Row]:
        """Measure what one kind of database does for a journal and its tables."""
        found = measure("benchmarks.journal", kind, str(self.folder)).result
        rebuild = measure("benchmarks.rebuild", kind, str(self.folder), str(FACTS))
        rebuild_secs = rebuild.result["rebuild_secs"]
        grouped, least = found["grouped_per_sec"], JOURNALS[kind]
        return [
            Row(f"{kind}: append in groups of 64, each durable", f"{grouped:,.0f} facts/s",
                f"≥ {least:,} facts/s", grouped >= least),
            Row(f"{kind}: append one by one, each durable",
                f"{found['single_per_sec']:,.0f} facts/s"),
            Row(f"{kind}: durable → read by a follower",
                f"p50 {found['follow_p50_ms']:.1f} ms, p99 {found['follow_p99_ms']:.1f} ms"),
            Row(f"{kind}: rebuild the tables of {FACTS:,} facts, digests before and after",
                f"{rebuild_secs:.1f} s, {_memory(rebuild)}", "≤ 60 s", rebuild_secs <= 60),
        ]  # fmt: skip


def stream() -> list[Row]:
    """Measure the decoding of trade frames beside alpaca-py's, in turns on one core."""
    found = measure("benchmarks.alpaca_frames", str(FRAMES)).result
    rate, theirs, ratio = found["trades_per_sec"], found["alpaca_py_per_sec"], found["ratio"]
    return [
        Row("msgpack frames of 100 trades → columns, one core", f"{rate / 1e6:.2f} M trades/s",
            "≥ 1.5 M trades/s", rate >= 1.5e6),
        Row("the same through alpaca-py's parsed stream", f"{theirs / 1e6:.2f} M trades/s"),
        Row("ours ÷ that", f"{ratio:.1f} ×", "≥ 25 ×", ratio >= 25),
    ]  # fmt: skip


def full_engine(root: str) -> list[Row]:
    """Measure the full engine, which makes every tick an event, beside nautilus alone."""
    found = measure("benchmarks.full_engine", root, str(DAY)).result
    rate, theirs = found["ticks_per_sec"], found["alone_per_sec"]
    return [
        Row(f"full engine on a recorded day, {found['ticks']:,} ticks, each an event, one core",
            f"{rate / 1e3:.0f} k events/s"),
        Row("nautilus's engine alone, the same ticks", f"{theirs / 1e3:.0f} k events/s"),
        Row("that ÷ the full engine", f"{theirs / rate:.1f} ×", "≤ 4 ×", theirs <= 4 * rate),
    ]  # fmt: skip


def _rate(trades: int, secs: float) -> str:
    return f"{trades / secs / 1e6:.1f} M trades/s"


def _decode_secs(cost: Cost) -> float:
    return cost.result["secs"]


def _scan_secs(cost: Cost) -> float:
    return cost.result["timings"]["scan_secs"]


def _memory(cost: Cost) -> str:
    return f"{cost.peak_bytes / GIB:.2f} GiB"


def page(
    rows: list[Row],
    growth: list[Row],
    sections: dict[str, list[Row]],
    workers: int,
    symbols: int,
    trades: int,
) -> str:
    """Return the page of figures."""
    conditions = (
        f"Written by `make bench` ({trades:,} trades of {symbols:,} symbols, one synthetic day): "
        f"{workers} cores, {platform.machine()}, Python {platform.python_version()}, "
        f"nautilus_trader {version('nautilus_trader')}, numba {version('numba')}, "
        f"pyarrow {version('pyarrow')}. Times are wall clock of one run; the ratios compare what "
        "was measured side by side in it."
    )
    lines = ["# Benchmarks", "", conditions, "", *_table(rows)]
    for title, measured in sections.items():
        lines += ["", f"## {title}", "", *_table(measured)]
    lines += ["", "## How a scan grows", "", _GROWTH, "", "| day | scan |", "|---|---|"]
    lines += [f"| {row.what} | {row.figure} |" for row in growth]
    lines += ["", "## Where the time goes that is over budget", ""]
    lines += [f"- **{title}.** {text}" for title, text in _PROFILES.items()]
    return "\n".join([*lines, ""])


def _table(rows: list[Row]) -> list[str]:
    marks = {None: "", True: "yes", False: "**no**"}
    return [
        "| what | measured | budget | met |",
        "|---|---|---|---|",
        *(f"| {row.what} | {row.figure} | {row.budget} | {marks[row.met]} |" for row in rows),
    ]


if __name__ == "__main__":
    main()
