"""Our packages have names of their own and say what they offer."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
ROOMS: list[str] = PROJECT["tool"]["uv"]["build-backend"]["module-name"]
BESIDE = ("tests", "notebooks", "benchmarks", "docs")
PACKAGES = sorted(
    str(file.parent.relative_to(ROOT)).replace("/", ".")
    for room in ROOMS
    for file in (ROOT / room).rglob("__init__.py")
)
DRAWERS = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}
SLOW_TO_IMPORT = {"nautilus_trader", "numba", "pyarrow", "duckdb", "pandas", "polars", "plotly"}


def test_every_folder_with_code_is_a_room_or_stands_beside() -> None:
    folders = {file.relative_to(ROOT).parts[0] for file in ROOT.glob("[a-z]*/**/*.py")}
    assert folders == {*ROOMS, *BESIDE}


def test_no_dependency_owns_one_of_our_top_level_names() -> None:
    owners = packages_distributions()
    taken = {name: owners[name] for name in (*ROOMS, *BESIDE) if name in owners}
    assert all(set(owner) == {"tradectl"} for owner in taken.values()), taken


@pytest.mark.parametrize("package", PACKAGES)
def test_package_file_holds_its_public_names_and_nothing_else(package: str) -> None:
    tree = ast.parse((ROOT / package.replace(".", "/") / "__init__.py").read_text())
    imported = [
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module != "__future__"
        for alias in node.names
    ]
    others = [
        node
        for node in tree.body
        if not isinstance(node, ast.ImportFrom | ast.Expr)
        and not (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__")
    ]
    assert not others, [ast.unparse(node) for node in others]
    offered = list(getattr(importlib.import_module(package), "__all__", []))
    assert sorted(offered) == sorted(imported)
    assert len(set(offered)) == len(offered)


def test_no_module_is_a_drawer() -> None:
    modules = [file for room in ROOMS for file in (ROOT / room).rglob("*.py")]
    assert modules
    assert [str(file) for file in modules if file.stem in DRAWERS] == []


def test_help_does_not_wait_for_the_slow_imports() -> None:
    code = "import sys, cli.main; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.split()
    assert "cli.main" in loaded
    assert not SLOW_TO_IMPORT & set(loaded)
