"""Which rows of the tape one subscription takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for, by channel; ``*`` stands for all symbols.

    Hashable, so that subscribers who want the same share one encoding.

    Attributes
    ----------
    arrivals : bool
        Whether rows carry ``r``, the time of arrival that was recorded.
    """

    trades: frozenset[str] = frozenset()
    quotes: frozenset[str] = frozenset()
    arrivals: bool = False


def mask(names: frozenset[str], ids: Mapping[str, int], muted: frozenset[str]) -> NDArray[np.bool_]:
    """Return which symbols are asked for and not muted.

    Returns
    -------
    bool array, shape (len(ids),)
    """
    chosen = np.full(len(ids), "*" in names, np.bool_)
    for name in names:
        if name in ids:
            chosen[ids[name]] = True
    for name in muted:
        if name in ids:
            chosen[ids[name]] = False
    return chosen
