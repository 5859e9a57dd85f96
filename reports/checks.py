"""The confidence checks of all verdicts as one flat table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class FlatChecks:
    """One entry a check; arrays of shape (n_checks,).

    ``verdict`` is the row of the verdict, ``name``, ``outcome`` and ``basis`` are str, ``stopped``
    says that the check was consulted and did not pass.
    """

    verdict: NDArray[np.int64]
    name: NDArray[np.str_]
    outcome: NDArray[np.str_]
    basis: NDArray[np.str_]
    stopped: NDArray[np.bool_]

    def names(self) -> list[str]:
        """Return the filters in the order the checks name them."""
        return list(dict.fromkeys(self.name.tolist()))


def flat_checks(verdicts: pa.Table) -> FlatChecks:
    """Return the checks of a table of verdicts, in order."""
    column = verdicts.column("checks").combine_chunks()
    checks = pc.list_flatten(column)

    def texts(field: str) -> NDArray[np.str_]:
        values = pc.struct_field(checks, field).to_pylist()
        return np.array([value or "" for value in values], dtype=str)

    outcome = texts("outcome")
    return FlatChecks(
        np.asarray(pc.list_parent_indices(column).to_pylist(), dtype=np.int64),
        texts("name"),
        outcome,
        texts("basis"),
        np.isin(outcome, ("fail", "unknown")),
    )
