"""The one typed schema of parameters, behind CLI, YAML, web form and docs alike."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Self, cast

from pydantic import (
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails

from engine.domain.errors import ConfigError
from engine.domain.parameters.fields import ParameterFields
from engine.domain.parameters.rows import (
    ParameterGroup,
    is_within,
    read_off,
)
from engine.domain.parameters.rules import broken_rules
from engine.domain.session import NANOS_PER_SECOND


class Parameters(ParameterFields):
    """All parameters of a run, each in its range and all of them fit to stand together."""

    @property
    def bucket_ns(self) -> int:
        """Return the width of a bucket in nanoseconds."""
        return self.bucket_seconds * NANOS_PER_SECOND

    @property
    def grace_ns(self) -> int:
        """Return how long a bucket stays open after its end, in nanoseconds."""
        return self.late_trade_grace_ms * 1_000_000

    @property
    def window_buckets(self) -> int:
        """Return how many buckets a candidate carries, at least one."""
        return max(1, self.candidate_window_secs // self.bucket_seconds)

    def params_hash(self) -> str:
        """Return 16 hex digits that stand for every value."""
        return _digest(self.model_dump(mode="json"))

    def scan_hash(self) -> str:
        """Return 16 hex digits that stand for the values that shape candidates."""
        return _digest(self.model_dump(mode="json", include=_SHAPES_CANDIDATES))

    @model_validator(mode="before")
    @classmethod
    def _canonical_names(cls, values: Mapping[str, object]) -> Mapping[str, object]:
        return canonical_names(values)

    @field_validator(
        "trailing_stop_percent",
        "max_hold_seconds",
        "max_volume_share_percent",
        "daily_profit_target_percent",
        "stop_after_wins",
        mode="before",
    )
    @classmethod
    def _may_be_off(cls, value: object) -> object:
        return read_off(value)

    @field_validator("*")
    @classmethod
    def _in_range(cls, value: object, info: ValidationInfo) -> object:
        extra = parameter_extra(str(info.field_name))
        if value is None or "minimum" not in extra:
            return value
        low, high = extra["minimum"], extra["maximum"]
        if not is_within(value, low, high):
            raise ValueError(f"expected {low:,} to {high:,} {extra['unit']}".rstrip())
        return value

    @model_validator(mode="after")
    def _go_together(self) -> Self:
        if broken := "\n".join(broken_rules(self)):
            raise ValueError(broken)
        return self


def parameter_extra(name: str) -> dict[str, Any]:
    """Return a row's ``group, unit, hot, scan`` and, if it has a range, ``minimum, maximum``."""
    return cast("dict[str, Any]", Parameters.model_fields[name].json_schema_extra)


def parameter_group(name: str) -> ParameterGroup:
    """Return the group a parameter belongs to."""
    return ParameterGroup(parameter_extra(name)["group"])


def parameter_name(key: str) -> str:
    """Return a parameter's name from any spelling: ``aoHistoryBuckets``, ``scan.min-ac-z``.

    Its group may stand before it; it need not while no other group has one of that name.

    Raises
    ------
    ValueError
        No parameter is called that, or it is of another group; the message says which is.
    """
    group, dot, plain = key.rpartition(".")
    squashed = _squash(plain)
    if squashed in _NAMES:
        name = _NAMES[squashed]
        if dot and group.strip().lower() != parameter_group(name):
            raise ValueError(
                f"{key!r} names another group: write {parameter_group(name)}.{name}, or {name}"
            )
        return name
    nearest = get_close_matches(squashed, _NAMES, n=1, cutoff=0.0)[0]
    raise ValueError(
        f"unknown parameter {key!r}, the nearest is {_NAMES[nearest]!r}; "
        "'tradectl params show' lists them all"
    )


def canonical_names(values: Mapping[str, object]) -> dict[str, object]:
    """Return values by name that come by any spelling of it.

    Raises
    ------
    ValueError
        No parameter is called that, or one is given twice.
    """
    named: dict[str, object] = {}
    for key, value in values.items():
        name = parameter_name(key)
        if name in named:
            raise ValueError(f"{name} is given twice, the second time as {key!r}: keep one")
        named[name] = value
    return named


def parameters_from(values: Mapping[str, object], settings: Sequence[str] = ()) -> Parameters:
    """Return the parameters that a file's values and the settings above them describe.

    Parameters
    ----------
    values : mapping
        Values by name in any spelling, as numbers or as text.
    settings : sequence of str
        ``key=value`` each; a later one wins over an earlier one and over ``values``.

    Raises
    ------
    ConfigError
        A key is unknown or given twice, a value out of range, or a pair impossible.
    """
    try:
        named = dict(_setting(text) for text in settings)
        kept = {key: value for key, value in values.items() if parameter_name(key) not in named}
        return Parameters.model_validate(kept | named)
    except ValidationError as error:
        raise ConfigError("\n".join(map(_explain, error.errors()))) from error
    except ValueError as error:
        raise ConfigError(str(error)) from error


def _setting(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"expected key=value, found {text!r}: write {text}=VALUE")
    return parameter_name(key.strip()), value.strip()


def _explain(error: ErrorDetails) -> str:
    """Return which parameter has which value, and what was expected of it."""
    reason = str(error.get("ctx", {}).get("error", error["msg"]))
    if not error["loc"]:
        return reason
    return f"{error['loc'][0]} is {error['input']!r}: {reason[0].lower()}{reason[1:]}"


def _squash(key: str) -> str:
    return key.lower().replace("_", "").replace("-", "")


def _digest(values: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


_NAMES = {_squash(name): name for name in Parameters.model_fields}
_SHAPES_CANDIDATES = {name for name in Parameters.model_fields if parameter_extra(name)["scan"]}
