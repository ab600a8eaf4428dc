"""Work that is spread over a Dask cluster: of this machine's processes, or one that runs elsewhere.

What is done does not depend on how many workers there are, in what order they come to an end, or whether one is lost on
the way: each task is a function of its number alone, and one whose worker has died is done again by another.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from ..balance.gathered import Looked, merged
from ..errors import ConfigError, GensynthError

T = TypeVar("T")
FAN = 8  # parts of what was seen that are put together at a time
AHEAD = 3  # tasks that wait for each worker
TIMEOUT = "10s"  # for a scheduler to answer


class Cluster:
    """The workers. Arguments: a `distributed.Client`."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def look(self, function: Callable[[list[Any]], Looked], parts: list[Any]) -> Looked:
        """Return what a function sees of all parts, put together by the workers. Raises: GensynthError."""
        told = self._given(function)
        size = max(len(parts) // (16 * self.workers), 1)
        groups = [parts[start : start + size] for start in range(0, len(parts), size)]
        waiting = [self._submit(_called, told, group) for group in groups]
        while len(waiting) > 1:
            waiting = [self._submit(merged, waiting[start : start + FAN]) for start in range(0, len(waiting), FAN)]
        found: Looked = self._result(waiting[0])
        return found

    def map(self, function: Callable[[int], T], numbers: Iterable[int]) -> Iterator[T]:
        """Yield what a function gives for numbers, in order. Raises: GensynthError, and what the function raises."""
        told, waiting = self._given(function), deque[Any]()
        for number in numbers:
            waiting.append(self._submit(_called, told, number))
            if len(waiting) > AHEAD * self.workers:
                yield self._result(waiting.popleft())
        while waiting:
            yield self._result(waiting.popleft())

    @property
    def workers(self) -> int:
        """How many there are, at least 1."""
        return max(len(self.client.scheduler_info(n_workers=-1)["workers"]), 1)

    def _given(self, function: Callable[..., Any]) -> Any:
        """Return a function that the scheduler holds, so that it outlives the workers that have it."""
        import cloudpickle  # type: ignore[import-untyped]  # Dask brings it

        return self._submit(cloudpickle.loads, cloudpickle.dumps(function))

    def _submit(self, function: Callable[..., Any], *given: Any) -> Any:
        return self.client.submit(function, *given, pure=False)

    def _result(self, future: Any) -> Any:
        from distributed import KilledWorker
        from distributed.client import FutureCancelledError

        try:
            return future.result()
        except KilledWorker as error:
            raise GensynthError(
                f"a task was begun {error.args[-1] if error.args else 'several'} times, and each time its worker died: "
                "does it need more memory than a worker has?"
            ) from error
        except (FutureCancelledError, OSError) as error:
            raise GensynthError(f"the cluster is gone ({error}): start it, and begin again") from error


@contextmanager
def cluster(where: str, memory: int | None = None) -> Iterator[Cluster]:
    """Give the workers at an address, or so many processes of this machine.

    Arguments:
        where: the scheduler's address, or a number of processes.
        memory: bytes that the processes of this machine may take together; None for Dask's own bound.

    Raises: ConfigError where Dask is lacking, or no scheduler answers.
    """
    client = client_of(where, memory)
    try:
        yield Cluster(client)
    finally:
        own = client.cluster
        client.close()
        if own is not None:
            own.close()


def client_of(where: str, memory: int | None = None) -> Any:
    """Return a Dask client; see `cluster`."""
    try:
        import distributed
    except ImportError:
        raise ConfigError("--dask needs Dask: pip install 'gensynth[dask]'") from None
    made: Any = distributed
    if not str(where).isdecimal():
        try:
            return made.Client(str(where), timeout=TIMEOUT)
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"--dask {where}: no scheduler answers there ({error}): give its address, as tcp://10.0.0.1:8786, or a "
                "number of processes"
            ) from None
    if int(where) < 1:
        raise ConfigError(f"--dask {where}: give a number of processes, at least 1, or a scheduler's address")
    n = int(where)
    bound = "auto" if memory is None else max(memory // n, 600_000_000)
    own = made.LocalCluster(n_workers=n, threads_per_worker=1, dashboard_address=None, memory_limit=bound)
    return made.Client(own)


def _called(function: Callable[..., Any], given: Any) -> Any:
    return function(given)
