"""The reference pages, written from the code they describe."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterable, Iterator
from enum import Enum
from itertools import pairwise
from pathlib import Path
from typing import cast, get_args

import typer
from typer.cli import get_docs_for_click

from app.parameters.takes_effect import takes_effect
from cli.main import app
from docs.api_page import api_page
from engine.accounting import PROJECTIONS, Performance, columns_of
from engine.decision import DeclineReason
from engine.decision.refusal import RefusalReason
from engine.domain.candidate import FadeReason, Gate
from engine.domain.errors import TradectlError
from engine.domain.exit_codes import ExitCode
from engine.domain.facts import AnyPayload, ExitReason, Fact, OrderRole
from engine.domain.markets.fill_assumptions import FILL_ASSUMPTIONS, TargetRule
from engine.domain.parameters import Parameters, parameter_extra, parameter_group
from engine.domain.parameters.rows import ParameterGroup

REFERENCE = Path(__file__).parent / "reference"

_GATES = {
    Gate.WARM: ("`slow_period` + `smooth_period`", "buckets since the symbol's first ≥"),
    Gate.CARRIED: ("`max_carried_ratio`", "share of empty buckets in the slow window ≤"),
    Gate.PRICE: ("`min_price`, `max_price`", "last eligible price within"),
    Gate.AO_SIGN: ("`direction`", "`ao` above 0 for a long, below 0 for a short"),
    Gate.AC_RISING: ("`ao_accel_lookback`", "`ac` rose on each of so many buckets"),
    Gate.AO_GROWTH: ("`ao_accel_rate`", "growth of `ao` over the look-back ≥"),
    Gate.AC_Z: ("`min_ac_z`", "`ac` in deviations of its noise ≥"),
    Gate.VOLUME_FLOOR: ("`vol_floor`", "shares of the bucket ≥"),
    Gate.VOLUME_SURGE: ("`vol_surge_multiplier`", "shares over the mean of `vol_window` before ≥"),
    Gate.CUMULATIVE_VOLUME: ("`min_cumulative_ao_volume`", "shares since `ao` took its sign ≥"),
    Gate.CUMULATIVE_NOTIONAL: ("`min_cumulative_notional`", "USD since `ao` took its sign ≥"),
    Gate.NOT_FLAT: ("`min_5s_flatline_ao_buckets`", "flat steps of `ao` in a row <"),
}
"""What each gate asks, and the parameters that set it; SIGNALS names the formulas."""


def pages() -> dict[str, str]:
    """Return the text of each reference page by its file name."""
    written = "<!-- Written by `make docs` from the code; do not edit. -->\n"
    made = {
        "cli.md": _cli(),
        "parameters.md": _parameters(),
        "gates.md": _gates(),
        "facts.md": _facts(),
        "fills.md": _fills(),
        "metrics.md": _metrics(),
        "tables.md": _tables(),
        "api.md": api_page(_table),
    }
    return {name: "\n".join([written, *lines]).rstrip() + "\n" for name, lines in made.items()}


def main() -> None:
    """Write the reference pages."""
    REFERENCE.mkdir(exist_ok=True)
    for name, text in pages().items():
        (REFERENCE / name).write_text(text, encoding="utf-8")


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    columns = list(header)
    yield "| " + " | ".join(columns) + " |"
    yield "|" + " --- |" * len(columns)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
    yield ""


def _sentence(owner: object) -> str:
    """Return the first line of a docstring, or nothing where there is none of its own."""
    return (inspect.cleandoc(getattr(owner, "__doc__", None) or "")).split("\n")[0]


def _cli() -> Iterator[str]:
    group = typer.main.get_command(app)
    _say_in_full(group)
    yield get_docs_for_click(
        obj=group, ctx=typer.Context(group), name="tradectl", title="Commands"
    ).strip()
    yield "\n## Exit codes\n"
    yield "The same for every command. *Restart* says whether a supervisor may start it again by"
    yield "itself; where it may not, the same command would fail the same way. A number above 128"
    yield "that is not here is 128 and a signal: 137 was killed, and may start again.\n"
    yield from _table(
        ("code", "name", "restart", "meaning", "what to do", "errors"),
        [
            (
                str(int(code)),
                f"`{code.name}`",
                "yes" if code.may_restart else "no",
                code.meaning,
                code.remedy,
                ", ".join(f"`{error.__name__}`" for error in _errors() if error.exit_code == code),
            )
            for code in ExitCode
        ],
    )


def _errors() -> list[type[TradectlError]]:
    """Return the errors of ``engine.domain.errors``, parents before children.

    What a room derives from them ends a command as its parent does.
    """
    found = [TradectlError]
    for error in found:
        found += [each for each in error.__subclasses__() if each.__module__ == error.__module__]
    return found[1:]


def _say_in_full(command: object) -> None:
    """Give commands their whole first sentence in lists, where click would cut it."""
    for listed in getattr(command, "commands", {}).values():
        listed.short_help = (listed.help or "").split("\n\n")[0].replace("\n", " ")
        _say_in_full(listed)


def _parameters() -> Iterator[str]:
    yield "# Parameters\n"
    yield "Set in a YAML file (`--params FILE`), or one by one (`--set key=value`). Any spelling"
    yield "of a name is accepted: `ao_history_buckets`, `aoHistoryBuckets`. What can be off is"
    yield "switched off by `off`. Those marked *scan* shape candidates: their hash names a stored"
    yield "scan, which a run with other values for the rest can use again.\n"
    yield "The group may stand before a name, `risk.position_notional`, and need not.\n"
    purposes = dict(_said_below(ParameterGroup))
    for group in ParameterGroup:
        names = [name for name in Parameters.model_fields if parameter_group(name) is group]
        yield f"## {group.value.capitalize()}\n"
        yield f"{purposes[group.name]}\n"
        yield from _table(
            ("parameter", "default", "unit", "range", "takes effect", "scan", "meaning"),
            map(_parameter, names),
        )


def _parameter(name: str) -> tuple[str, ...]:
    field, extra = Parameters.model_fields[name], parameter_extra(name)
    default = field.default
    if isinstance(default, tuple):
        default = ",".join(default)
    span = f"{extra['minimum']:,} – {extra['maximum']:,}" if "minimum" in extra else ""
    choices = [str(choice) for choice in get_args(field.annotation) if isinstance(choice, str)]
    shown = "off" if default is None else str(default).lower()
    if isinstance(default, str):
        shown = default
    return (
        f"`{name}`",
        f"`{shown}`",
        extra["unit"],
        span or ", ".join(choices),
        takes_effect(extra["hot"]),
        "yes" if extra["scan"] else "",
        field.description or "",
    )


def _gates() -> Iterator[str]:
    yield "# Gates, refusals, fades and exits\n"
    yield "## Gates\n"
    yield "The scanner holds every symbol with an `ao` against all of them, bucket by bucket. The"
    yield "bit is the gate's place in `Candidate.gates`.\n"
    yield from _table(
        ("bit", "gate", "parameter", "asks"),
        [(str(int(gate)), f"`{gate.name.lower()}`", *_GATES[gate]) for gate in Gate],
    )
    for title, enum in (
        ("Refusals", RefusalReason),
        ("Declined commands", DeclineReason),
        ("Fades", FadeReason),
        ("Exits", ExitReason),
        ("Order roles", OrderRole),
    ):
        yield f"## {title}\n"
        yield f"{_sentence(enum)}\n"
        yield from _members(enum)


def _members(enum: type[Enum]) -> Iterator[str]:
    """Yield an enum's members with the docstrings that stand below them in its source."""
    said = _said_below(enum)
    for member in enum:
        text = said.get(member.name, "")
        yield f"- `{member.value}`" + (f": {text}" if text else "")
    yield ""


