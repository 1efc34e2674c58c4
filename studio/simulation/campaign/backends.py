"""Bring joblib together with who does the work: processes of this machine, a Dask cluster, a Ray cluster."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from studio.errors import ClusterUnreachable, MissingExtra

__all__ = ["engaged", "is_death"]

Start = Callable[[], Any]
"""Returns a `joblib.Parallel` whose results are yielded as they come."""

_IDLE_S = 60
"""Workers of this machine that have nothing to do end after so long; until then the next campaign finds them warm."""
_ANSWER_S = 10
"""How long a cluster may take to answer."""
_DEATHS = frozenset({"BrokenProcessPool", "KilledWorker", "WorkerCrashedError"})


def is_death(error: BaseException) -> bool:
    """Tell whether an error says that a worker's process ended: each backend has its own."""
    return any(kind.__name__ in _DEATHS for kind in type(error).__mro__)


@contextmanager
def engaged(backend: str, workers: int, address: str) -> Iterator[Start]:
    """Have workers while it is entered; those of this machine that an error finds at work are ended.

    Args:
        backend: Of joblib.
        workers: Processes of this machine; a cluster has as many as it has.
        address: Of the cluster.

    Raises:
        MissingExtra: The backend is not installed.
        ClusterUnreachable: The cluster does not answer.
    """
    if backend == "loky":
        with _processes(workers) as start:
            yield start
    elif backend == "dask":
        with _dask(address) as start:
            yield start
    else:
        with _ray(address) as start:
            yield start


def _parallel(workers: int, backend: str, **options: Any) -> Any:
    from joblib import Parallel, parallel_config

    with parallel_config(backend=backend, n_jobs=workers, **options):
        return Parallel(batch_size=1, return_as="generator_unordered")


@contextmanager
def _processes(workers: int) -> Iterator[Start]:
    from joblib.externals.loky import get_reusable_executor

    try:
        with warnings.catch_warnings():
            # A worker that has grown large is replaced, and loky says so in the thread that hands out the work: where
            # warnings are errors, as in many test suites, that thread would end, and with it the campaign stand still.
            warnings.filterwarnings("ignore", message="A worker stopped while some jobs", category=UserWarning)
            yield lambda: _parallel(workers, "loky", idle_worker_timeout=_IDLE_S)
    except BaseException:
        get_reusable_executor(max_workers=1, reuse=True).shutdown(wait=True, kill_workers=True)
        raise


@contextmanager
def _dask(address: str) -> Iterator[Start]:
    distributed = _library("distributed", "Dask", "dask")
    try:
        client = distributed.Client(address or None, timeout=_ANSWER_S)
    except (OSError, TimeoutError, ValueError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ClusterUnreachable(backend="dask", address=address, reason=reason) from error
    with client:
        yield lambda: _parallel(-1, "dask")


@contextmanager
def _ray(address: str) -> Iterator[Start]:
    """Work on Ray. Nothing in Studio's own tests runs this but the refusal where Ray is not installed."""
    ray = _library("ray", "Ray", "ray")
    try:
        ray.init(address=address or None, ignore_reinit_error=True)
    except (OSError, ConnectionError, ValueError, RuntimeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ClusterUnreachable(backend="ray", address=address, reason=reason) from error
    importlib.import_module("ray.util.joblib").register_ray()
    try:
        yield lambda: _parallel(-1, "ray")
    finally:
        ray.shutdown()


def _library(module: str, what: str, extra: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtra(what=what, extra=extra) from error
