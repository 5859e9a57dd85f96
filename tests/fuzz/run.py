"""Bytes at a target until so many were tried; what is drawn follows from the seed alone."""

from __future__ import annotations

import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from tests.fuzz.mutation import mutated
from tests.fuzz.targets import Target

_HANGS_AFTER_SECS = 60
"""No reader takes a thousandth of it; it bounds nothing but a hang."""


class Finding(NamedTuple):
    """Bytes at which a reader failed, and how."""

    target: str
    content: bytes
    error: BaseException


def tried(target: Target, examples: int, seed: int, folder: Path) -> Finding | None:
    """Return the first bytes at which a target fails, None if it stood them all."""
    chance = random.Random(f"{target.name} {seed}")
    seeds = list(target.seeds().values())
    for _ in range(examples):
        content = mutated(chance, chance.choice(seeds), chance.choice(seeds))
        found = failure(target, content, folder)
        if found is not None:
            return Finding(target.name, content, found)
    return None


def failure(target: Target, content: bytes, folder: Path) -> BaseException | None:
    """Return how a target fails at some bytes, None if it does not."""
    try:
        with _bounded():
            target.try_out(content, folder)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  (a panic of compiled code is none of Exception)
        return error
    return None


@contextmanager
def _bounded() -> Iterator[None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"not done after {_HANGS_AFTER_SECS} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(_HANGS_AFTER_SECS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
