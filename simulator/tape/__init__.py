"""The recorded day as frames, in the one order in which everybody sees it."""

from simulator.tape.bars import BarMaker
from simulator.tape.block import Block
from simulator.tape.clock import FASTEST, SLOWEST, Clock, Mode
from simulator.tape.json_frames import JsonFrames
from simulator.tape.last_seen import LastPrint, LastSeen
from simulator.tape.msgpack_frames import MsgpackFrames
from simulator.tape.reader import BLOCK_NS, DayReader
from simulator.tape.wanted import Wanted, mask

__all__ = [
    "BLOCK_NS",
    "FASTEST",
    "SLOWEST",
    "BarMaker",
    "Block",
    "Clock",
    "DayReader",
    "JsonFrames",
    "LastPrint",
    "LastSeen",
    "Mode",
    "MsgpackFrames",
    "Wanted",
    "mask",
]
