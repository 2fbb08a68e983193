"""Fits that are killed or interrupted, in pools of processes, and with bad folders."""

import os
import resource
import subprocess
import sys
import textwrap

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs signals and os.fork"),
]

PREPARE = """
import signal, sys, warnings
import numpy as np
import sklearn.neighbors  # before torch: with an OpenMP of its own
import torch
from skattn import Graph, GraphAttentionClassifier
warnings.simplefilter("ignore")
torch.set_num_threads(2)
rng = np.random.default_rng(0)
X = rng.normal(size=(400, 20))
y = (X[:, 0] > 0).astype(int)
A = (rng.random((400, 400)) < 0.03).astype(float)
parts = [slice(k, k + 8) for k in range(0, 400, 8)]
DATA = {
    "table": (X, y),
    "graph": (Graph(A, X), y),
    "graphs": ([Graph(A[k, k], X[k]) for k in parts], y[::8]),
}

def estimator(seed=0, max_epochs=4, **params):
    params = {"dropout": 0.3, "attention_dropout": 0.2} | params
    return GraphAttentionClassifier(
        max_epochs=max_epochs, hidden_dim=8, random_state=seed, **params
    )

def fit(kind, **params):
    data, labels = DATA[kind]
    fitted = estimator(**params).fit(data, labels)
    return fitted.predict_proba(data).tobytes().hex()[:2000]

def digest(answers):
    import hashlib
    return hashlib.sha256("".join(answers).encode()).hexdigest()

def table_fits():
    return digest([fit("table", seed=seed) for seed in range(2)])
"""
FITS = "print(table_fits())"


def start(script, *, cache=None, first="", **options):
    """Start a script, with a folder of compiled kernels of its own if given."""
    environment = dict(os.environ)
    if cache is not None:
        environment["NUMBA_CACHE_DIR"] = str(cache)
    command = [sys.executable, "-c", first + PREPARE + textwrap.dedent(script)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, env=environment, text=True, **pipes, **options)


def output(process):
    """Return the output of a process that must end well, and not hang."""
    try:
        out, err = process.communicate(timeout=1200)
    finally:
        process.kill()
    assert process.returncode == 0, err
    return out.strip()


@pytest.fixture(scope="module")
def expected():
    """Digest of the answers of a process that nothing disturbs."""
    return output(start(FITS))


# ---- pools ---------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_pool_of_processes_equals_one_process(tmp_path, method):
    (tmp_path / "fits.py").write_text(textwrap.dedent(PREPARE))
    (tmp_path / "main.py").write_text(
        textwrap.dedent(f"""
        from multiprocessing import get_context
        from fits import DATA, digest, fit
        if __name__ == "__main__":
            alone = [fit(kind) for kind in DATA]
            with get_context({method!r}).Pool(2) as pool:
                found = pool.map(fit, list(DATA) * 2, chunksize=1)
            assert found == alone * 2
            assert [fit(kind) for kind in DATA] == alone
        """)
    )
    command = [sys.executable, str(tmp_path / "main.py")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1200)
    assert done.returncode == 0, done.stderr


def test_forked_children_and_grandchildren_end():
    script = """
        import os
        alone = [fit(kind) for kind in DATA]

        def fork_and_fit(generations):
            child = os.fork()
            if child == 0:
                try:
                    right = [fit(kind) for kind in DATA] == alone
                    if right and generations > 1:
                        right = fork_and_fit(generations - 1) == 0
                    os._exit(0 if right else 3)
                except BaseException:
                    os._exit(4)
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

        print([fork_and_fit(3) for _ in range(4)])
    """
    assert output(start(script)) == "[0, 0, 0, 0]"


def test_search_in_a_forked_child_ends():
    script = """
        import os
        from joblib.externals.loky import get_reusable_executor
        from sklearn.model_selection import cross_val_score
        X, y = DATA["table"]
        alone = cross_val_score(estimator(), X, y, cv=2).tolist()
        child = os.fork()
        if child == 0:
            scores = cross_val_score(estimator(), X, y, cv=2, n_jobs=2)
            get_reusable_executor().shutdown()  # idle workers would hold the pipes
            os._exit(0 if scores.tolist() == alone else 3)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """
    assert output(start(script)) == "0"


