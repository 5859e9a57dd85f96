"""How the parts of the scanner step are compiled."""

from __future__ import annotations

from typing import Any

from numba import njit

_UNCOUNTED: dict[str, Any] = {"nogil": True, "_nrt": False, "error_model": "numpy"}
"""No reference counts (``_nrt``): the kernel allocates nothing, and counting the arrays of a tuple
atomically at every access costs four fifths of its time. And a division by zero is a number of
IEEE 754, as in NumPy (``error_model``): a loop that may raise is not compiled to vectors."""

compiled: Any = njit(**_UNCOUNTED, cache=True)
called: Any = njit(**_UNCOUNTED)
"""For a rare part of a step that may as well be called; kept on disk with the step alone."""

inlined: Any = njit(**_UNCOUNTED, forceinline=True)
"""For the parts of a step: a call would copy the whole ``State`` of array headers."""
