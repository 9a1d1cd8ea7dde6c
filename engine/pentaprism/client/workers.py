"""A bounded number of threads for work on pictures, so that the event loop and the memory stay free.

Row 6. Pillow gives up the interpreter's lock while it decodes and encodes, so threads do for it; one core is left to
the event loop. It must not know what the work is.
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


class Workers:
    """Threads that are started when first needed; `threads` of them, by default one core fewer than there are.

    >>> workers = Workers(threads=1)
    >>> asyncio.run(workers.run(pow, 2, 10))
    1024
    >>> workers.close()
    """

    def __init__(self, threads: int | None = None) -> None:
        self._threads = threads or max(1, (os.cpu_count() or 2) - 1)
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
