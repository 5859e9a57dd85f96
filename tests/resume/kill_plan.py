"""Who is killed, when and in whose start, drawn from a seed.

A moment is the n-th of something from when it is waited for, never a duration: the same seed kills
at the same place again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from tests.resume.relay import Said


class Part(StrEnum):
    """What may be killed."""

    LIVE = "live"
    VENUE = "simulator"
    DATABASE = "database"


FACT = "fact"
"""The n-th fact, held in the database between its writing and its commit."""
SPAWNED = "process"
"""The first sign of a process that starts."""


@dataclass(frozen=True)
class Moment:
    """The n-th of something: of ``Said``, a ``fact``, or a ``process``.

    Attributes
    ----------
    within : int
        Steps of granted time in which it comes; one that has not will not: then, then.
    """

    what: str
    number: int
    within: int = 120

    def __str__(self) -> str:
        return f"{self.what} {self.number}"


@dataclass(frozen=True)
class Blow:
    """What is killed together, and when.

    Attributes
    ----------
    arrives : bool
        Whether what was held still reaches a simulator that lives, though its sender is dead.
    """

    parts: tuple[Part, ...]
    moment: Moment
    arrives: bool = False

    def __str__(self) -> str:
        late = ", which still arrives" if self.arrives else ""
        return f"{'+'.join(self.parts)} at {self.moment}{late}"


@dataclass(frozen=True)
class Kill:
    """A blow, and the starts that follow it.

    Attributes
    ----------
    order : tuple of Part
        In which order the dead are started.
    again : Blow, optional
        While the first of them starts.
    """

    kind: str
    first: Blow
    order: tuple[Part, ...]
    again: Blow | None = None

    def __str__(self) -> str:
        again = f"; {self.again} of the start" if self.again else ""
        return f"{self.kind}: {self.first}{again}; started: {', '.join(self.order)}"


_ALONE = tuple((part,) for part in Part)
_TOGETHER = (
    (Part.LIVE, Part.DATABASE),
    (Part.LIVE, Part.VENUE),
    (Part.VENUE, Part.DATABASE),
    (Part.LIVE, Part.VENUE, Part.DATABASE),
)
_IN_A_START = (
    *((one, (other,)) for one in Part for other in Part),
    (Part.LIVE, (Part.VENUE, Part.DATABASE)),
)
"""Who starts, and who is killed meanwhile; a part with itself is killed twice in a row."""

KINDS = tuple(
    ["+".join(parts) for parts in (*_ALONE, *_TOGETHER)]
    + [f"{'+'.join(parts)} while {one} starts" for one, parts in _IN_A_START]
)

_MOMENTS = {Said.REQUEST: 4, Said.ANSWER: 4, Said.UPDATE: 8, FACT: 16, Said.STEP: 40}
"""What a kill may wait for, and how many of it at most."""
_CALLS_OF_A_START, _FACTS_OF_A_START = 12, 6


def drawn(seed: int, *, is_stepped: bool, kinds: tuple[str, ...] = KINDS) -> Iterator[Kill]:
    """Yield one kill of each kind, in an order and at moments that the seed decides.

    Time is granted only where it is stepped: a paced day has no steps.
    """
    chance = Random(seed)
    made = [_kill(kind, chance, is_stepped=is_stepped) for kind in KINDS]
    chance.shuffle(made)
    yield from (kill for kill in made if kill.kind in kinds)


def _kill(kind: str, chance: Random, *, is_stepped: bool) -> Kill:
    killed, _, starting = kind.partition(" while ")
    parts = tuple(Part(name) for name in killed.split("+"))
    whats = [what for what in _MOMENTS if is_stepped or what is not Said.STEP]
    what = chance.choice(whats)
    moment = Moment(str(what), chance.randint(1, _MOMENTS[what]))
    arrives = chance.random() < 0.5
    if not starting:
        order = tuple(chance.sample(parts, len(parts)))
        return Kill(kind, Blow(parts, moment, arrives), order)
    begins = Part(starting.removesuffix(" starts"))
    rest = [part for part in parts if part is not begins]
    order = (begins, *chance.sample(rest, len(rest)))
    again = Blow(parts, _moment_of_start(chance), arrives=False)
    return Kill(kind, Blow((begins,), moment, arrives), order, again)


def _moment_of_start(chance: Random) -> Moment:
    what = chance.choice((SPAWNED, Said.CALL, Said.CALL, FACT))
    most = {SPAWNED: 1, Said.CALL: _CALLS_OF_A_START, FACT: _FACTS_OF_A_START}[what]
    return Moment(str(what), chance.randint(1, most))
