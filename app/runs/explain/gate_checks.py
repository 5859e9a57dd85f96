"""The scanner's gates at one bucket, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from app.figures import figure
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


class GateCheck(msgspec.Struct, frozen=True):
    """A gate's answer at a bucket; ``value`` is None where it is unknown."""

    gate: str
    value: float | None
    threshold: Any
    unit: str
    passed: bool

    @property
    def in_words(self) -> str:
        """The answer as ``2.31 against 4``."""
        value = "unknown" if self.value is None else figure(self.value)
        return f"{value} against {figure(self.threshold)} {self.unit}".rstrip()


def gate_checks(row: Mapping[str, Any], params: Parameters) -> tuple[GateCheck, ...]:
    """Return every gate's value, threshold and answer.

    Parameters
    ----------
    row : mapping
        A row of ``ScanResult.candidates`` or ``near_misses``.
    """
    limits = thresholds(params)
    return tuple(
        GateCheck(
            gate=gate.name.lower(),
            value=finite(row[gate_column(gate)]),
            threshold=limits[gate],
            unit=_UNITS.get(gate, ""),
            passed=bool(row["gates"] >> gate & 1),
        )
        for gate in Gate
    )


def finite(value: float) -> float | None:
    """Return a number as JSON can hold it: NaN becomes None."""
    return value if math.isfinite(value) else None
