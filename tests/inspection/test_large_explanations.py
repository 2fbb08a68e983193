"""Sizes of explanations, which are those of receptive fields."""

from functools import partialmethod

import numpy as np
import pytest
import torch

from skattn import EncoderConfig, Graph, GraphAttentionClassifier
from skattn._batch import _copies
from skattn._batch._copies import copies_without
from skattn.datasets import make_communities
from skattn.estimators._removal import Removal
from skattn.graph import _table_context
from skattn.inspection import _methods, _question, explain, fidelity

EDGES = [(0, 1), (1, 2), (2, 3), (3, 0), (1, 3), (3, 4), (4, 5)]
LABELS = np.array([0, 1, 0, 1, 1, 0])


def adjacency():
    matrix = np.zeros((6, 6))
    for i, j in EDGES:
        matrix[i, j] = matrix[j, i] = 1
    return matrix


def features(n=6, d=3, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def graph():
    return Graph(adjacency(), features())


@pytest.fixture(scope="module")
def classifier():
    options = {"max_epochs": 30, "random_state": 0, "norm": "layer"}
    return GraphAttentionClassifier(**options).fit(graph(), LABELS)


# ---- large neighbourhoods ------------------------------------------------------------

RECIPES = {
    "plain": {},
    "known labels": {"label_inputs": True},
    "two hops": {"encoder": EncoderConfig(hops=(1, 2)), "n_heads": 2},
    "encodings": {"encoder": EncoderConfig(positional="degree", positional_dim=3)},
}


@pytest.fixture
def few_removals(monkeypatch):
    """Limit exact removals to two, and list the numbers of copies."""
    sizes = []

    def counted(candidates, removed, **options):
        sizes.extend(each.n_lists for each in removed)
        return copies_without(candidates, removed, **options)

    monkeypatch.setattr(_methods, "MAX_COPIED_SIZE", 1)
    monkeypatch.setattr(_methods, "N_SCREENED", 2)
    monkeypatch.setattr(_copies, "copies_without", counted)
    return sizes


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("X", [features(), None], ids=["features", "degrees"])
def test_large_neighbourhoods_have_few_removals(recipe, X, few_removals):
    options = {"max_epochs": 5, "random_state": 0, "norm": "layer"}
    clf = GraphAttentionClassifier(**options, **RECIPES[recipe])
    G = Graph(adjacency(), X)
    found = explain(clf.fit(G[:5], LABELS[:5]), G[[5]])
    (exact,), (scores,) = found.exact, found.scores
    assert sum(few_removals) <= 5
    few_removals.clear()
    expected = explain(clf, G[[5]], method="occlusion").scores[0]
    assert exact[5, 4], "edges of the node itself are removed"
    chosen = exact.toarray()
    assert 2 <= chosen.sum() / 2 <= 4
    np.testing.assert_allclose(
        scores.toarray()[chosen], expected.toarray()[chosen], atol=1e-5
    )


def test_copies_are_listed_batch_by_batch(classifier, few_removals, monkeypatch):
    whole = Removal.outputs
    one_by_one = partialmethod(whole, max_size=1)
    monkeypatch.setattr(Removal, "outputs", one_by_one)
    explain(classifier, graph()[[2]], method="occlusion")
    assert few_removals == [1] * (len(EDGES) + 2)  # and the whole, and none


def test_gradients_do_not_depend_on_the_answers_at_once(classifier, monkeypatch):
    expected = explain(classifier, graph(), method="gradient")
    monkeypatch.setattr(_question, "SIZE_AT_ONCE", 30)
    found = explain(classifier, graph(), method="gradient")
    for a, b in zip(found.scores, expected.scores, strict=True):
        np.testing.assert_allclose(a.toarray(), b.toarray(), atol=1e-6)


# ---- threads and batches -------------------------------------------------------------


@pytest.fixture(scope="module")
def communities():
    G, y = make_communities(60, 3, random_state=0)
    options = {"max_epochs": 5, "random_state": 0}
    return GraphAttentionClassifier(**options).fit(G, y), G[[3, 5, 8]]


METHODS = ("auto", "gradient", "integrated_gradients", "shapley")


@pytest.mark.parametrize("of", ["edges", "nodes"])
@pytest.mark.parametrize("method", METHODS)
def test_scores_are_the_same_at_any_number_of_threads(communities, of, method):
    n_threads, found = torch.get_num_threads(), []
    model, X = communities
    try:
        for n in (1, 2, 3):
            torch.set_num_threads(n)
            found.append(explain(model, X, of=of, method=method, random_state=0))
    finally:
        torch.set_num_threads(n_threads)
    for other in found[1:]:
        assert_same(other, found[0])


def test_scores_are_the_same_in_any_batches(communities, monkeypatch):
    model, X = communities
    whole = [explain(model, X, method=method) for method in ("auto", "gradient")]
    monkeypatch.setattr(_question, "ANSWERS_AT_ONCE", 2)
    monkeypatch.setattr(
        Removal, "outputs", partialmethod(Removal.outputs, max_size=5000)
    )
    for expected, method in zip(whole, ("auto", "gradient"), strict=True):
        assert_same(explain(model, X, method=method), expected)
        for row in range(len(X)):
            assert_same(explain(model, X[[row]], method=method), expected[row])


def assert_same(found, expected):
    np.testing.assert_allclose(found.answer, expected.answer, rtol=0, atol=1e-6)
    for a, b in zip(found._evidence, expected._evidence, strict=True):
        np.testing.assert_array_equal(a.ends, b.ends)
        np.testing.assert_array_equal(a.exact, b.exact)
        scale = max(1.0, float(np.abs(b.scores).max()))
        np.testing.assert_allclose(a.scores, b.scores, rtol=0, atol=1e-6 * scale)


# ---- rows of a table -----------------------------------------------------------------

TABLES = {
    "plain": {},
    "known labels": {"label_inputs": True},
    "degrees": {"encoder": EncoderConfig(convolution="gcn")},
    "encodings": {"encoder": EncoderConfig(positional="degree", positional_dim=3)},
}
QUESTIONS = [
    {},
    {"of": "nodes"},
    {"of": "features"},
    {"method": "gradient"},
    {"method": "rollout"},
]


@pytest.fixture
def cut(monkeypatch):
    """Cut tables of any size."""

    def activate():
        monkeypatch.setattr(_table_context, "is_small", lambda _size: False)

    return activate


def fitted_table(**options):
    X, y = features(60), np.arange(60) % 2
    clf = GraphAttentionClassifier(
        n_layers=2, n_neighbors=3, max_epochs=3, random_state=0, **options
    )
    return clf.fit(X, y), features(2, seed=1)


def as_array(scores):
    return scores if isinstance(scores, np.ndarray) else scores.toarray()


@pytest.mark.parametrize("recipe", TABLES)
def test_the_part_of_a_table_has_the_scores_of_the_whole(recipe, cut):
    clf, X = fitted_table(**TABLES[recipe])
    questions = QUESTIONS
    if recipe == "encodings":  # no gradients of edges
        questions = [each for each in QUESTIONS if each.get("method") != "gradient"]
    whole = [explain(clf, X, **options) for options in questions]
    cut()
    for options, expected in zip(questions, whole, strict=True):
        found = explain(clf, X, **options)
        np.testing.assert_allclose(found.answer, expected.answer, atol=1e-6)
        for a, b in zip(found.scores, expected.scores, strict=True):
            assert a.shape == b.shape
            np.testing.assert_allclose(as_array(a), as_array(b), atol=1e-6)
        assert found[1].top(5) == [
            (*names, pytest.approx(score, abs=1e-6))
            for *names, score in expected[1].top(5)
        ]


def test_a_row_of_a_table_is_explained_from_its_surroundings(cut):
    clf, X = fitted_table()
    expected = explain(clf, X)
    cut()
    prepared = clf._prepare_part(X)
    within = 2 * (1 + 3 + 9)  # two layers, three neighbours
    assert prepared.view.n_nodes <= within
    found = explain(clf, X)
    assert found._parts[0].graph.n_nodes <= within
    for k in (2, 5):
        a, b = found[0].subgraph(k), expected[0].subgraph(k)
        np.testing.assert_array_equal(a.X, b.X)
        np.testing.assert_array_equal(a.targets, b.targets)
    measured = fidelity(clf, X, found, k=(1, 3))["necessary"]
    np.testing.assert_allclose(
        measured, fidelity(clf, X, expected, k=(1, 3))["necessary"], atol=1e-6
    )


def test_removal_computes_the_answers_themselves_with_the_copies(
    classifier, monkeypatch
):
    expected = explain(classifier, graph()[[2, 5]], method="gradient")

    def refused(self, X, adjacency):
        raise AssertionError("the outputs are computed twice")

    monkeypatch.setattr(type(classifier), "_outputs", refused)
    found = explain(classifier, graph()[[2, 5]])
    np.testing.assert_allclose(found.answer, expected.answer, atol=1e-6)
    assert found.classes.tolist() == expected.classes.tolist()


def test_unknown_classes_are_refused_before_copies_are_made(classifier, monkeypatch):
    monkeypatch.setattr(_copies, "copies_without", None)
    with pytest.raises(ValueError, match="classes must be among"):
        explain(classifier, graph()[[2]], classes="no class")
