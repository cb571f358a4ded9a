"""Workers that run batches of network work, each on one core.

Several batches side by side, each on one thread, are faster than one batch on several
threads, and much faster when the machine is busy: threads of one batch wait for each other.
"""

from __future__ import annotations

import ctypes
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")

StillWanted = Callable[[], bool]


class Abandoned(Exception):
    """Nobody waits for the answer any more."""


class Workers:
    """A fixed number of threads that all requests share."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="worker")

    def errand(self, wanted: StillWanted) -> Errand:
        """Returns the way for one request to have work done, as long as wanted says yes."""
        return Errand(self, wanted)

    def submit(self, work: Callable[[A], B], item: A) -> Future[B]:
        """Queues work on item behind what is already queued."""
        return self._pool.submit(_giving_back, work, item)


def _giving_back(work: Callable[[A], B], item: A) -> B:
    try:
        return work(item)
    finally:
        if _trim is not None:
            _trim(0)


# glibc keeps what is freed between blocks that are in use; without this the program grows with
# the recording. Other C libraries have no such function, and give back by themselves.
_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)


class Errand:
    """The work of one request. It never queues more batches than there are workers, so that
    a short request waits for the running batches of a long one and not for its end."""

    def __init__(self, workers: Workers, wanted: StillWanted) -> None:
        self._workers = workers
        self._wanted = wanted

    def map(self, work: Callable[[A], B], items: Iterable[A]) -> list[B]:
        """Returns work of every item, in their order. Raises Abandoned between batches."""
        results: list[B] = []
        pending: deque[Future[B]] = deque()
        for item in items:
            if len(pending) == self._workers.count:
                results.append(pending.popleft().result())
            if not self._wanted():
                raise Abandoned
            pending.append(self._workers.submit(work, item))
        return results + [one.result() for one in pending]