# ---- kill ----------------------------------------------------------------------------


def test_kill_in_a_fit_or_a_compilation_does_not_disturb_the_next(tmp_path, expected):
    script = """
        import random
        from multiprocessing import get_context
        draw = random.Random(0)
        for _ in range(6):  # each finds kernels that those before it compiled
            child = get_context("fork").Process(target=table_fits)
            child.start()
            child.join(draw.uniform(0, 3))
            child.kill()
            child.join()
    """
    script = textwrap.dedent(script) + FITS
    assert output(start(script, cache=tmp_path)) == expected


def test_processes_that_compile_at_once_do_not_disturb_each_other(tmp_path):
    script = """
        from multiprocessing import get_context

        def fits(scores):
            answers = {score: fit("graph", attention=score) for score in scores}
            return [answers["gat"], answers["gatv2"]]

        orders = [("gat", "gatv2"), ("gatv2", "gat"), ("gat", "gatv2")]

        for _ in range(2):  # the second time, the kernels are in the cache
            with get_context("fork").Pool(3) as pool:
                found = pool.map(fits, orders, chunksize=1)
            assert found == [found[0]] * 3
        print(digest(found[0]))
    """
    assert output(start(script, cache=tmp_path)) == output(start(script))


# ---- folders of compiled kernels -----------------------------------------------------


NO_OTHER_FOLDER = """
from numba.core import caching
caching.CacheImpl._locator_classes = [caching.UserProvidedCacheLocator]
"""


def test_fit_without_a_folder_that_can_be_written_to(tmp_path, expected):
    (tmp_path / "file").touch()
    none = {"cache": tmp_path / "file" / "folder", "first": NO_OTHER_FOLDER}
    assert output(start(FITS, **none)) == expected


def test_fit_with_a_full_folder(tmp_path, expected):
    def limit():  # as on a full disk: a write raises OSError
        resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))

    full = {"cache": tmp_path, "first": NO_OTHER_FOLDER, "preexec_fn": limit}
    assert output(start(FITS, **full)) == expected
    assert output(start(FITS, cache=tmp_path)) == expected


# ---- Ctrl-C --------------------------------------------------------------------------

INTERRUPTED = """
import random, time
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))

def interrupted_fit(clf, kind, seconds):
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            clf.fit(*DATA[kind])
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        return True
    return False

def check(clf, before, kind):
    '''The estimator has the old fit or the new one.'''
    if vars(clf) != before:
        assert len(clf.loss_curve_) == clf.n_iter_ == len(clf.net_.history) > 0
    assert np.isfinite(clf.predict_proba(DATA[kind][0])).all()
"""


def test_ctrl_c_at_50_moments_leaves_the_estimator_whole():
    script = """
        draw = random.Random(0)
        alone = {kind: fit(kind, seed=1) for kind in DATA}
        n_interrupted = 0
        for k in range(50):
            kind = list(DATA)[k % 3]
            clf = estimator(seed=0).fit(*DATA[kind])
            before = dict(vars(clf))
            start = time.perf_counter()
            fit(kind, seed=1)
            duration = time.perf_counter() - start
            moment = draw.uniform(0, duration)
            n_interrupted += interrupted_fit(clf, kind, moment)
            check(clf, before, kind)
            assert torch.get_num_threads() == 2
            assert fit(kind, seed=1) == alone[kind]
        print(n_interrupted > 25)
    """
    assert output(start(INTERRUPTED + textwrap.dedent(script))) == "True"


def test_ctrl_c_in_a_compilation_does_not_disturb_the_next_fit(tmp_path, expected):
    script = """
        draw = random.Random(0)
        for _ in range(10):
            interrupted_fit(estimator(), "table", draw.uniform(0.1, 2))
    """
    script = INTERRUPTED + textwrap.dedent(script) + FITS
    assert output(start(script, cache=tmp_path)) == expected
    assert output(start(FITS, cache=tmp_path)) == expected
