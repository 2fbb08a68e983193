"""Removal is compared with predictions of graphs that never had the edge."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_allclose
from scipy import sparse

from skattn import (
    AttentionEmbedder,
    EncoderConfig,
    Graph,
    GraphAttentionClassifier,
    GraphAttentionRegressor,
)
from skattn._training import predict
from skattn.estimators import _removal
from skattn.estimators._removal import completed
from skattn.graph._standardization import Standardization
from skattn.ops import use_backend

SCORES = ("dot", "gat", "gatv2")
# a square 0-3 whose node 2 has a self-loop, a tail 3-4-5-6 that closes at 1
PAIRS = ((0, 1), (1, 2), (2, 3), (3, 0), (3, 4), (4, 5), (1, 5), (5, 6))
LABELS = np.array([0, 1, 0, 1, 1, 0, 1])


@pytest.fixture(autouse=True)
def shared_copies(monkeypatch):
    """Share nodes between copies of small graphs too."""
    monkeypatch.setattr(_removal, "SHARED_FROM", 0)


def adjacency_of(kind):
    adjacency = np.zeros((7, 7))
    for k, (i, j) in enumerate(PAIRS):
        adjacency[i, j] = 1.0 + ("weighted" in kind) * (k + 1) / 3
        if "directed" not in kind or k % 2:
            adjacency[j, i] = 1.0 + ("weighted" in kind) * (k + 2) / 5
    adjacency[2, 2] = 1.0
    return adjacency


def graph_of(kind, adjacency=None):
    """Return the graph of a kind, or its part with the entries of an adjacency."""
    rng, whole = np.random.default_rng(1), adjacency_of(kind)
    X = None if "featureless" in kind else rng.normal(size=(7, 3))
    features = None
    if "edge features" in kind:
        rows = rng.normal(size=(*whole.shape, 2))
        features = rows[np.nonzero(whole if adjacency is None else adjacency)]
    adjacency = whole if adjacency is None else adjacency
    nodes = pd.RangeIndex(7) if "named" in kind else None
    types = None
    if "typed" in kind:
        receivers, senders = np.nonzero(adjacency)
        types = (receivers + 2 * senders) % 3
    of_nodes = np.arange(7) % 2 if "two kinds" in kind else None
    return Graph(
        adjacency,
        X,
        edge_features=features,
        edge_types=types,
        node_types=of_nodes,
        nodes=nodes,
    )


SMOOTH = {
    "plain": ("", {}),
    "weighted": ("weighted", {}),
    "directed": ("weighted directed", {}),
    "edge features": ("edge features weighted", {}),
    "degree features": ("featureless", {}),
    "degrees unscaled": ("weighted", {"degree_scaling": False}),
    "two kinds of nodes": ("two kinds typed directed", {"degree_scaling": True}),
    "matrices of types": ("typed weighted", {"typing": "matrix"}),
    "vectors of types": ("typed weighted", {"typing": "vector"}),
    "mean": ("weighted", {"convolution": "mean"}),
    "gcn": ("", {"convolution": "gcn"}),
    "gcn weighted": ("weighted", {"convolution": "gcn"}),
    "gcn directed": ("weighted directed", {"convolution": "gcn"}),
    "gcn of degree features": (
        "featureless weighted",
        {"convolution": "gcn", "gated_convolution": True},
    ),
    "sum": ("weighted", {"convolution": "sum"}),
    "sum directed": ("weighted directed", {"convolution": "sum"}),
    "gated sum": ("", {"convolution": "sum", "gated_convolution": True}),
    "global attention": ("", {"global_attention": True}),
    "output attention": ("", {"output": "attention", "jumping": "concat"}),
    "smoothing": ("", {"smoothing": 2}),
    "smoothing weighted": ("weighted", {"smoothing": 1, "convolution": "gcn"}),
    "smoothing directed": ("weighted directed", {"smoothing": 2}),
    "smoothing of degree features": ("featureless weighted", {"smoothing": 1}),
}
STEPS = {
    "hops": ("weighted", {"hops": (1, 2)}),
    "two hops": ("", {"hops": 2}),
    "random walk": ("weighted", {"positional": "random_walk", "positional_dim": 4}),
    "laplacian": ("", {"positional": "laplacian", "positional_dim": 3}),
    "degree": ("", {"positional": "degree", "positional_dim": 4}),
}
LABELLED = {"known labels": ("weighted named", {})}
"""Smooth, except where the last labelled sender of a receiver is removed."""
RECIPES = SMOOTH | STEPS | LABELLED


@cache
def fitted(recipe, score):
    kind, options = RECIPES[recipe]
    options = dict(options)
    clf = GraphAttentionClassifier(
        attention=score,
        smoothing=options.pop("smoothing", 0),
        encoder=EncoderConfig(**{"convolution": None, **options}),
        n_layers=2,
        hidden_dim=8,
        n_heads=2,
        norm="layer",
        label_inputs=recipe == "known labels",
        max_epochs=2,
        random_state=0,
    )
    return clf.fit(graph_of(kind), LABELS)


def removal_of(estimator, X, adjacency=None):
    return estimator._removal(estimator._prepare(X, adjacency))


def each_removed(candidates):
    return [~np.eye(len(each), dtype=bool) for each in candidates]


def expected_without(recipe, score):
    """Return, per candidate of all nodes, the outputs of a graph without it."""
    kind, _ = RECIPES[recipe]
    clf, found = fitted(recipe, score), {}
    for i, j in zip(*np.nonzero(adjacency_of(kind)), strict=True):
        if i != j:
            adjacency = adjacency_of(kind)
            adjacency[i, j] = 0
            if "directed" not in kind:
                adjacency[j, i] = 0
            found[i, j] = clf._outputs(graph_of(kind, adjacency), None)
    return found


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("recipe", RECIPES)
def test_a_removed_edge_is_an_edge_that_never_was(recipe, score):
    clf, graph = fitted(recipe, score), graph_of(RECIPES[recipe][0])
    removal = removal_of(clf, graph)
    candidates = removal.candidates("edges")
    found = removal.outputs(candidates, each_removed(candidates))
    expected, effects = expected_without(recipe, score), []
    whole = clf._outputs(graph, None)
    for node, (each, outputs) in enumerate(zip(candidates, found, strict=True)):
        for (i, j), row in zip(each.answer.nodes[each.ends], outputs, strict=True):
            assert_allclose(row, expected[i, j][node], rtol=0, atol=1e-5)
            effects.append(abs(row - whole[node]).max())
    assert max(effects) > 1e-2


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("recipe", SMOOTH)
def test_a_gate_of_0_is_a_removal(recipe, score):
    removal = removal_of(fitted(recipe, score), graph_of(RECIPES[recipe][0]))
    candidates = removal.candidates("edges")
    copies = [each for each in candidates for _ in range(len(each))]
    gated = removal.gated(copies)
    kept = np.concatenate([rows.ravel() for rows in each_removed(candidates)])
    with torch.no_grad():
        found = gated(torch.from_numpy(kept).float())
    expected = removal.outputs(candidates, each_removed(candidates))
    assert_allclose(found, np.concatenate(expected), rtol=0, atol=1e-5)


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("recipe", SMOOTH)
def test_all_gates_of_0_leave_what_removing_all_edges_leaves(recipe, score):
    removal = removal_of(fitted(recipe, score), graph_of(RECIPES[recipe][0]))
    candidates = removal.candidates("edges")
    with torch.no_grad():
        gated = removal.gated(candidates)
        found = gated(torch.zeros(gated.ptr[-1]))
    nothing = [np.zeros((1, len(each)), bool) for each in candidates]
    expected = np.concatenate(removal.outputs(candidates, nothing))
    assert_allclose(found, expected, rtol=0, atol=1e-5)


def in_float64(gated):
    """Return the same function of gates in float64, by the reference backend."""
    module = gated.module.double()
    gate = gated.batch.gate

    def outputs(gates):
        batch = gate(gates)
        data = batch.structure.edge_data.map(lambda rows: rows.double())
        labels = batch.structure.labels
        if labels is not None:
            labels = replace(labels, values=labels.values.double())
        structure = replace(batch.structure, edge_data=data, labels=labels)
        batch = replace(batch, x=batch.x.double(), structure=structure)
        batch = completed(batch, gated.objective)
        with use_backend("reference"):
            return gated.objective.outputs(module, batch)

    return outputs


def slopes(function, gates, eps=1e-6):
    """Return derivatives of the sum of outputs by central differences."""
    steps = eps * torch.eye(len(gates), dtype=torch.float64)
    with torch.no_grad():
        ends = [(function(gates + h) - function(gates - h)).sum() for h in steps]
    return torch.stack(ends) / (2 * eps)


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("recipe", SMOOTH | LABELLED)
def test_gradients_of_gates_are_the_differences_of_outputs(recipe, score):
    removal = removal_of(fitted(recipe, score), graph_of(RECIPES[recipe][0]))
    gated = removal.gated(removal.candidates("edges", rows=[3]))
    gates = torch.linspace(0.4, 1, int(gated.ptr[-1]), requires_grad=True)
    (found,) = torch.autograd.grad(gated(gates)[:, 0].sum(), gates)
    exact = in_float64(gated)
    expected = slopes(lambda g: exact(g)[:, 0], gates.detach().double())
    assert expected.abs().max() > 1e-2
    scale = max(1.0, float(expected.abs().max()))
    assert_allclose(found, expected, rtol=0, atol=1e-5 * scale)


@pytest.mark.parametrize("recipe", STEPS)
def test_steps_have_no_gradient_and_the_message_names_occlusion(recipe):
    removal = removal_of(fitted(recipe, "gatv2"), graph_of(RECIPES[recipe][0]))
    with pytest.raises(ValueError, match=r'(hops=2|positional=.*)\. Use method="occl'):
        removal.gated(removal.candidates("edges"))


READOUTS = ("attention", "mean", "sum", "max", "hierarchical")


def small_graphs(kind=""):
    graphs = []
    for number, (size, chord) in enumerate([(4, 2), (3, 1), (5, 3), (4, 3)]):
        adjacency = np.zeros((size, size))
        for i in range(size - 1):
            adjacency[i, i + 1] = adjacency[i + 1, i] = 1 + i
        adjacency[0, chord] = adjacency[chord, 0] = 2
        rng = np.random.default_rng(number)
        X = None if kind == "featureless" else rng.normal(size=(size, 3))
        descriptors = [number, 1.0] if kind == "descriptors" else None
        graphs.append(Graph(adjacency, X, descriptors=descriptors))
    return graphs


@cache
def fitted_on_graphs(readout, kind="", **options):
    return GraphAttentionClassifier(
        readout=readout,
        encoder=EncoderConfig(**options),
        n_layers=2,
        hidden_dim=8,
        n_heads=2,
        norm="layer",
        max_epochs=2,
        random_state=0,
    ).fit(small_graphs(kind), [0, 1, 0, 1])


def without_edge(graph, i, j):
    adjacency = graph.adjacency.toarray()
    adjacency[i, j] = adjacency[j, i] = 0
    made = Graph(adjacency, graph.X)
    return made.with_descriptors(graph.descriptors)


@pytest.mark.parametrize("readout", READOUTS)
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("", {}),
        ("featureless", {"convolution": "sum"}),
        ("descriptors", {"global_attention": True}),
        ("", {"positional": "random_walk", "positional_dim": 3}),
    ],
)
def test_edges_of_graphs_are_removed_from_their_graph(readout, kind, options):
    clf, graphs = fitted_on_graphs(readout, kind, **options), small_graphs(kind)
    removal = removal_of(clf, graphs)
    candidates = removal.candidates("edges", rows=[2, 0])
    found = removal.outputs(candidates, each_removed(candidates))
    for number, each, outputs in zip([2, 0], candidates, found, strict=True):
        changed = [without_edge(graphs[number], i, j) for i, j in each.ends]
        expected = clf._outputs(changed, None)
        assert_allclose(outputs, expected, rtol=0, atol=1e-5)
    if "positional" not in options:
        copies = [each for each in candidates for _ in range(len(each))]
        kept = np.concatenate([rows.ravel() for rows in each_removed(candidates)])
        with torch.no_grad():
            gated = removal.gated(copies)(torch.from_numpy(kept).float())
        assert_allclose(gated, np.concatenate(found), rtol=0, atol=1e-5)


@pytest.mark.parametrize("readout", READOUTS)
def test_gradients_of_gates_of_graphs_are_differences(readout):
    removal = removal_of(fitted_on_graphs(readout), small_graphs())
    gated = removal.gated(removal.candidates("edges"))
    gates = torch.linspace(0.7, 1, int(gated.ptr[-1]), requires_grad=True)
    (found,) = torch.autograd.grad(gated(gates)[:, 0].sum(), gates)
    exact = in_float64(gated)
    expected = slopes(lambda g: exact(g)[:, 0], gates.detach().double())
    assert_allclose(found, expected, rtol=0, atol=2e-5)


BASELINE = np.array([0.5, -1.0, 2.0])


def with_row(X, i, row):
    changed = X.copy()
    changed[i, : len(row)] = row
    return changed


@pytest.mark.parametrize("recipe", RECIPES.keys() - {"edge features"})
def test_a_removed_node_has_the_features_of_the_baseline(recipe):
    kind, _ = RECIPES[recipe]
    if "featureless" in kind:
        return
    clf, graph = fitted(recipe, "gatv2"), graph_of(kind)
    removal = removal_of(clf, graph)
    candidates = removal.candidates("nodes", baseline=BASELINE)
    found = removal.outputs(candidates, each_removed(candidates))
    changed = [
        clf._outputs(graph.with_features(with_row(graph.X, i, BASELINE)), None)
        for i in range(7)
    ]
    for node, (each, outputs) in enumerate(zip(candidates, found, strict=True)):
        expected = [changed[i][node] for i in each.answer.nodes[each.ends[:, 0]]]
        assert_allclose(outputs, expected, rtol=0, atol=1e-5)
    copies = [each for each in candidates for _ in range(len(each))]
    kept = np.concatenate([rows.ravel() for rows in each_removed(candidates)])
    with torch.no_grad():
        gated = removal.gated(copies)(torch.from_numpy(kept).float())
    assert_allclose(gated, np.concatenate(found), rtol=0, atol=1e-5)


def test_gradients_of_nodes_are_differences_with_steps_of_edges_too():
    removal = removal_of(fitted("hops", "gatv2"), graph_of("weighted"))
    gated = removal.gated(removal.candidates("nodes", [3], BASELINE))
    gates = torch.linspace(0, 1, int(gated.ptr[-1]), requires_grad=True)
    (found,) = torch.autograd.grad(gated(gates)[:, 0].sum(), gates)
    exact = in_float64(gated)
    expected = slopes(lambda g: exact(g)[:, 0], gates.detach().double())
    assert expected.abs().max() > 1e-2
    assert_allclose(found, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("positional", [None, "degree"])
def test_sparse_features_are_removed_from_the_stored_entries(positional):
    X = sparse.random_array((7, 20), density=0.3, rng=np.random.default_rng(0))
    graph = Graph(adjacency_of(""), sparse.csr_array(X))
    clf = GraphAttentionClassifier(
        encoder=EncoderConfig(positional=positional, positional_dim=4),
        n_layers=2,
        hidden_dim=8,
        n_heads=2,
        norm="layer",
        max_epochs=2,
        random_state=0,
    ).fit(graph, LABELS)
    removal = removal_of(clf, graph)
    candidates = removal.candidates("nodes", [4, 0], baseline=np.zeros(20))
    found = removal.outputs(candidates, each_removed(candidates))
    for node, each, outputs in zip([4, 0], candidates, found, strict=True):
        for (i, _), row in zip(each.answer.nodes[each.ends], outputs, strict=True):
            changed = sparse.csr_array(with_row(graph.X.toarray(), i, np.zeros(20)))
            expected = clf._outputs(graph.with_features(changed), None)[node]
            assert_allclose(row, expected, rtol=0, atol=1e-5)
    gated = removal.gated(candidates)
    nothing = [np.zeros((1, len(each)), bool) for each in candidates]
    expected = np.concatenate(removal.outputs(candidates, nothing))
    with torch.no_grad():
        assert_allclose(gated(torch.zeros(gated.ptr[-1])), expected, rtol=0, atol=1e-5)
    gates = torch.linspace(0, 1, int(gated.ptr[-1]), requires_grad=True)
    (slope,) = torch.autograd.grad(gated(gates)[:, 0].sum(), gates)
    step = 1e-3 * torch.eye(len(gates))[3]
    with torch.no_grad():
        ends = gated(gates + step), gated(gates - step)
    difference = float((ends[0] - ends[1])[:, 0].sum()) / 2e-3
    assert abs(difference) > 1e-3
    assert_allclose(slope[3], difference, rtol=1e-2)


def test_baselines_of_sparse_features_must_be_zero():
    X = sparse.csr_array(np.eye(7))
    clf = GraphAttentionClassifier(max_epochs=1, n_layers=1)
    clf.fit(Graph(adjacency_of(""), X), LABELS)
    removal = removal_of(clf, Graph(adjacency_of(""), X))
    with pytest.raises(ValueError, match=r'zero for sparse.*baseline="zero"'):
        removal.candidates("nodes", baseline=np.full(7, 0.1))


def outputs_of_view(estimator, view):
    (source,) = estimator._input_spec_.sources(
        [(view, None)], batch_size="auto", device=torch.device("cpu")
    )
    return predict(estimator.net_, source)


@pytest.mark.parametrize(
    "options", [{}, {"n_feature_layers": 0, "convolution": "gcn", "hops": (1, 2)}]
)
def test_neighbours_of_rows_of_a_table_are_removed(options):
    rng = np.random.default_rng(0)
    X, y, new = rng.normal(size=(12, 3)), rng.normal(size=12), rng.normal(size=(2, 3))
    model = GraphAttentionRegressor(
        n_neighbors=2,
        n_layers=2,
        hidden_dim=8,
        n_heads=2,
        norm="layer",
        encoder=EncoderConfig(**options),
        max_epochs=2,
        random_state=0,
    ).fit(X, y)
    removal, view = removal_of(model, new), model._prepare(new).view
    candidates = removal.candidates("edges")
    assert all(np.all(each.ends[:2, 0] == 0) for each in candidates)
    found = removal.outputs(candidates, each_removed(candidates))
    for row, (each, outputs) in enumerate(zip(candidates, found, strict=True)):
        for (i, j), output in zip(each.answer.nodes[each.ends], outputs, strict=True):
            adjacency = view.adjacency.tolil()
            adjacency[i, j] = 0
            without = Graph(adjacency.tocsr(), view.X)[view.targets]
            expected = outputs_of_view(model, without)[row]
            assert_allclose(output, expected, rtol=0, atol=1e-5)


def test_edges_of_an_embedding_include_those_of_its_smoothing():
    graph = graph_of("weighted")
    model = AttentionEmbedder(
        n_components=4, hidden_dim=8, n_heads=2, max_epochs=2, smoothing=2
    ).fit(graph)
    removal = removal_of(model, graph)
    candidates = removal.candidates("edges")
    found = removal.outputs(candidates, each_removed(candidates))
    for node, (each, outputs) in enumerate(zip(candidates, found, strict=True)):
        for (i, j), row in zip(each.answer.nodes[each.ends], outputs, strict=True):
            expected = model.transform(without_edge(graph, i, j))[node]
            assert_allclose(row, expected, rtol=0, atol=1e-5)
    with torch.no_grad():
        gated = removal.gated(candidates)
        whole = gated(torch.ones(gated.ptr[-1]))
    assert_allclose(whole, model.transform(graph), rtol=0, atol=1e-5)


def long_ring(kind=""):
    """Return a ring of 30 nodes with a chord at every fifth one."""
    adjacency = np.zeros((30, 30))
    for i in range(30):
        for j in ((i + 1) % 30, *((i + 3) % 30,) * (i % 5 == 0)):
            adjacency[i, j] = adjacency[j, i] = 1 + ("weighted" in kind) * (i % 3)
            if "directed" in kind and i % 4:
                adjacency[j, i] = 0
    X = np.random.default_rng(0).normal(size=(30, 3))
    return Graph(adjacency, None if "featureless" in kind else X)


@pytest.mark.parametrize(
    ("kind", "options", "n_hops"),
    [
        ("", {}, 2),
        ("weighted directed", {}, 2),
        ("", {"hops": (1, 2)}, 4),
        ("weighted", {"convolution": "gcn"}, 3),
        ("weighted directed", {"convolution": "gcn"}, None),
        ("weighted", {"convolution": "sum"}, 2),
        ("featureless", {}, 3),
    ],
)
def test_only_what_can_matter_is_copied(kind, options, n_hops):
    graph = long_ring(kind)
    clf = GraphAttentionClassifier(
        encoder=EncoderConfig(**{"convolution": None, **options}),
        n_layers=2,
        hidden_dim=8,
        n_heads=2,
        norm="layer",
        label_inputs=False,
        max_epochs=2,
        random_state=0,
    ).fit(graph, np.arange(30) % 2)
    removal = removal_of(clf, graph)
    (each,) = candidates = removal.candidates("edges", rows=[7])
    step = np.eye(30) + (graph.adjacency.toarray() > 0)
    near = np.linalg.matrix_power(step, n_hops or 30)[7] > 0
    assert sorted(each.answer.nodes) == np.flatnonzero(near).tolist()
    (found,) = removal.outputs(candidates, each_removed(candidates))
    listed = {tuple(ends) for ends in each.answer.nodes[each.ends].tolist()}
    whole = clf._outputs(graph, None)[7]
    for i, j in zip(*graph.adjacency.nonzero(), strict=True):
        adjacency = graph.adjacency.toarray()
        adjacency[i, j] = 0
        if "directed" not in kind:
            adjacency[j, i] = 0
        expected = clf._outputs(Graph(adjacency, graph.X), None)[7]
        if (i, j) in listed:
            at = each.answer.nodes[each.ends].tolist().index([i, j])
            assert_allclose(found[at], expected, rtol=0, atol=1e-5)
        elif "directed" in kind or (j, i) not in listed:
            assert_allclose(whole, expected, rtol=0, atol=1e-5)


def test_outputs_do_not_depend_on_the_size_of_batches():
    graph = long_ring("weighted")
    removal = removal_of(fitted("gcn weighted", "gatv2"), graph)
    candidates = removal.candidates("edges", rows=[3, 7, 3])
    kept = [np.random.default_rng(0).random((9, len(c))) < 0.7 for c in candidates]
    whole = removal.outputs(candidates, kept)
    for max_size in (1, 100, 333):
        split = removal.outputs(candidates, kept, max_size=max_size)
        for a, b in zip(whole, split, strict=True):
            assert_allclose(a, b, rtol=0, atol=1e-6)


def test_the_network_is_left_as_it_was():
    clf, graph = fitted("gcn", "dot"), graph_of("")
    module = clf.net_.module_
    module.zero_grad()
    removal = removal_of(clf, graph)
    gated = removal.gated(removal.candidates("edges"))
    gated(torch.ones(gated.ptr[-1], requires_grad=True)).sum().backward()
    assert all(parameter.requires_grad for parameter in module.parameters())
    assert all(parameter.grad is None for parameter in module.parameters())


def test_outputs_that_are_not_finite_are_refused():
    graph = graph_of("")
    removal = removal_of(fitted("plain", "dot"), graph.with_features(graph.X * 1e38))
    candidates = removal.candidates("edges")
    with pytest.raises(ValueError, match="outputs must be finite"):
        removal.outputs(candidates, each_removed(candidates))


def test_features_of_copies_without_an_edge_are_standardised_once(monkeypatch):
    X = 100 + 5 * np.random.default_rng(0).normal(size=(7, 3))
    graph = Graph(adjacency_of(""), X)
    clf = GraphAttentionClassifier(max_epochs=2, random_state=0, norm="layer")
    clf.fit(graph, LABELS)
    removal = clf._removal(clf._prepare(graph[[0, 5]], None))
    apply, rows = Standardization.apply, []

    def counted(self, features):
        rows.append(features.shape[0])
        return apply(self, features)

    monkeypatch.setattr(Standardization, "apply", counted)
    candidates = removal.candidates("edges")
    kept = [~np.eye(len(each), dtype=bool) for each in candidates]
    removal.outputs(candidates, kept)
    removal.gated(candidates)
    assert sum(rows) == sum(each.answer.graph.n_nodes for each in candidates)
