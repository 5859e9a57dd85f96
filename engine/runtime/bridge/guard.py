"""Handlers whose failure stops the run instead of vanishing in a log."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Concatenate, Protocol

from engine.domain.errors import RunError, TradectlError


class Failures:
    """What went wrong in handlers, in order; the first is the cause.

    nautilus logs an exception that a handler raises and goes on with the next event, so guarded
    handlers bring theirs here and whoever drives the engine asks.
    """

    def __init__(self) -> None:
        self._failures: list[tuple[str, BaseException]] = []

    @contextmanager
    def kept(self, where: str) -> Iterator[None]:
        """Keep what is raised inside, with the place it came from, and let it go on.

        Interrupts count: a Ctrl-C that lands in a handler would be swallowed as well.
        """
        try:
            yield
        except BaseException as error:
            self._failures.append((where, error))
            raise

    @contextmanager
    def raised(self, where: str) -> Iterator[None]:
        """Treat what is raised inside, outside of any handler, as ``raise_first`` does."""
        try:
            with self.kept(where):
                yield
        except BaseException:  # noqa: BLE001  (it was kept)
            self.raise_first()

    def __bool__(self) -> bool:
        return bool(self._failures)

    def raise_first(self) -> None:
        """Raise the first failure, if there is one.

        Raises
        ------
        RunError
            A handler failed; errors that name their own remedy, I/O errors and interrupts are
            raised as they are.
        """
        if (first := self.first()) is not None:
            raise first

    def first(self) -> BaseException | None:
        """Return what ``raise_first`` raises, None while nothing has failed."""
        if not self._failures:
            return None
        where, error = self._failures[0]
        if isinstance(error, TradectlError | OSError | KeyboardInterrupt | SystemExit):
            return error
        failed = RunError(f"{where} failed: {error!r}")
        failed.__cause__ = error
        return failed


class Guarded(Protocol):
    """A nautilus component that brings its failures to somebody."""

    failures: Failures

    def shutdown_system(self, reason: str | None = None) -> None:
        """Stop the engine or node."""
        ...


def guarded[C: Guarded, **P](
    handler: Callable[Concatenate[C, P], None],
) -> Callable[Concatenate[C, P], None]:
    """Keep what a handler raises and stop the system; later handlers do nothing."""

    @functools.wraps(handler)
    def call(self: C, *args: P.args, **kwargs: P.kwargs) -> None:
        if self.failures:
            return
        where = f"{type(self).__name__}.{handler.__name__}"
        try:
            with self.failures.kept(where):
                handler(self, *args, **kwargs)
        except BaseException as error:  # noqa: BLE001  (the core would log it and go on)
            self.shutdown_system(f"{where}: {error!r}")

    return call
