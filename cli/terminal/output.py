"""How every command speaks: one JSON object or a page on stdout, all else on stderr."""

from __future__ import annotations

import functools
import inspect
import json
import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.markup import escape

from app.redaction import secrets_hidden
from app.runs.integrity import told
from cli.terminal.integrity import draw
from engine.domain.errors import TradectlError
from engine.domain.exit_codes import ExitCode

if TYPE_CHECKING:
    from engine.journal import Integrity

INTERRUPTED = ExitCode.INTERRUPTED

_log = logging.getLogger(__name__)
_log.addHandler(logging.NullHandler())
"""Without a log nothing of it goes to stderr: what failed is told there already."""

progress_console = Console(stderr=True)
"""Progress, warnings and errors."""


def say(line: str) -> None:
    """Show a line about what is going on."""
    progress_console.print(line, style="yellow", markup=False, highlight=False, soft_wrap=True)


def emit(
    result: Mapping[str, Any],
    *,
    as_json: bool,
    page: Callable[[Console], None],
    integrity: Integrity | None = None,
) -> None:
    """Print a command's result: one JSON object, or the page drawn for a terminal.

    Parameters
    ----------
    integrity : Integrity, optional
        Of the journal that the result was read from; both ways say so.
    """
    if as_json:
        more = {} if integrity is None else {"integrity": told(integrity)}
        text = json.dumps({**result, **more}, default=str)
        # NaN and the infinities are Python's, not JSON's
        whole = json.loads(text, parse_constant=lambda _: None)
        sys.stdout.write(json.dumps(whole) + "\n")
        sys.stdout.flush()
    else:
        console = Console()
        if integrity is not None:
            draw(console, integrity)
        page(console)


def command[**P](function: Callable[P, None]) -> Callable[P, None]:
    """Give a command the documented exit codes and errors that name their remedy.

    With ``--json`` (a parameter called ``as_json``) a failure is one JSON object on stdout, too.
    What nobody foresaw goes on to the last resort in ``cli.main``.
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            function(*args, **kwargs)
        except TradectlError as error:
            _fail(error, error.exit_code, as_json=bool(kwargs.get("as_json")))
        except BrokenPipeError:
            raise  # nobody reads on: typer ends the command without a word
        except OSError as error:
            _fail(error, ExitCode.FAILED, as_json=bool(kwargs.get("as_json")))
        except KeyboardInterrupt as error:
            _fail(error, ExitCode.INTERRUPTED, as_json=bool(kwargs.get("as_json")))
        except (typer.Exit, typer.Abort):
            raise
        except Exception:
            _log.exception("%s failed unexpectedly", function.__name__)
            raise

    run.__doc__ = _unwrapped(function.__doc__)
    return run


def _unwrapped(text: str | None) -> str | None:
    """Return a help text, each paragraph in one line, so that any terminal wraps it evenly."""
    if text is None:
        return None
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(" ".join(each.split()) for each in paragraphs)


def _fail(error: BaseException, code: ExitCode, *, as_json: bool) -> None:
    """Say what failed first, then what failed after it; notes of the error hold that."""
    words = "interrupted" if isinstance(error, KeyboardInterrupt) else _words(error)
    message = secrets_hidden(words)
    later = [secrets_hidden(note) for note in getattr(error, "__notes__", ())]
    _log.error("%s: %s", type(error).__name__, "; ".join((message, *later)))
    first = ("bold red", f"error:[/] {escape(message)}")
    if isinstance(error, KeyboardInterrupt):  # nothing is wrong: somebody wanted it
        first = ("yellow", f"{message}[/]")
    for colour, text in (first, *_noted(later)):
        progress_console.print(f"[{colour}]{text}", highlight=False, soft_wrap=True)
    if as_json:
        status = {"status": "error", "error": type(error).__name__, "message": message}
        status |= {"exit_code": int(code), "notes": later}
        with suppress(OSError):  # it may be the output that failed
            sys.stdout.write(json.dumps(status) + "\n")
            sys.stdout.flush()
    raise typer.Exit(code) from error


def _noted(notes: list[str]) -> Iterator[tuple[str, str]]:
    yield from (("yellow", f"and:[/] {escape(note)}") for note in notes)


def _words(error: BaseException) -> str:
    """Return what an error says; one of the system names its file, one without words its kind.

    What strangers put into it (a strategy's exception, a name in a file) moves no cursor.
    """
    words = str(error) or type(error).__name__
    return "".join(each if each.isprintable() or each == "\n" else "\ufffd" for each in words)
