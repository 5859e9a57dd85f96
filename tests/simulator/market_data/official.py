"""Beside the look-alike: the official OpenAPI documents as JSON schemas."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator


@cache
def document(path: Path) -> dict[str, Any]:
    """Return an OpenAPI 3.0 document with its nullable types spelled as JSON schema spells them."""
    found: dict[str, Any] = _spelled(json.loads(path.read_text()))
    return found


def check(body: Any, path: Path, route: str) -> None:
    """Raise unless a body is what a document says that a route answers with 200."""
    answers = document(path)["paths"][route]["get"]["responses"]
    schema = answers["200"]["content"]["application/json"]["schema"]
    Draft202012Validator({**document(path), **schema}).validate(body)


def _spelled(node: Any) -> Any:
    if isinstance(node, list):
        return [_spelled(each) for each in node]
    if not isinstance(node, dict):
        return node
    spelled = {name: _spelled(each) for name, each in node.items()}
    if spelled.pop("nullable", None) is True and isinstance(spelled.get("type"), str):
        spelled["type"] = [spelled["type"], "null"]
    return spelled
