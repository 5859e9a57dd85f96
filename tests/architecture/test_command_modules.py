"""Modules that hold commands stand alone: what two of them share is in ``app`` or a page module."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from cli.main import app

ROOT = Path(__file__).parents[2]
JOINED_IN = "cli.main"
"""The one module that knows every command."""

_MARKS = {"command", "taking"}
"""Decorators of the functions that a command line starts."""


def modules(folder: str) -> dict[str, ast.Module]:
    """Return the modules under a folder, by dotted name; a package by its own."""
    found = {}
    for file in (ROOT / folder).rglob("*.py"):
        parts = file.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts).removesuffix(".__init__")] = ast.parse(file.read_text())
    assert found
    return found


def imported(tree: ast.Module) -> Iterator[str]:
    """Yield every module or name that is imported, wherever in the file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def holds_commands(tree: ast.Module) -> bool:
    marks = [
        mark.func if isinstance(mark, ast.Call) else mark
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
        for mark in node.decorator_list
    ]
    return any(isinstance(mark, ast.Name) and mark.id in _MARKS for mark in marks)


def test_no_module_imports_one_that_holds_commands_but_the_one_that_joins_them() -> None:
    known = modules("cli")
    commands = {name for name, tree in known.items() if holds_commands(tree)} - {JOINED_IN}
    assert {"cli.operate.do", "cli.operate.say", "cli.runs.why", "cli.sim.broker"} <= commands
    assert commands <= set(imported(known[JOINED_IN]))
    strays = {
        f"{name} imports {one}"
        for name, tree in known.items()
        for one in commands.intersection(imported(tree))
        if name != JOINED_IN
    }
    assert strays == set()


def test_benchmarks_and_notebooks_call_use_cases_and_not_the_command_line() -> None:
    strays = {
        f"{name} imports {one}"
        for folder in ("benchmarks", "notebooks")
        for name, tree in modules(folder).items()
        for one in imported(tree)
        if one.split(".")[0] == "cli"
    }
    assert strays == set()


def test_the_help_of_every_command_has_an_example_of_it_and_even_paragraphs() -> None:
    found = dict(commands(get_command(app), "tradectl"))
    assert {"tradectl say", "tradectl do flatten", "tradectl sim band"} <= set(found)
    without = {name for name, text in found.items() if f"Example: {name}" not in text}
    assert without == set()
    ragged = {name for name, text in found.items() if "\n" in text.replace("\n\n", "")}
    assert ragged == set()


def commands(line: Any, name: str) -> Iterator[tuple[str, str]]:
    """Yield every command under a command line, with its help."""
    for word, listed in getattr(line, "commands", {}).items():
        yield from commands(listed, f"{name} {word}")
    if not hasattr(line, "commands"):
        yield name, line.help or ""
