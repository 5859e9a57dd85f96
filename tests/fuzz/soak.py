"""Bytes that nobody tried before at everything that reads what strangers send: ``make soak``.

A finding is written to ``data/soak/fuzz``; it belongs into the corpus, with its mend.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
import tempfile
import traceback
from pathlib import Path

from tests.fuzz.run import tried
from tests.fuzz.targets import TARGETS

_FOUND = Path("data/soak/fuzz")


def main() -> int:
    """Try each target; return 1 where one failed."""
    options = _options()
    seed = random.SystemRandom().randrange(1 << 32) if options.seed is None else options.seed
    failed = 0
    for name in options.targets:
        with tempfile.TemporaryDirectory() as folder:
            found = tried(TARGETS[name], options.examples, seed, Path(folder))
        if found is None:
            sys.stdout.write(f"{name}: {options.examples:,} read or refused in words\n")
            continue
        failed += 1
        digest = hashlib.sha256(found.content).hexdigest()[:12]
        path = _FOUND / f"{name}-{digest}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(found.content)
        traceback.print_exception(found.error)
        sys.stdout.write(f"{name}: failed with --seed {seed}; what it read is in {path}\n")
    return 1 if failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Send changed bytes to everything that reads what strangers send.",
        epilog="Example: python -m tests.fuzz.soak --examples 500 --targets csv yaml",
    )
    parser.add_argument("--examples", type=int, default=20_000, help="Of each target.")
    parser.add_argument("--seed", type=int, help="By default one never tried before.")
    parser.add_argument("--targets", nargs="+", choices=TARGETS, default=list(TARGETS))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
