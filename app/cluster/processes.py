"""The processes of a cluster on this machine, from the first start to the last end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from app.cluster.node_process import NodeCommand, NodeProcess


class Processes:
    """A group of processes that are kept running together.

    Attributes
    ----------
    nodes : dict of str to NodeProcess
        By name, in the order in which they were started.
    """

    def __init__(self, folder: Path, say: Callable[[str], None] = lambda _: None) -> None:
        self._say = say
        self.nodes: dict[str, NodeProcess] = {}
        self._folder = folder
        self._tasks: dict[str, asyncio.Task[int]] = {}

    def start(self, command: NodeCommand) -> NodeProcess:
        """Start one more process."""
        node = NodeProcess(command, self._folder, self._say)
        self.nodes[command.name] = node
        self._tasks[command.name] = asyncio.create_task(node.run(), name=command.name)
        return node

    async def first_end(self, names: Sequence[str] = ()) -> int:
        """Return the exit code of the first of some that ends for good; raises as ``run`` does.

        One of the others that cannot go on raises, too.
        """
        while True:
            await asyncio.wait(self._tasks.values(), return_when=asyncio.FIRST_COMPLETED)
            for name, task in list(self._tasks.items()):
                if task.done():
                    code = task.result()
                    if not names or name in names:
                        return code
                    del self._tasks[name]

    async def stop(self, *, last: Sequence[str] = ()) -> None:
        """End all of them, those named ``last`` after the others."""
        early = [node for name, node in self.nodes.items() if name not in last]
        await asyncio.gather(*(node.stop() for node in early))
        for name in last:
            if name in self.nodes:
                await self.nodes[name].stop()
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)


@asynccontextmanager
async def processes(
    folder: Path, *, last: Sequence[str] = (), say: Callable[[str], None] = lambda _: None
) -> AsyncIterator[Processes]:
    """Yield a group of processes that ends with the block; ``say`` is told of each new start."""
    group = Processes(folder, say)
    try:
        yield group
    finally:
        await group.stop(last=last)
