"""A bounded number of threads for work on pictures, so that the event loop and the memory stay free.

Row 6. Pillow gives up the interpreter's lock while it decodes and encodes, so threads do for it; one core is left to
the event loop. It must not know what the work is.

`benchmarks/lag.py` measures how late the event loop wakes while twenty 4-megapixel pictures are finished at once; on
two shared cores, the calmest of two or three rounds, maximum in milliseconds by the number of threads:

                1      2      3      4      8
    avif      7.9           6.5          55.1
    jpeg      8.0   17.3   12.1   32.0   70.6
    webp     14.2   30.8   31.3   56.7  224.7

png takes 11.9 and gif 12.7 with one thread. Some steps of Pillow's hold the lock for 5 to 15 ms in one piece, and with
many threads several of them come before the event loop's turn: hence at most three, at which 50 ms are kept. Hashes and
base64 of the same pictures took 297 ms on the event loop; in a thread, base64 in pieces, the loop wakes 6 ms late.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

__all__ = ["Workers"]

_T = TypeVar("_T")
# The bytes whose digest and base64 take half a millisecond; less is done before a thread would have begun.
_FEW = 256 << 10
# More of them stand in the event loop's way; whoever has more cores runs more processes.
_MOST_THREADS = 3


class Workers:
    """Threads that are started when first needed; `threads` of them, by default one fewer than cores, up to three.

    >>> workers = Workers(threads=1)
    >>> asyncio.run(workers.run(pow, 2, 10))
    1024
    >>> workers.close()
    """

    def __init__(self, threads: int | None = None) -> None:
        self._threads = threads or min(_MOST_THREADS, max(1, _cores() - 1))
        self._pool: ThreadPoolExecutor | None = None
        self._side: ThreadPoolExecutor | None = None

    async def run(self, work: Callable[..., _T], *arguments: Any) -> _T:
        """What the work gives, once one of the threads has done it."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="pentaprism-picture")
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)

    async def read(self, work: Callable[..., _T], content: bytes, *arguments: Any) -> _T:
        """What the work gives that only reads a picture's bytes: at once if they are few.

        Many are read in a thread of their own, so that nobody waits for the conversions of others.
        """
        if len(content) <= _FEW:
            return work(content, *arguments)
        if self._side is None:
            self._side = ThreadPoolExecutor(1, thread_name_prefix="pentaprism-reader")
        return await asyncio.get_running_loop().run_in_executor(self._side, work, content, *arguments)

    def close(self) -> None:
        """Let what is under way end, and take nothing more."""
        for pool in (self._pool, self._side):
            if pool is not None:
                pool.shutdown()
        self._pool = self._side = None


def _cores() -> int:
    """The cores this process may run on, which may be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2