def _said_below(enum: type[Enum]) -> dict[str, str]:
    """Return the docstrings that stand below an enum's members in its source, by name."""
    body = cast("ast.ClassDef", ast.parse(inspect.getsource(enum)).body[0]).body
    return {
        before.targets[0].id: " ".join(str(after.value.value).split())
        for before, after in pairwise(body)
        if isinstance(before, ast.Assign)
        and isinstance(before.targets[0], ast.Name)
        and isinstance(after, ast.Expr)
        and isinstance(after.value, ast.Constant)
    }


def _facts() -> Iterator[str]:
    yield "# Facts\n"
    yield "Everything that can change an order, cash, a parameter or a permission is an appended"
    yield f"fact. `{Fact.__name__}` is the envelope:\n"
    yield from _fields(Fact)
    for payload in get_args(AnyPayload):
        yield f"## `{payload.__struct_config__.tag}`\n"
        own = payload.__dict__.get("__doc__")
        if own:
            yield f"{_sentence(payload)}\n"
        yield from _fields(payload)


def _fields(struct: type) -> Iterator[str]:
    kinds = inspect.get_annotations(struct)
    yield from _table(("field", "type"), [(f"`{k}`", f"`{v}`") for k, v in kinds.items()])


def _fills() -> Iterator[str]:
    yield "# Fill assumptions\n"
    yield from _table(
        ("fills", "latency", "slippage", "take profit fills when"),
        [
            (
                f"`{assumed.name}`",
                f"{assumed.latency_ns / 1e6:g} ms",
                f"max({assumed.slippage_ticks} tick, {assumed.slippage_bps} bps)"
                if assumed.slippage_bps or assumed.slippage_ticks
                else "none",
                f"`{assumed.target}`",
            )
            for assumed in FILL_ASSUMPTIONS.values()
        ],
    )
    yield from _members(TargetRule)


