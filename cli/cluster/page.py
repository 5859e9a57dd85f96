"""A cluster as a tree: hub, relay, shards, the slots of each, and what is wrong."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.tree import Tree

from app.cluster.status import ClusterStatus, NodeSeen
from cluster.node_state import SlotState
from engine.domain.session import new_york_clock

_MIB = 1 << 20
_NS_PER_MS = 1_000_000


def cluster_page(console: Console, status: ClusterStatus) -> None:
    """Draw it."""
    title = f"run {status.run_id}, epoch {status.epoch}" if status.run_id else "no run yet"
    tree = Tree(escape(title))
    for each in status.nodes:
        branch = tree.add(_node(each))
        for slot in each.state.slots:
            branch.add(_slot(slot))
    if status.unworked:
        tree.add(f"[red]nobody works {', '.join(status.unworked)}")
    console.print(tree, highlight=False)
    for issue in status.issues:
        console.print(f"[red]! [/]{escape(issue)}", highlight=False)


def _node(seen: NodeSeen) -> str:
    state = seen.state
    light = "[green]●[/]" if seen.is_alive else "[red]✕[/]"
    words = [f"{light} {escape(state.name)}", f"{escape(state.host)}:{state.pid}"]
    if state.memory_bytes:
        words.append(f"{state.memory_bytes / _MIB:,.0f} MiB")
    if state.lag_ns >= 0:
        words.append(f"lag {state.lag_ns / _NS_PER_MS:,.1f} ms")
    if state.is_draining:
        words.append("draining")
    return "  ".join(words)


def _slot(slot: SlotState) -> str:
    if slot.is_replaying:
        return f"{slot.slot}: replaying the day, {slot.prints:,} prints so far"
    clock = new_york_clock(slot.closed_ns).partition(" ")[2] if slot.closed_ns else "nothing yet"
    told = f"{slot.slot}: {slot.symbols:,} symbols, {slot.prints:,} prints, reported to {clock}"
    return f"{told} [yellow]{escape(slot.flaw)}[/]" if slot.flaw else told
