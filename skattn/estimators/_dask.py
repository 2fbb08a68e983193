"""joblib's Dask backend, without its endless wait after a worker died.

joblib (1.6) learns how a task ended from a callback, and its Dask backend calls none
for a task that failed by itself, as when the worker that ran it is killed; an exception
in the task is another matter. The search then never ends.
"""

from joblib import register_parallel_backend


def dask_backend(**options):
    """Make joblib's Dask backend raise the error of a failed task.

    Parameters
    ----------
    **options : object
        As for joblib's own.

    Returns
    -------
    joblib.ParallelBackendBase
        Calls back with the error of a task that failed.
    """
    from joblib._dask import DaskDistributedBackend  # noqa: PLC0415  (all of Dask)

    name = "submit" if hasattr(DaskDistributedBackend, "submit") else "apply_async"
    send = getattr(DaskDistributedBackend, name)  # until joblib 1.5 the second

    def submit(self, func, callback=None):
        future = send(self, func, callback)

        def report(done):
            if callback is not None and done.exception() is not None:
                callback(done.exception())  # a second call would be ignored

        future.add_done_callback(report)
        return future

    return type("Backend", (DaskDistributedBackend,), {name: submit})(**options)


register_parallel_backend("dask", dask_backend)
