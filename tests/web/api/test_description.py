"""The API does what its description says, whatever it is asked."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS

from tests.web.api.conftest import Kept
from tests.web.api.gateway import Gateway, OneCaller, application, served
from web.rights import PREFIX, RIGHTS

_SLOW = {"/runs/{run}/missed", "/runs/{run}/report", "/backtests", "/parameters/preview"}
"""What takes long where it is asked well; tested elsewhere."""

_NAMES = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)


def test_the_description_has_every_route_with_its_rank_and_all_amounts_as_text(
    kept: Kept,
) -> None:
    described: dict[str, Any] = application(kept.places, OneCaller()).openapi()
    assert described["openapi"].startswith("3.1")
    jsonschema.Draft202012Validator.check_schema(described["components"]["schemas"])
    for (method, path), right in RIGHTS.items():
        if path != "/stream":
            operation = described["paths"][PREFIX + path][method.lower()]
            assert operation["x-least-role"] == right.rank.label
            assert {"4XX", "5XX"} <= operation["responses"].keys()
    trade = described["components"]["schemas"]["TradesRow"]["properties"]
    kinds = [each.get("type") for each in trade["realized_pnl"]["anyOf"]]
    assert kinds == ["string", "null"]
    assert "float" not in json.dumps(trade["avg_px_open"])


@pytest.fixture
def copied(kept: Kept, tmp_path: Path) -> Iterator[Gateway]:
    """Yield the API over a copy of all there is: it is changed in every way."""
    shutil.copytree(Path(kept.places.database).parent, tmp_path, dirs_exist_ok=True)
    places = replace(
        kept.places, database=str(tmp_path / "facts.sqlite"), runs=tmp_path / "runs", logs=()
    )
    with served(places) as found:
        yield found


def test_whatever_is_asked_the_answer_is_as_described(copied: Gateway) -> None:
    gateway = copied
    schema = schemathesis.openapi.from_url(f"{gateway.url}/openapi.json")
    checks = CHECKS.get_by_names(_NAMES)
    gateway.caller.may_step_up = True
    answered: set[int] = set()
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # pyright: ignore[reportAttributeAccessIssue]
        if operation.path.removeprefix(PREFIX) in _SLOW:
            continue

        @settings(
            max_examples=4,
            derandomize=True,
            deadline=None,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        )
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            answer = case.call()
            answered.add(answer.status_code)
            case.validate_response(answer, checks=checks)

        ask()
    assert {200, 404, 422} <= answered
