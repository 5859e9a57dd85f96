"""Progress bars on stderr, shown only where somebody watches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from cli.terminal.output import progress_console


@contextmanager
def progress_bar(what: str, unit: str) -> Iterator[Callable[[float, float], None]]:
    """Yield a function of (done, total) that moves a bar; it may be called from any thread."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f} " + unit),
        TimeElapsedColumn(),
    )
    with Progress(
        *columns, console=progress_console, transient=True, disable=not progress_console.is_terminal
    ) as bars:
        task = bars.add_task(what, total=0)
        yield lambda done, total: bars.update(task, completed=done, total=total)


def recording(day: date) -> AbstractContextManager[Callable[[float, float], None]]:
    """Return a bar for a day whose buckets are recorded, in letters."""
    return progress_bar(f"record buckets of {day}", "letters")
