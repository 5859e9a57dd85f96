"""The scanner's gates at one bucket, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from cli.terminal.figures import figure
from engine.domain.candidate import Gate
from engine.domain.parameters import Parameters
from engine.signals.settings import thresholds
from engine.signals.tables import gate_column

_UNITS = {
    Gate.WARM: "buckets",
    Gate.CARRIED: "of the window",
    Gate.PRICE: "USD",
    Gate.AO_SIGN: "USD",
    Gate.AC_RISING: "buckets",
    Gate.VOLUME_FLOOR: "shares",
    Gate.VOLUME_SURGE: "× the mean",
    Gate.CUMULATIVE_VOLUME: "shares",
    Gate.CUMULATIVE_NOTIONAL: "USD",
    Gate.NOT_FLAT: "flat buckets",
}


def gate_checks(row: Mapping[str, Any], params: Parameters) -> list[dict[str, Any]]:
    """Return every gate's value, threshold and answer; a value that is unknown is None.

    Parameters
    ----------
    row : mapping
        A row of ``ScanResult.candidates`` or ``near_misses``.
    """
    limits = thresholds(params)
    return [
        {
            "gate": gate.name.lower(),
            "value": finite(row[gate_column(gate)]),
            "threshold": limits[gate],
            "unit": _UNITS.get(gate, ""),
            "passed": bool(row["gates"] >> gate & 1),
        }
        for gate in Gate
    ]


def finite(value: float) -> float | None:
    """Return a number as JSON can hold it: NaN becomes None."""
    return value if math.isfinite(value) else None


def in_words(check: Mapping[str, Any]) -> str:
    """Return a gate's answer as ``2.31 against 4``."""
    value = "unknown" if check["value"] is None else figure(check["value"])
    return f"{value} against {figure(check['threshold'])} {check['unit']}".rstrip()
