"""What the rooms import is declared, and what is declared is imported."""

from __future__ import annotations

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
ROOMS: list[str] = PROJECT["tool"]["uv"]["build-backend"]["module-name"]


def imported_distributions() -> set[str]:
    """Return the distributions whose modules the rooms import, type checking apart."""
    owners = packages_distributions()
    found: set[str] = set()
    for room in ROOMS:
        for file in (ROOT / room).rglob("*.py"):
            for name in _imported(ast.parse(file.read_text())):
                if name not in sys.stdlib_module_names and name not in ROOMS:
                    found |= {canonicalize_name(owner) for owner in owners.get(name, [name])}
    return found


def _imported(node: ast.AST) -> set[str]:
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return set()
    if isinstance(node, ast.Import):
        return {alias.name.split(".")[0] for alias in node.names}
    if isinstance(node, ast.ImportFrom):
        return {(node.module or "").split(".")[0]}
    return {name for child in ast.iter_child_nodes(node) for name in _imported(child)}


def names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(text).name) for text in requirements}


def test_what_the_rooms_import_is_declared_and_nothing_else() -> None:
    project = PROJECT["project"]
    needed = names(project["dependencies"])
    extras = {name for extra in project["optional-dependencies"].values() for name in names(extra)}
    imported = imported_distributions()
    assert imported - needed - extras == set()
    assert needed - imported == set()
