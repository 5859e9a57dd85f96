"""Which nodes speak as we do: who runs another version of tradectl is given no letters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cluster.coding import unpacked_node
from cluster.names import NODES
from cluster.node_state import NodeState
from engine.domain.errors import DataError


class Versions:
    """Sorts out nodes of another version.

    Parameters
    ----------
    ours : str
        Version of tradectl that hub and shards are to have.

    Attributes
    ----------
    refused : dict of str to str
        Why a node cannot be worked with, by its name; as of the last ``read`` and ``agreeing``.
    """

    def __init__(self, ours: str) -> None:
        self.refused: dict[str, str] = {}
        self._ours = ours

    def read(self, told: Mapping[str, bytes]) -> list[NodeState]:
        """Return what nodes say of themselves, of those whose messages can be read."""
        self.refused = {}
        states: list[NodeState] = []
        for key, data in told.items():
            try:
                states.append(unpacked_node(data))
            except DataError as error:
                self.refused[key.removeprefix(NODES)] = str(error)
        return states

    def agreeing(self, nodes: Iterable[NodeState]) -> list[NodeState]:
        """Return the nodes of our version."""
        found: list[NodeState] = []
        for node in nodes:
            if node.version == self._ours:
                found.append(node)
            else:
                none = ", it is given no letters" if node.role == "shard" else ""
                self.refused[node.name] = (
                    f"runs tradectl {node.version}, the hub {self._ours}{none}: run both with the "
                    "same version"
                )
        return found
