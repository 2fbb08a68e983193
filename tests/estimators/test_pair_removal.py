from dataclasses import replace

import numpy as np
import pytest

from skattn import (
    AttentionLinkPredictor,
    AttentionLinkRegressor,
    EncoderConfig,
    Graph,
)
from skattn.estimators._link_plan import collator
from skattn.graph import links
from skattn.inspection import explain, fidelity

FAST = {"max_epochs": 3, "hidden_dim": 8, "random_state": 0, "device": "cpu"}
NAMES = np.array(list("abcdefghijkl"))
EDGES = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (6, 7), (0, 2), (3, 5),
         (7, 8), (8, 9), (9, 10), (10, 11), (0, 3), (4, 6)]  # fmt: skip


def nodes(n_features=3):
    X = np.random.default_rng(0).normal(size=(12, n_features))
    return Graph(np.zeros((12, 12)), X, nodes=NAMES)


def fitted(**params):
    clf = AttentionLinkPredictor(graph=nodes(), **FAST | params)
    return clf.fit(NAMES[np.array(EDGES)])


def answer_without(clf, pair, edge):
    """Return the log odds of a link in the graph of a prediction without an edge."""
    context = clf._context_
    ends = [[np.flatnonzero(name == NAMES)[0] for name in p] for p in (pair, edge)]
    asked, removed = np.array(ends)[:, None]
    known = replace(context, graph=context.without_fold(context.folds(asked)[0]))
    cut = replace(context, graph=known.without(removed))
    source = replace(collator(clf, "cpu"), context=cut)
    batch = source.hiding(asked, np.empty((1, 0), np.float32))
    outputs = clf.net_.objective.outputs(clf.net_.module_.eval(), batch)[0]
    return (outputs[1] - outputs[0]).item()


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"directed": True},
        {"encoder": EncoderConfig(convolution="mean")},
        {"encoder": EncoderConfig(global_attention=True)},
    ],
)
def test_a_score_is_what_the_answer_loses_without_the_edge(params):
    clf = fitted(**params)
    asked = [("a", "e"), ("c", "a"), ("g", "l")]  # the second one is a known link
    explanation = explain(clf, asked, classes=1, method="occlusion")
    full = clf.decision_function(asked)
    assert explanation.answer == pytest.approx(full, abs=1e-5)
    for row, each in enumerate(explanation):
        for receiver, sender, score in each.top(100):
            left = answer_without(clf, asked[row], (receiver, sender))
            assert score == pytest.approx(full[row] - left, abs=1e-4)


def test_only_edges_near_the_pair_are_candidates():
    """The layers and the walks of two steps see two hops."""
    explanation = explain(fitted(n_layers=2), [("a", "b")])
    named = {frozenset(edge[:2]) for edge in explanation[0].top(100)}
    assert frozenset("de") in named
    assert frozenset("jk") not in named


def test_names_picture_and_page_tell_both_nodes(tmp_path):
    clf = fitted()
    explanation = explain(clf, [("a", "e")], classes=1)
    assert repr(explanation).startswith("pair 'a', 'e': class 1, log odds")
    part = explanation.subgraph(k=1)
    assert {"a", "e"} <= set(part.nodes)
    assert set(part.nodes[part.targets]) == {"a", "e"}
    drawn = {text.get_text() for text in explanation.plot(k=1).texts}
    assert {"a", "e"} <= drawn
    page = explanation.to_html(tmp_path / "why.html")
    assert "&#x27;a&#x27;" in page or "'a'" in page
    found = fidelity(clf, [("a", "e")], explanation, k=(1,))
    lost = found["necessary"][0, 0]
    best = explanation.top(1)[0][2]
    whole, left = explanation.answer[0], explanation.answer[0] - best
    assert lost == pytest.approx(1 / (1 + np.exp(-whole)) - 1 / (1 + np.exp(-left)))


def test_numbers_of_pairs_with_features_are_explained():
    rows = [(a, b, k % 4) for k, (a, b) in enumerate(EDGES)]
    y = np.arange(15.0)
    reg = AttentionLinkRegressor(bipartite=False, **FAST).fit(rows, y)
    explanation = explain(reg, [(0, 5, 2), (0, 5, 3)])
    assert explanation.unit == "value"
    assert repr(explanation[0]).startswith("pair 0, 5: value ")
    predicted = reg.predict([(0, 5, 2), (0, 5, 3)])
    assert explanation.answer == pytest.approx(predicted, abs=1e-4)
    assert explanation.answer[0] != explanation.answer[1]


def test_of_many_edges_those_between_both_nodes_are_removed(monkeypatch):
    """The shortest paths from a to e are a - d - e (3 of 4 edges at a have more)."""
    monkeypatch.setattr("skattn.inspection._methods.N_SCREENED", 2)
    monkeypatch.setattr("skattn.inspection._methods.MAX_COPIED_SIZE", 1)
    clf = fitted()
    explanation = explain(clf, [("a", "e")])
    exact = explanation.exact[0].tocoo()
    removed = {
        frozenset((NAMES[i], NAMES[j]))
        for i, j, is_exact in zip(exact.row, exact.col, exact.data, strict=True)
        if is_exact
    }
    assert removed == {frozenset("ad"), frozenset("de")}
    everything = explain(clf, [("a", "e")], method="occlusion")
    of_all = dict.fromkeys(removed)
    for *edge, score in everything.top(100):
        of_all[frozenset(edge)] = score
    for *edge, score in explanation.top(2):
        assert score == pytest.approx(of_all[frozenset(edge)], abs=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"of": "nodes"}, "explanations of pairs are about edges, got of='nodes'"),
        ({"of": "features"}, r"permutation_importance"),
        ({"method": "gradient"}, "Use method='occlusion' or 'shapley'"),
        ({"method": "integrated_gradients"}, "Use method='occlusion' or 'shapley'"),
        ({"adjacency": np.zeros((1, 1))}, "adjacency= does not go with pairs"),
    ],
)
def test_what_pairs_do_not_have_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        explain(fitted(), [("a", "e")], **arguments)


def test_attention_along_paths_is_that_of_nodes():
    with pytest.raises(TypeError, match=r"attention weights are those of nodes"):
        explain(fitted(), [("a", "e")], method="rollout")


def test_a_pair_without_edges_has_nothing_to_remove():
    pairs, y, graph = links(Graph.from_edges([(0, 1), (1, 2)], nodes=5), random_state=0)
    clf = AttentionLinkPredictor(graph=graph, **FAST).fit(pairs, y)
    with pytest.raises(ValueError, match="depends on a neighbour"):
        explain(clf, [(3, 4)])
