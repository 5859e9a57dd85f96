"""No class does so much that nobody knows what it is."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]

MOST = 16
"""Public methods and properties of a class; one with more holds a second concept: compose."""

ARRAYS_OF_THE_TAPE = {
    "engine/signals/whole_tape/tape.py Tape",
    "engine/signals/whole_tape/tape_block.py TapeBlock",
}
"""Tables, not objects: each property is one array that a strategy may read."""


def public_names(text: str) -> dict[str, list[str]]:
    """Return the public methods and properties of the classes in a module's text, by class."""
    return {
        node.name: sorted(
            {
                each.name
                for each in node.body
                if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
                and not each.name.startswith("_")
            }
        )
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ClassDef)
    }


def test_no_class_has_more_public_methods_than_one_concept_needs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    rooms = [*project["tool"]["uv"]["build-backend"]["module-name"], "benchmarks"]
    counted = {
        f"{path.relative_to(ROOT)} {name}": found
        for room in rooms
        for path in sorted((ROOT / room).rglob("*.py"))
        for name, found in public_names(path.read_text()).items()
    }
    assert len(counted) > 700
    large = {name: found for name, found in counted.items() if len(found) > MOST}
    assert large.keys() == ARRAYS_OF_THE_TAPE, large
