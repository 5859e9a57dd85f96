"""What reads bytes from strangers, and what must hold whatever the bytes are.

A target takes them or raises an error that ``tradectl`` explains; anything else is a finding.
"""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa

from adapters.alpaca.wire import FrameDecoder
from app.parameters.file import load_parameters
from app.parameters.schedule import load_schedule
from catalog.imports.flaws import FLAWS, SOUND, describe, find_flaws
from catalog.imports.formats import RAW_SCHEMAS, Format, Reading, read_file
from catalog.schema import Kind
from engine.display import unpacked
from engine.domain.errors import TradectlError
from engine.domain.parameters import Parameters
from engine.domain.symbols import is_symbol
from engine.journal.chain import Record, fact_of
from serving.strict_json import StrictJsonError, strict_object

CORPUS = Path(__file__).with_name("corpus")
ARRIVED = 1_789_739_200_000_000_000


@dataclass(frozen=True, slots=True)
class Target:
    """One reader.

    Attributes
    ----------
    take : callable
        Reads bytes, with a folder of its own to put them; raises ``AssertionError`` for an answer
        that cannot be right.
    """

    name: str
    take: Callable[[bytes, Path], None]

    def seeds(self) -> dict[str, bytes]:
        """Return the corpus by file name; each was once read wrongly, or is read rightly."""
        return {
            path.name: gzip.decompress(path.read_bytes())
            if path.suffix == ".gz"
            else path.read_bytes()
            for path in sorted((CORPUS / self.name).iterdir())
        }

    def try_out(self, content: bytes, folder: Path) -> None:
        """Read some bytes; errors that say what to do are answers."""
        try:
            self.take(content, folder)
        except TradectlError as error:
            _expect_words(error)


def _expect_words(error: Exception) -> None:
    said = str(error)
    assert said.strip()
    assert len(said) < 4_000  # of a body, or a file, little is repeated


def _imported(name: str, form: Format, kind: Kind = Kind.TRADES) -> Callable[[bytes, Path], None]:
    def take(content: bytes, folder: Path) -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        for raw in read_file(str(path), kind, form, Reading()):
            _expect_sound(raw, kind)

    return take


def _expect_sound(raw: pa.Table, kind: Kind) -> None:
    """Check that rows without a flaw are what may be stored."""
    assert raw.schema == RAW_SCHEMAS[kind]
    flaws = find_flaws(raw, kind)
    for row in np.flatnonzero(flaws != SOUND)[:1].tolist():
        assert describe(kind, raw.slice(row, 1).to_pylist()[0], FLAWS[flaws[row]])
    sound = raw.filter(pa.array(flaws == SOUND))
    assert all(is_symbol(name or "") for name in set(sound["symbol"].to_pylist()))
    for name in sound.column_names:
        sound[name].to_pylist()


def _archived(inner: str, name: str, kind: Kind) -> Callable[[bytes, Path], None]:
    read = _imported(f"tick/ko/{name}", Format.LEAN, kind)

    def take(content: bytes, folder: Path) -> None:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr(inner, content)
        read(packed.getvalue(), folder)

    return take


def _frame(content: bytes, _: Path) -> None:
    frame = FrameDecoder().decode(content, ARRIVED)
    assert all(map(is_symbol, frame.trades.symbols)) if frame.trades is not None else True


def _fact(content: bytes, _: Path) -> None:
    try:
        record = msgspec.json.decode(content, type=Record)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return  # no row that a database would give
    fact_of(record)


def _yaml(content: bytes, folder: Path) -> None:
    path = folder / "given.yaml"
    path.write_bytes(content)
    for load in (load_parameters, lambda file: load_schedule(file, Parameters(), "fuzz")):
        try:
            load(path)
        except TradectlError as error:
            _expect_words(error)


def _body(content: bytes, _: Path) -> None:
    try:
        found = strict_object(content)
    except StrictJsonError as error:
        _expect_words(error)
        return
    json.dumps(found)


TARGETS = {
    target.name: target
    for target in (
        Target("csv", _imported("rows.csv", Format.CSV)),
        Target("parquet", _imported("rows.parquet", Format.PARQUET)),
        Target("alpaca", _imported("page.json", Format.ALPACA)),
        Target("lean", _archived("20260918_ko.csv", "20260918_trade.zip", Kind.TRADES)),
        Target("lean_quotes", _archived("20260918_ko.csv", "20260918_quote.zip", Kind.QUOTES)),
        Target("dbn", _imported("rows.dbn", Format.DATABENTO)),
        Target("frame", _frame),
        Target("display", lambda content, _: unpacked(content) and None),
        Target("fact", _fact),
        Target("yaml", _yaml),
        Target("body", _body),
    )
}
