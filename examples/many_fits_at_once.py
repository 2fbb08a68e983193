"""Parallel grid search with two workers: processes, threads, or a Dask cluster.

A graph that is mapped from a file is pickled as the name of that file, so workers on
one machine share its pages. joblib's own processes map the arrays of any large graph; a
Dask cluster without a common file gets a copy for each worker. The scores do not depend
on the backend.
"""

import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV

from skattn import Graph, GraphAttentionClassifier
from skattn.datasets import make_communities

try:
    from distributed import Client, LocalCluster
except ImportError:
    Client = LocalCluster = None


@contextmanager
def two_workers(backend):
    """Make joblib run two fits at a time, with one thread each."""
    if backend == "dask":
        options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
        with (
            LocalCluster(**options) as cluster,
            Client(cluster),
            parallel_config(backend),
        ):
            yield
    else:  # joblib's processes would limit their threads by themselves
        threads = {"inner_max_num_threads": 1} if backend == "loky" else {}
        with parallel_config(backend, n_jobs=2, **threads):
            yield


def main():
    """Compare the scores of all backends."""
    torch.set_num_threads(1)  # of this process, where "threading" works
    made, y = make_communities(2000, 3, p_within=0.02, p_between=0.01, random_state=0)
    search = GridSearchCV(
        GraphAttentionClassifier(max_epochs=10, random_state=0),
        {"n_layers": [1, 2]},
        cv=2,
    )
    backends = ["loky", "threading", "dask"]
    if Client is None:
        print("pip install 'skattn[distributed]' shows a Dask cluster too")
        backends.remove("dask")
    found = []
    with TemporaryDirectory() as folder:
        made.save(Path(folder, "communities.graph"))
        graph = Graph.load(Path(folder, "communities.graph"))
        for backend in backends:
            start = time.perf_counter()
            with two_workers(backend):
                search.fit(graph, y)
            found.append(search.cv_results_["mean_test_score"])
            seconds = time.perf_counter() - start
            print(f"{backend:10} {found[-1].round(3)} in {seconds:.0f} s")
    print("chosen:", search.best_params_)
    assert all(np.array_equal(scores, found[0]) for scores in found)


if __name__ == "__main__":  # worker processes import this file
    main()
