"""The page of what scale takes, written from the formulas."""

from __future__ import annotations

from pathlib import Path

from benchmarks.scale import (
    BUCKET_SECS,
    DAY_SECS,
    FLUSH_SECS,
    MARKETS,
    WORST_SECOND_SHARE,
    Costs,
    Prices,
    hub_saturates,
    relay_saturates,
    scale,
    streams_saturate,
)

PAGE = Path(__file__).parent.parent / "docs" / "scale.md"


def page() -> str:
    """Return the page of what scale takes."""
    costs, prices = Costs(), Prices()
    found = [(market, scale(market, costs, prices)) for market in MARKETS]
    lines = [
        "# Scale on paper",
        "",
        "<!-- Written by `python -m benchmarks.scale_page`; do not edit. -->",
        "",
        (
            "What a cluster takes for more of the market than was run on one machine, from "
            "constants that were measured (`benchmarks/scale.py`) and formulas that `python -m "
            "benchmarks --only scale` holds against simulations of relay and hub (their figures "
            "stand in [Benchmarks](benchmarks.md))."
        ),
        "",
        "| | " + " | ".join(market.name for market in MARKETS) + " |",
        "|---|" + "---|" * len(MARKETS),
        *(
            f"| {what} | " + " | ".join(show(market, each) for market, each in found) + " |"
            for what, show in _LINES
        ),
        "",
        "## Where each part is full",
        "",
        (
            "- **Relay**: one process uses one core, which is full at "
            f"{_count(relay_saturates(costs))} rows/s with 26 receivers; its 15 ms are promised "
            "at 200 k rows/s, and on a busy machine at 400 k the slowest hundredth took 41 ms. "
            "Beyond one core the feed has to come in several connections, by letters or by lines "
            "as OPRA sends it; Alpaca gives an account one. A relay of relays would not help: "
            "the first one is what is full."
        ),
        (
            f"- **Shards**: {costs.frame_us:.0f} µs a message and {costs.row_us:g} µs a row. A "
            f"relay sends each receiver a message every {FLUSH_SECS * 1e3:g} ms, so a shard has "
            f"{costs.frame_us / FLUSH_SECS / 1e6:.2f} core of its own to bear before it counts "
            "rows: on one machine few shards are cheaper than many, on many machines it does not "
            "matter."
        ),
        (
            "- **Server between (Redis)**: two entries a slot and bucket; its one core is full "
            f"at {_count(streams_saturate(costs))} slots. A bucket of 26 slots uses a thousandth "
            "of it. What fills it are candidates: with all gates open a day of options would "
            f"write {_bytes(found[-1][1].streams_bytes_bucket * DAY_SECS / BUCKET_SECS)}."
        ),
        (
            f"- **Hub**: {costs.candidate_us:g} µs to take and merge a candidate with its window; "
            "of the 100 ms from close to merged, half is gone at "
            f"{_count(hub_saturates(26, costs))} candidates a bucket."
        ),
        (
            "- **A replacement**: the relay finds the rows of a letter in all rows of the day, "
            "and does it in the process that hands the feed on. With more rows a day than some "
            f"{_count(5.0 / costs.find_us * 1e6)}, divided by the shards that take over, a shard "
            "that dies near the close is not replaced within 5 s; a spool by letter, or a second "
            "process that sends the past, would be next."
        ),
        "",
        "## Formulas",
        "",
        "| | |",
        "|---|---|",
        *(f"| {what} | {formula} |" for what, formula in _FORMULAS),
        "",
        "## Constants",
        "",
        "| | | measured or assumed |",
        "|---|---|---|",
        *(f"| {what} | {show(costs, prices)} | {source} |" for what, show, source in _CONSTANTS),
        "",
    ]
    return "\n".join(lines)


def _count(value: float) -> str:
    for unit, size in (("bn", 1e9), ("M", 1e6), ("k", 1e3)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.0f}"


def _bytes(value: float) -> str:
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.0f} B"


