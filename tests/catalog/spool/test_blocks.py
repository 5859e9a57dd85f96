"""Blocks of a relay on disk: all that was written is read, from any block on, whatever was lost."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.spool import BlockWriter, block_files, last_blocks, read_blocks
from engine.domain.errors import ConfigError, DataError
from engine.domain.market_data.blocks import Block, Gap

_BIG = 3 << 20


def block(epoch: int, number: int, size: int = 5) -> Block:
    """Return a block whose frame tells which it is."""
    return Block(
        epoch, number, 1_000 + number, (f"{epoch}-{number} ".encode() + b"tsp1" * (size // 4))
    )


@settings(max_examples=25)
@given(
    epochs=st.lists(st.lists(st.integers(5, 400_000), max_size=30), min_size=1, max_size=3),
    data=st.data(),
)
def test_what_lies_behind_any_block_is_read(
    tmp_path_factory: pytest.TempPathFactory, epochs: list[list[int]], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("relay")
    written: list[Block] = []
    for sizes in epochs:
        with BlockWriter(folder) as log:
            for number, size in enumerate(sizes, start=1):
                written.append(block(log.epoch, number, size))
                assert log.append(written[-1])
    position = data.draw(st.sampled_from([(0, 0), *((b.epoch, b.number) for b in written)]))
    behind = [each for each in written if (each.epoch, each.number) > position]
    with BlockWriter(folder) as newest:
        assert list(newest.after(*position)) == behind
    assert list(read_blocks(folder)) == written


def test_gaps_lie_where_they_were_known_and_the_last_part_is_read_alone(tmp_path: Path) -> None:
    entries = [block(1, 1, _BIG), Gap(5, 9, complete=False), block(1, 2), Gap(5, 9, complete=True)]
    with BlockWriter(tmp_path) as log:
        for entry in entries:
            assert log.append(entry)
        assert list(log.after(0, 0)) == entries
    assert list(last_blocks(tmp_path, 1_000)) == entries[1:]


def test_a_tail_that_was_cut_and_bytes_that_were_changed_lose_no_more_than_themselves(
    tmp_path: Path,
) -> None:
    for _ in range(2):
        with BlockWriter(tmp_path) as log:
            for number in range(1, 4):
                log.append(block(log.epoch, number))
    first, second = block_files(tmp_path)
    first.write_bytes(first.read_bytes()[:-3])
    data = bytearray(second.read_bytes())
    data[-1] ^= 1
    second.write_bytes(data)
    one, two, three, four = (block(epoch, number) for epoch in (1, 2) for number in (1, 2))
    damage = Gap(four.stamp, four.stamp, complete=False)
    assert list(last_blocks(tmp_path, _BIG)) == [one, two, three, four, damage]
    with BlockWriter(tmp_path) as log:
        assert list(log.after(1, 1)) == [two, three, four, damage]
        with pytest.raises(ConfigError, match="another relay writes to"):
            BlockWriter(tmp_path)
    with pytest.raises(DataError, match="is damaged"):
        list(read_blocks(tmp_path))


def test_a_disk_that_is_full_is_told_and_what_fits_later_is_kept(tmp_path: Path) -> None:
    with BlockWriter(tmp_path) as log:
        assert log.append(block(1, 1))
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
        try:
            assert not log.append(block(1, 2, 200_000))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert log.append(block(1, 3))
    assert list(read_blocks(tmp_path)) == [block(1, 1), block(1, 3)]
