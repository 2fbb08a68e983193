"""joblib's Dask backend, with an error if a worker dies.

joblib (1.6) waits for a callback at the end of each task. Its Dask backend calls none
if the worker of a task is killed, so that a search waits for ever.
"""

from joblib import register_parallel_backend


def dask_backend(**options):
    """Return joblib's Dask backend, which raises the error of a failed task."""
    from joblib._dask import DaskDistributedBackend  # noqa: PLC0415  (imports Dask)

    name = "submit" if hasattr(DaskDistributedBackend, "submit") else "apply_async"
    send = getattr(DaskDistributedBackend, name)  # "apply_async" until joblib 1.5

    def submit(self, func, callback=None):
        future = send(self, func, callback)

        def report(done):
            if callback is not None and done.exception() is not None:
                callback(done.exception())  # a second call would be ignored

        future.add_done_callback(report)
        return future

    return type("Backend", (DaskDistributedBackend,), {name: submit})(**options)


register_parallel_backend("dask", dask_backend)