_LINES = (
    ("rows a day", lambda market, _: _count(market.rows)),
    ("symbols, slots", lambda market, _: f"{market.symbols:,}, {market.slots}"),
    ("rows/s, mean of the session", lambda market, _: _count(market.rows / DAY_SECS)),
    ("rows/s, opening minute", lambda market, _: _count(market.opening_rate)),
    ("rows/s, worst second", lambda market, _: _count(market.worst_rate)),
    ("bytes/s, worst second", lambda _, each: _bytes(each.bytes_second_worst)),
    ("bytes a day", lambda _, each: _bytes(each.bytes_day)),
    (
        "relay: cores, opening minute; worst second",
        lambda _, each: (
            f"{each.relay_cores_opening:.2f}; {each.relay_cores_worst:.2f}"
            + ("" if each.relay_cores_worst <= 1 else " (**more than one process has**)")
        ),
    ),
    ("shards that keep up in the opening minute", lambda _, each: f"{each.shards:,}"),
    (
        "cores of each in the opening minute; late after the worst second",
        lambda _, each: f"{each.shard_cores_opening:.2f}; {each.backlog_secs:.1f} s",
    ),
    (
        "replay of one shard of 26, or of these, that dies at the close; closes not counted",
        lambda _, each: f"{each.replay_secs:,.0f} s",
    ),
    (
        "streams: bytes a bucket with all gates open; share of a core",
        lambda _, each: f"{_bytes(each.streams_bytes_bucket)}; {each.streams_share:.2%}",
    ),
    ("hub: to merge such a bucket", lambda _, each: f"{each.merge_ms:,.0f} ms"),
    ("USD a month", lambda _, each: f"{each.dollars:,.0f}"),
)

_FORMULAS = (
    ("worst second, opening minute", "rows a day × 0.068 %; × 1.1 % ÷ 60"),
    ("relay", "cores = what it takes whatever comes + rows/s × a row, with 26 receivers"),
    (
        "shard",
        (
            "cores = min(rows/s, 1 ÷ 3 ms) × a message + rows/s × a row + slots ÷ 5 s × a close; "
            "as many shards as keep each at 0.7 core in the opening minute"
        ),
    ),
    ("late after the worst second", "cores of a shard at its rate − 1, in seconds"),
    (
        "replay",
        "the longer of rows a day × finding × shards that take over, and their rows × a row",
    ),
    ("streams", "bytes = slots × a report + candidates × theirs; two entries a slot and bucket"),
    ("hub", "slots × a report + candidates × theirs"),
    (
        "USD a month",
        (
            "(shards + relay's cores + 2) × a core + rows a day in the catalog × 21 × a GiB "
            "stored + twice the bytes a day × 21 × a GiB sent + the feed"
        ),
    ),
)

_CONSTANTS = (
    ("share of the worst second, of the opening minute", lambda _c, _p: "0.068 %, 1.1 %",
     "of the synthetic day"),
    ("trades a day; quotes to a trade", lambda _c, _p: "100 M; 10",
     "assumed; the peaks of CQS and CTS in February 2012 were 535,662 and 53,723 a second"),
    ("options a day", lambda _c, _p: "50 bn messages, 1.5 M series",
     ("assumed: no public figure was found. OPRA asks subscribers to plan for 37.3 Gbit/s; the "
     "worst second above is as much as that at "
     f"{37.3e9 / 8 / (50e9 * WORST_SECOND_SHARE):.0f} B a message")),
    ("relay, whatever comes; per row", lambda c, _: f"{c.relay_cores} core; {c.relay_us} µs",
     ("fitted to `--only scale` at 50 and 400 k/s: 0.19, 0.36 core; at 200 k/s 0.26 measured, 0.26 "
     "by the formula")),
    ("relay, to find a row of the past", lambda c, _: f"{c.find_us} µs", "prototype"),
    ("shard, per message; per row", lambda c, _: f"{c.frame_us:.0f} µs; {c.row_us:g} µs",
     "fitted to `--only cluster`: 2 and 4 shards, 4 and 10 × real time, and granted"),
    ("shard, per slot and close", lambda c, _: f"{c.close_us:.0f} µs",
     "the same; 423 symbols each"),
    ("memory of a shard", lambda c, _: f"{c.shard_mib:.0f} MiB", "`--only cluster`"),
    ("hub, per slot; per candidate", lambda c, _: f"{c.slot_us:g} µs; {c.candidate_us:g} µs",
     "`--only scale`"),
    ("report of a slot; of a candidate with its window",
     lambda c, _: f"{c.slot_bytes:.0f} B; {c.candidate_bytes:,.0f} B", "`--only scale`"),
    ("streams, an entry written and read", lambda c, _: f"{c.entry_us:.0f} µs",
     "`--only cluster`, processor time of the server"),
    ("a row as it comes; in the catalog",
     lambda c, _: f"{c.row_bytes:.0f} B; {c.stored_bytes:.0f} B",
     "simulator's stream; catalog of the synthetic day, 371 MB for 26.5 M rows"),
    ("a core; a GiB stored; a GiB sent; the feed, USD a month",
     lambda _, p: f"{p.core:g}; {p.gib_stored:g}; {p.gib_sent:g}; {p.feed:g}",
     ("assumed; the feed is Alpaca's Algo Trader Plus. Fees of exchanges for professionals and "
     "OPRA's own are not in it")),
)  # fmt: skip


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
