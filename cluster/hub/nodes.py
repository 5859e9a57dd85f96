"""Which processes of a cluster live, by what was heard of them and this process's own clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cluster.node_state import SILENT_SECS, NodeState
from engine.domain.session import NANOS_PER_SECOND

_SILENT_NS = round(SILENT_SECS * NANOS_PER_SECOND)


@dataclass(slots=True)
class _Heard:
    state: NodeState
    at: int


class Nodes:
    """What every node said last, and when that was news here.

    Clocks of different machines are never compared: a node lives while what it says changes.
    """

    def __init__(self) -> None:
        self._heard: dict[str, _Heard] = {}

    def hear(self, states: Iterable[NodeState], now: int) -> None:
        """Take what nodes say; ``now`` is of a clock that never goes back, ns."""
        for state in states:
            known = self._heard.get(state.name)
            is_news = known is None or (state.life, state.beat) != (
                known.state.life,
                known.state.beat,
            )
            if is_news:
                self._heard[state.name] = _Heard(state, now)

    def alive(self, now: int, role: str = "shard") -> list[NodeState]:
        """Return the nodes of a role that live, by name."""
        found = [
            each.state
            for each in self._heard.values()
            if each.state.role == role and now - each.at < _SILENT_NS
        ]
        return sorted(found, key=lambda state: state.name)

    def all(self, now: int) -> list[tuple[NodeState, float]]:
        """Return every node ever heard of, and for how many seconds it has said nothing new."""
        found = sorted(self._heard.values(), key=lambda each: (each.state.role, each.state.name))
        return [(each.state, (now - each.at) / NANOS_PER_SECOND) for each in found]
