"""Fits in parallel threads and in forked processes."""

import os
import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.slow

PREPARE = """
import os, sys, threading, warnings
import numpy as np
import torch
from skattn import Graph, GraphAttentionClassifier
warnings.simplefilter("ignore")
torch.set_num_threads(2)
rng = np.random.default_rng(0)
X = rng.normal(size=(300, 5))
y = (X[:, 0] > 0).astype(int)
graph = Graph((rng.random((300, 300)) < 0.05).astype(float), X)

def fit(seed):
    clf = GraphAttentionClassifier(
        max_epochs=8, dropout=0.5, attention_dropout=0.3, random_state=seed
    ).fit(graph, y)
    return clf.predict_proba(graph).tobytes()
"""


def run(script):
    """Run a script in a process of its own, which must end within two minutes."""
    code = PREPARE + textwrap.dedent(script)
    done = subprocess.run(
        [sys.executable, "-c", code],
        timeout=600,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_two_threads_that_fit_at_once_get_the_same_results():
    run("""
        alone = [fit(1), fit(2)]
        found = {}
        threads = [
            threading.Thread(target=lambda seed=seed: found.update({seed: fit(seed)}))
            for seed in (1, 2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [found[1], found[2]] == alone
        assert alone[0] != alone[1]
        assert [fit(1), fit(2)] == alone
    """)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_forked_child_fits_after_its_parent_did():
    run("""
        first = fit(1)
        child = os.fork()
        if child == 0:
            try:
                assert torch.get_num_threads() == 1
                one = fit(1)
                os._exit(0 if one == fit(1) else 3)
            except BaseException:
                os._exit(4)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0, status
        assert fit(1) == first
    """)
