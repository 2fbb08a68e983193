import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from skattn import (
    AttentionEmbedder,
    AttentionGraphGenerator,
    AttentionLinkPredictor,
    AttentionReasoner,
    GraphAttentionClassifier,
    GraphAttentionRegressor,
    use_precision,
)
from skattn._training import _precision
from skattn.datasets import make_communities
from skattn.ops import use_backend

GRAPH, Y = make_communities(30, 2, random_state=0)
GRAPHS = [make_communities(6, 1 + k % 2, random_state=k)[0] for k in range(12)]
SMALL = {"max_epochs": 2, "hidden_dim": 8, "random_state": 0}


@pytest.fixture
def on_cpu(monkeypatch):
    """Let the CPU compute in bfloat16, by plain torch, as a CUDA device does."""
    monkeypatch.setattr(_precision, "_DEVICES", {"cpu"})
    with use_backend("reference"):
        yield


@pytest.fixture
def dtypes(monkeypatch):
    """Set of the dtypes of products of matrices."""
    found, product = set(), torch.mm

    def note(a, b):
        out = product(a, b)
        found.add(out.dtype)
        return out

    monkeypatch.setattr(torch, "mm", note)
    return found


def test_products_are_in_bfloat16_within_the_block_only(on_cpu, dtypes):
    model = GraphAttentionClassifier(**SMALL)
    with use_precision("bfloat16"):
        model.fit(GRAPH, Y)
        assert dtypes == {torch.bfloat16}
        near = model.predict_proba(GRAPH)
    dtypes.clear()
    exact = model.predict_proba(GRAPH)
    assert dtypes == {torch.float32}
    assert exact.dtype == near.dtype
    assert not np.array_equal(near, exact)
    assert_allclose(near, exact, atol=0.02)


@pytest.mark.parametrize(
    "fit",
    [
        lambda: GraphAttentionClassifier(**SMALL).fit(GRAPHS, np.arange(12) % 2),
        lambda: GraphAttentionRegressor(**SMALL).fit(GRAPH.X, GRAPH.X[:, 0]),
        lambda: GraphAttentionClassifier(
            **SMALL, batch_size=8, fanout=(3, 3), n_layers=2
        ).fit(GRAPH, Y),
        lambda: AttentionEmbedder(**SMALL).fit(GRAPH),
        lambda: AttentionLinkPredictor(**SMALL).fit(GRAPH),
        lambda: AttentionReasoner(**SMALL, n_layers=2).fit(
            [("a", "r"), ("b", "r"), ("c", "s"), ("a", "s")], ["b", "c", "a", "c"]
        ),
        lambda: AttentionGraphGenerator(**SMALL).fit(GRAPHS),
    ],
    ids=["graphs", "table", "sampled", "embedder", "links", "reasoner", "generator"],
)
def test_all_estimators_are_fitted_in_bfloat16(fit, on_cpu):
    with use_precision("bfloat16"):
        model = fit()
    for weight in model.net_.module_.parameters():
        assert weight.dtype == torch.float32
        assert weight.isfinite().all()


def test_the_cpu_computes_in_float32(dtypes):
    with use_precision("bfloat16"):
        GraphAttentionClassifier(**SMALL).fit(GRAPH, Y)
    assert dtypes <= {torch.float32}


def test_an_unknown_precision_is_refused():
    with pytest.raises(ValueError, match=r"must be one of \['float32', 'bfloat16'\]"):
        use_precision("float8").__enter__()
