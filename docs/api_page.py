"""The reference page of the API, from its own description and the docstrings of its messages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from inspect import cleandoc

from web.api.mount import api_description
from web.push import radar_change, stream, tape_message
from web.push.broadcast import NAMES
from web.push.channel import KEPT
from web.push.subscription import UNACKNOWLEDGED
from web.rights import PREFIX, RIGHTS, StepUp

type Table = Callable[[Iterable[str], Iterable[Iterable[str]]], Iterator[str]]

_BEGINNING = """# API

Version {version}, OpenAPI {openapi}; a gateway describes itself at `/api/v1/openapi.json`, and all
paths below begin with `/api/v1`. Amounts, prices and nanoseconds are strings, an unknown figure is
null. Lists are `{{items, next}}`: `next` is the `cursor` of the page after, null on the last.
Errors are `application/problem+json` with a `code` for each cause.

*Role* is the least that a route takes. *Confirmed* says when the caller has to confirm the very
request with a passkey: never for what gets somebody out.
"""

_CHANNELS = """
Channels: {names}. `facts` and `logs` leave nothing out; of the others the newest message says
everything, and a browser that acknowledges nothing is sent {unacknowledged} of each. The last
{kept} are sent again to who was away.
"""


def api_page(table: Table) -> Iterator[str]:
    """Yield the page; ``table`` writes one in Markdown."""
    described = api_description()
    yield _BEGINNING.format(version=described["info"]["version"], openapi=described["openapi"])
    by_tag: dict[str, list[tuple[str, ...]]] = {}
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            right = RIGHTS[method.upper(), path.removeprefix(PREFIX)]
            confirmed = "" if right.step_up is StepUp.NEVER else right.step_up.replace("_", " ")
            given = operation.get("parameters", ())
            row = (
                f"`{method.upper()} {path.removeprefix(PREFIX)}`",
                right.rank.label,
                confirmed,
                ", ".join(f"`{each['name']}`" for each in given if each["in"] != "path"),
                operation.get("description", "").split("\n")[0].replace("``", "`"),
            )
            by_tag.setdefault(operation["tags"][0], []).append(row)
    for tag, rows in by_tag.items():
        yield f"## {tag.capitalize()}\n"
        yield from table(("route", "role", "confirmed", "takes", "what it does"), rows)
    yield "## Stream\n"
    yield _in_markdown(stream.__doc__)
    names = ", ".join(f"`{name}`" for name in NAMES)
    yield _CHANNELS.format(names=names, unacknowledged=UNACKNOWLEDGED, kept=KEPT)
    yield "### The tape strip\n"
    yield _in_markdown(tape_message.__doc__)
    yield "\n### The radar\n"
    yield _in_markdown(radar_change.__doc__)


def _in_markdown(text: str | None) -> str:
    return cleandoc(text or "").replace("::\n", ":\n").replace("``", "`")
