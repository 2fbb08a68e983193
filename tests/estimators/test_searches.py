"""Parallel fits with joblib's backends: shared data and cores, equal results."""

import os
import subprocess
import sys
import textwrap
from importlib.util import find_spec

import pytest

pytestmark = pytest.mark.slow
needs_dask = pytest.mark.skipif(
    find_spec("distributed") is None, reason="needs a Dask cluster: pip distributed"
)

PREPARE = """
import os, warnings
import numpy as np
import scipy.sparse as sp
from joblib import cpu_count, parallel_config
from sklearn.model_selection import GridSearchCV
from skattn import Graph, GraphAttentionClassifier
warnings.simplefilter("ignore")

def problem(n_nodes):  # a path with all its loops: none is inserted later
    X = np.random.default_rng(0).normal(size=(n_nodes, 4)).astype(np.float32)
    path = sp.eye_array(n_nodes) + sp.eye_array(n_nodes, k=1)
    return Graph(path.tocsr(), X), (X[:, 0] > 0).astype(int)

def search(**params):
    clf = GraphAttentionClassifier(
        max_epochs=3, hidden_dim=8, dropout=0.3, attention_dropout=0.2, random_state=0
    )
    return GridSearchCV(clf, {"attention": ["gat", "dot"]}, **({"cv": 2} | params))

def outcome(fitted, graph):
    results = fitted.cv_results_
    folds = [results[f"split{k}_test_score"].tolist() for k in range(2)]
    return folds, fitted.predict_proba(graph).tobytes()
"""

CLUSTER = """
import dask
from distributed import Client, LocalCluster
dask.config.set({"distributed.scheduler.allowed-failures": 0})

def two_workers():
    return LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
"""


def run(script, **variables):
    """Run a script in a process of its own, which must end within two minutes."""
    environment = {k: v for k, v in os.environ.items() if "NUM_THREADS" not in k}
    done = subprocess.run(
        [sys.executable, "-c", PREPARE + textwrap.dedent(script)],
        env=environment | variables,
        timeout=600,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_processes_and_threads_equal_one_after_the_other():
    script = """
        graph, y = problem(300)
        alone = outcome(search().fit(graph, y), graph)
        for backend in ("loky", "threading"):
            with parallel_config(backend, n_jobs=2):
                assert outcome(search().fit(graph, y), graph) == alone, backend
    """
    run(script, OMP_NUM_THREADS="1")


def test_workers_share_the_memory_of_a_large_graph_and_the_cores():
    run("""
        def look(fitted, view, y):
            import numba, torch
            from skattn._batch import collate
            batch = collate(view)
            pairs = [
                (batch.structure.edges.senders, view.adjacency.indices),
                (batch.x, view.X),
            ]
            return {
                "mapped": all(isinstance(a, np.memmap) for _, a in pairs),
                "shared": all(t.data_ptr() == a.ctypes.data for t, a in pairs),
                "n_threads": max(torch.get_num_threads(), numba.get_num_threads()),
                "process": os.getpid(),
            }

        graph, y = problem(200_000)
        assert min(graph.X.nbytes, graph.adjacency.indices.nbytes) > 1e6
        some = [(np.arange(100), np.arange(200))] * 2
        found = search(cv=some, n_jobs=2, scoring=look, refit=False).fit(graph, y)
        results = {
            name: [found.cv_results_[f"split{k}_test_{name}"] for k in range(2)]
            for name in ("mapped", "shared", "n_threads", "process")
        }
        assert np.all(results["mapped"])
        assert np.all(results["shared"])
        assert np.max(results["n_threads"]) <= max(cpu_count() // 2, 1)
        assert os.getpid() not in np.unique(results["process"])
    """)


@needs_dask
def test_a_dask_cluster_equals_one_process():
    script = """
        graph, y = problem(300)
        alone = outcome(search().fit(graph, y), graph)
        with two_workers() as cluster, Client(cluster), parallel_config("dask"):
            assert outcome(search().fit(graph, y), graph) == alone
    """
    run(CLUSTER + textwrap.dedent(script), OMP_NUM_THREADS="1")


@needs_dask
def test_a_search_ends_with_the_error_of_a_dask_worker_that_dies():
    script = """
        def die(fitted, view, y):
            os._exit(1)

        graph, y = problem(300)
        with two_workers() as cluster, Client(cluster), parallel_config("dask"):
            try:
                search(scoring=die).fit(graph, y)
            except Exception as error:
                print(type(error).__name__)
    """
    assert run(CLUSTER + textwrap.dedent(script)) == "KilledWorker\n"
