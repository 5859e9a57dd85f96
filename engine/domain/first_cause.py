"""The failure that came first is raised at the end; later ones are noted on it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager


class FirstCause:
    """Keeps the first of several failures while the rest of an end goes on.

    Python would raise the last one, and what closes after a failure mostly fails because of it.

    Parameters
    ----------
    first : BaseException, optional
        What has failed already, and ``step``, where.
    """

    def __init__(self, first: BaseException | None = None, step: str = "") -> None:
        self._first = first
        self._step = step

    @contextmanager
    def kept(self, step: str) -> Generator[None]:
        """Keep what is raised inside, with the step that failed, and go on."""
        try:
            yield
        except BaseException as error:  # noqa: BLE001  (``raise_it`` does)
            self.take(error, step)

    def take(self, error: BaseException, step: str) -> None:
        """Keep a failure: as the first, or as a note on that."""
        if self._first is None:
            self._first, self._step = error, step
        else:
            _note(self._first, error, step)

    def precede(self, error: BaseException, step: str) -> None:
        """Keep a failure that happened before all others, though it is heard of after them."""
        later, later_step = self._first, self._step
        self._first, self._step = error, step
        if later is not None and later is not error:
            _note(error, later, later_step)
            for note in getattr(later, "__notes__", ()):
                error.add_note(note)

    def raise_it(self) -> None:
        """Raise the first failure, if there is one."""
        if self._first is not None:
            raise self._first


def _note(first: BaseException, later: BaseException, step: str) -> None:
    """Note a failure on the first, unless it says the same."""
    told = str(later) or type(later).__name__
    if later is not first and told not in str(first):
        first.add_note(f"{step} failed, too: {told}")
