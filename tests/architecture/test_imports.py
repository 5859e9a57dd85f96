"""Imports go one way, and what only parses loads nothing heavy."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
ROOMS: list[str] = PROJECT["tool"]["importlinter"]["root_packages"]


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph = grimp.build_graph(*ROOMS)
    imports = {each: graph.find_modules_directly_imported_by(each) for each in graph.modules}
    assert sum(map(len, imports.values())) > len(imports)
    TopologicalSorter(imports).prepare()  # a CycleError names the modules of the circle


@pytest.mark.parametrize("module", ["adapters.alpaca.wire", "adapters.alpaca.wire.market"])
def test_decoding_a_frame_needs_neither_nautilus_nor_a_client(module: str) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.split()
    assert module in loaded
    heavy = {"nautilus_trader", "httpx", "websockets", "pandas", "pyarrow", "exchange_calendars"}
    assert not heavy & set(loaded)


def test_whoever_asks_an_account_without_a_node_loads_no_nautilus() -> None:
    code = (
        "import sys; from app.markets import simulated_market\n"
        "simulated_market('http://127.0.0.1:1', 'key', 'secret'); print(*sys.modules)"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.split()
    assert "adapters.alpaca.account" in loaded
    assert "nautilus_trader" not in loaded


def test_a_live_start_loads_nothing_that_imports_files_or_draws_pages() -> None:
    modules = (
        "app.live.request, app.live.run, app.runs.explain.day_tape, app.markets, cli.live.view"
    )
    code = f"import sys, cli.main, {modules}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.split()
    assert "engine.runtime.live.day" in loaded
    assert not {
        "duckdb",
        "catalog.imports.ingest",
        "catalog.imports.formats",
        "reports",
        "alembic",
    } & set(loaded)


def test_benchmarks_reach_venues_by_their_registry_and_know_no_more_than_a_decoder() -> None:
    found = {
        node.module
        for path in (ROOT / "benchmarks").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module is not None
    }
    assert "app.markets" in found
    assert {name for name in found if name.startswith("adapters")} == {"adapters.alpaca.wire"}