def _metrics() -> Iterator[str]:
    text = inspect.cleandoc(Performance.__doc__ or "")
    yield "# Metrics\n"
    yield text.split("\n\n")[0].replace("\n", " ") + "\n"
    attributes = text.split("----------\n")[1]
    for names, kinds, said in re.findall(
        r"^(\S.*?) : (.*)\n((?: {4}.*\n?)+)", attributes, re.MULTILINE
    ):
        listed = ", ".join(f"`{name}`" for name in names.split(", "))
        yield f"- {listed} ({kinds}): {' '.join(said.split())}".replace("``", "`")


def _tables() -> Iterator[str]:
    yield "# Tables of accounting\n"
    yield "What follows from the facts of a run, as tables in the database that keeps the facts."
    yield "Each has the column `run_id` besides, which is part of its key. Money is NUMERIC(24, 6)"
    yield "USD, in SQLite whole 1e-6 USD; times are UTC nanoseconds. Time series are hypertables"
    yield "where TimescaleDB is installed, else plain tables. References are not enforced: any"
    yield "table can be dropped and made anew by `tradectl accounting rebuild`.\n"
    yield "```mermaid\nerDiagram"
    for table in PROJECTIONS.values():
        for column, owner in table.refers.items():
            yield f"    {owner} ||--o{{ {table.name} : {column}"
    for table in PROJECTIONS.values():
        yield f"    {table.name} {{"
        for column in columns_of(table.row):
            key = " PK" if column.name in table.key else ""
            yield f"        {column.type.__name__} {column.name}{key}"
        yield "    }"
    yield "```\n"
    for table in PROJECTIONS.values():
        yield f"## `{table.name}`\n"
        yield inspect.cleandoc(table.row.__doc__ or "").split("\n\n")[0].replace("\n", " ") + "\n"
        if table.time is not None:
            yield f"A time series by `{table.time}`.\n"
        yield from _table(
            ("column", "type", "null", "key"),
            [
                (
                    f"`{column.name}`",
                    f"`{column.type.__name__}`",
                    "yes" if column.nullable else "",
                    "yes" if column.name in table.key else "",
                )
                for column in columns_of(table.row)
            ],
        )
        yield from _attributes(table.row)


def _attributes(owner: type) -> Iterator[str]:
    """Yield what a docstring says of attributes, as a list."""
    parts = inspect.cleandoc(owner.__doc__ or "").split("Attributes\n----------\n")
    for names, said in re.findall(r"^(\S.*)\n((?: {4}.*\n?)+)", "".join(parts[1:]), re.MULTILINE):
        listed = ", ".join(f"`{name}`" for name in names.split(" : ")[0].split(", "))
        yield f"- {listed}: {' '.join(said.split())}".replace("``", "`")
    if len(parts) > 1:
        yield ""


if __name__ == "__main__":
    main()
