"""What people call a run beside its id: a name, and tags."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

import msgspec

from engine.domain.errors import ConfigError

LATEST = "latest"
"""Name for the run that was started last."""

_MOST = 64
"""Characters of a name or tag."""


class RunLabels(msgspec.Struct, frozen=True):
    """The name of a run, empty without one, and its tags in alphabetical order.

    Several runs may have the same name: then it names none of them.
    """

    name: str = ""
    tags: tuple[str, ...] = ()

    @classmethod
    def given(cls, name: str | None, tags: Iterable[str]) -> Self:
        """Return what somebody gives a run.

        Raises
        ------
        ConfigError
            It is empty, longer than 64 characters, or has characters that cannot be typed; a name
            is ``latest`` or begins like an option.
        """
        if name is not None:
            _expect_label("name", name)
        return cls(name or "", _sorted(tags))

    def tagged(self, tags: Iterable[str]) -> Self:
        """Return the same with more tags; raises as ``given``."""
        return msgspec.structs.replace(self, tags=_sorted((*self.tags, *tags)))

    def untagged(self, tags: Iterable[str]) -> Self:
        """Return the same without some tags.

        Raises
        ------
        ConfigError
            The run has no such tag.
        """
        gone = set(tags)
        if unknown := sorted(gone - set(self.tags)):
            has = ", ".join(self.tags) or "none"
            raise ConfigError(f"expected a tag that the run has ({has}), found {unknown[0]!r}")
        return msgspec.structs.replace(
            self, tags=tuple(tag for tag in self.tags if tag not in gone)
        )


UNLABELLED = RunLabels()
"""Nobody has called the run anything."""


def _sorted(tags: Iterable[str]) -> tuple[str, ...]:
    found = sorted(set(tags))
    for tag in found:
        _expect_label("tag", tag)
        if "," in tag or " " in tag:
            raise ConfigError(f"expected a tag without blanks and commas, found {tag!r}")
    return tuple(found)


def _expect_label(what: str, text: str) -> None:
    """Refuse what could not be typed, read or told from an option again."""
    if not text.strip() or text != text.strip() or not text.isprintable() or len(text) > _MOST:
        raise ConfigError(
            f"expected a {what} of 1 to {_MOST} printable characters that neither begins nor ends "
            f"with a blank, found {text[: 2 * _MOST]!r}"
        )
    if text == LATEST or text.startswith("-"):
        raise ConfigError(f"expected a {what} other than {LATEST!r} and options, found {text!r}")
