import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from skattn import (
    AttentionEmbedder,
    AttentionLinkPredictor,
    AttentionReasoner,
    EncoderConfig,
    Graph,
    GraphAttentionClassifier,
    GraphAttentionRegressor,
)
from skattn._batch import GraphBlock, collate
from skattn.graph import links
from skattn.graph._collection import GraphCollection
from skattn.inspection import AttentionDisplay, explain

N = 200


@pytest.fixture(scope="module")
def signs():
    """A graph in which a node's label is the sign of its friends' numbers.

    The other three quarters of the edges are noise of other types, and a third of the
    friends are enemies too, by a parallel edge.
    """
    rng = np.random.default_rng(0)
    ends = np.argwhere(rng.random((N, N)) < 0.06)
    kinds = rng.choice(["friend", "enemy", "other", "unknown"], len(ends))
    friends = ends[kinds == "friend"]
    ends = np.concatenate([ends, friends[::3]])
    kinds = np.concatenate([kinds, ["enemy"] * len(friends[::3])])
    X = rng.normal(size=(N, 3)).astype(np.float32)
    total = np.zeros(N)
    np.add.at(total, friends[:, 0], X[friends[:, 1], 0])
    adjacency = sp.coo_array((np.ones(len(ends)), ends.T), shape=(N, N))
    sides = rng.choice(["left", "right"], N)
    graph = Graph(adjacency, X, edge_types=kinds, node_types=sides)
    return graph, total, np.arange(N) < 140


def made(estimator=GraphAttentionClassifier, **options):
    options = {"max_epochs": 60, "n_layers": 1, "hidden_dim": 16} | options
    return estimator(random_state=0, **options)


@pytest.fixture(scope="module", params=["matrix", "vector"])
def fitted(signs, request):
    graph, total, train = signs
    clf = made(max_epochs=10, encoder=EncoderConfig(typing=request.param))
    return clf.fit(graph[train], total[train] > 0)


def test_types_tell_apart_what_matters(signs):
    graph, total, train = signs
    y = total > 0
    scores = {
        typing: made(encoder=EncoderConfig(typing=typing), max_epochs=150)
        .fit(graph[train], y[train])
        .score(graph[~train], y[~train])
        for typing in ("matrix", "vector", None)
    }
    for typing in ("matrix", "vector"):
        assert scores[typing] > 0.8
        assert scores[typing] > scores[None] + 0.1


def test_regressors_and_embedders_take_types(signs):
    graph, total, train = signs
    reg = made(GraphAttentionRegressor).fit(graph[train], total[train])
    assert reg.score(graph[~train], total[~train]) > 0.3
    emb = made(AttentionEmbedder, max_epochs=3).fit(graph)
    assert emb.transform(graph).shape == (N, 64)
    clf = made(pretrained=emb, max_epochs=2).fit(graph[train], total[train] > 0)
    assert clf.predict(graph[~train]).shape == (60,)


def test_an_embedder_of_other_types_is_refused(signs):
    graph, total, train = signs
    sides = graph.node_types
    other = graph.with_types(edge_types=["x"] * graph.n_edges, node_types=sides)
    emb = made(AttentionEmbedder, max_epochs=1).fit(other)
    with pytest.raises(ValueError, match="edge_types is"):
        made(pretrained=emb).fit(graph[train], total[train] > 0)


def test_the_summary_counts_types(fitted):
    summary = fitted.input_summary_
    assert (summary["n_edge_types"], summary["n_node_types"]) == (4, 2)
    assert fitted.resolved_params_["encoder__typing"] == fitted.encoder.typing
    assert fitted.net_.module_.encoder.blocks[0].attention.groups[0].n_edge_types == 5


def test_added_self_loops_have_a_type_of_their_own():
    graph = Graph([[0, 1], [1, 1]], np.eye(2), edge_types=["b", "a", "b"])
    batch = collate(graph, edge_types=("a", "b"))
    assert batch.structure.edges.senders.tolist() == [0, 1, 0, 1]
    assert batch.structure.edge_data.types.tolist() == [2, 1, 0, 1]
    assert collate(graph).structure.edge_data.types is None


def test_batches_of_graphs_have_the_types_of_their_edges():
    pair = Graph([[0, 1], [1, 0]], np.eye(2), edge_types=["a", "b"])
    other = Graph([[0, 1], [1, 0]], np.eye(2), edge_types=["c", "c"])
    block = GraphBlock.of(GraphCollection.of([pair, other]), edge_types=("a", "b", "c"))
    cut = block.cut(np.array([1, 0])).structure
    assert cut.edge_data.types.tolist() == [3, 2, 2, 3, 3, 0, 1, 3]


def test_names_of_types_do_not_matter(signs, fitted):
    graph, total, train = signs
    kinds = [f"a {kind}" for kind in graph.edge_types]  # in the same order
    renamed = graph.with_types(edge_types=kinds, node_types=graph.node_types)
    clf = clone(fitted).fit(renamed[train], total[train] > 0)
    np.testing.assert_array_equal(
        clf.predict_proba(renamed), fitted.predict_proba(graph)
    )


def test_an_order_of_nodes_changes_no_prediction(signs, fitted):
    graph, _, _ = signs
    order = np.random.default_rng(1).permutation(N)
    moved = fitted.predict_proba(graph.subgraph(order))
    np.testing.assert_allclose(moved, fitted.predict_proba(graph)[order], atol=1e-5)


def test_fewer_types_than_at_fit_are_fine_and_others_are_refused(signs, fitted):
    graph, _, _ = signs
    kinds, sides = graph.edge_types, graph.node_types
    fewer = np.where(kinds == "unknown", "other", kinds)
    clean = graph.with_types(edge_types=fewer, node_types=sides)
    assert fitted.predict(clean).shape == (N,)
    strange = graph.with_types(
        edge_types=np.where(kinds == "unknown", "rival", kinds), node_types=sides
    )
    with pytest.raises(ValueError, match=r"among those at fit .*got 'rival'.*Fit with"):
        fitted.predict(strange)
    with pytest.raises(ValueError, match=r"must have edge types, as at fit"):
        fitted.predict(graph.with_types(node_types=sides))
    with pytest.raises(ValueError, match=r"must have node types, as at fit"):
        fitted.predict(graph.with_types(edge_types=kinds))


def test_files_keep_types(tmp_path, signs, fitted):
    graph, _, _ = signs
    fitted.save(tmp_path / "a")
    loaded = GraphAttentionClassifier.load(tmp_path / "a")
    np.testing.assert_array_equal(
        loaded.predict_proba(graph), fitted.predict_proba(graph)
    )
    with pytest.raises(ValueError, match="must have edge types"):
        loaded.predict(graph.with_types(node_types=graph.node_types))


def test_receptive_fields_give_the_same(signs, fitted, monkeypatch):
    graph, _, _ = signs
    expected = fitted.predict_proba(graph)[[3, 7]]
    monkeypatch.setattr("skattn.graph._field.WHOLE_BELOW", 0)
    monkeypatch.setattr("skattn.graph._field.LARGEST_WORK", 100)
    np.testing.assert_allclose(fitted.predict_proba(graph[[3, 7]]), expected, atol=1e-6)


@pytest.mark.parametrize(("typing", "epochs"), [("matrix", 30), ("vector", 150)])
def test_sampled_neighbours_have_their_types(signs, typing, epochs):
    graph, total, train = signs
    encoder = EncoderConfig(typing=typing)
    clf = made(fanout=(100,), max_epochs=epochs, batch_size=140, encoder=encoder)
    clf.fit(graph[train], total[train] > 0)
    assert clf.score(graph[~train], total[~train] > 0) > 0.7


def test_rows_that_join_a_graph_by_name_use_its_types(signs):
    graph, total, train = signs
    names = pd.Index([f"n{k}" for k in range(N)], name="id")
    kinds, sides = graph.edge_types, graph.node_types
    named = Graph(graph.adjacency, nodes=names, edge_types=kinds, node_types=sides)
    table = pd.DataFrame(graph.X, index=names, columns=list("abc"))
    clf = made(graph=named).fit(table[train], total[train] > 0)
    typeless = made(graph=named, encoder=EncoderConfig(typing=None))
    typeless.fit(table[train], total[train] > 0)
    score = clf.score(table[~train], total[~train] > 0)
    assert score > typeless.score(table[~train], total[~train] > 0)


@pytest.mark.parametrize("typing", ["matrix", "vector"])
def test_lists_of_graphs_have_types(typing):
    rng = np.random.default_rng(0)
    ring = np.roll(np.eye(6), 1, 1)
    graphs = [
        Graph(ring, np.ones((6, 1)), edge_types=rng.choice(["single", "double"], 6))
        for _ in range(60)
    ]
    y = np.array([(g.edge_types == "double").sum() for g in graphs], float)
    options = {"encoder": EncoderConfig(typing=typing), "readout": "mean"}
    reg = made(GraphAttentionRegressor, max_epochs=150, **options)
    reg.fit(graphs[:40], y[:40])
    assert reg.score(graphs[40:], y[40:]) > 0.8


def test_searches_choose_the_typing(signs):
    graph, total, _ = signs
    search = GridSearchCV(
        made(max_epochs=5), {"encoder__typing": ["matrix", "vector", None]}, cv=2
    )
    search.fit(graph, total > 0)
    assert search.best_params_["encoder__typing"] in ("matrix", "vector", None)
    assert (
        clone(search.best_estimator_).encoder.typing
        == search.best_params_["encoder__typing"]
    )


def test_bases_have_fewer_weights(signs):
    graph, total, train = signs
    clf = made(encoder=EncoderConfig(n_bases=2), max_epochs=2)
    clf.fit(graph[train], total[train] > 0)
    attention = clf.net_.module_.encoder.blocks[0].attention.groups[0]
    assert attention.value.shape[0] == 2
    assert attention.value_coefficients.shape == (5, 2)


def test_many_types_share_bases(signs, fitted):
    assert fitted.resolved_params_["encoder__n_bases"] is None
    graph, total, train = signs
    kinds = np.arange(graph.n_edges) % 9
    many = graph.with_types(edge_types=kinds, node_types=graph.node_types)
    clf = made(max_epochs=1).fit(many[train], total[train] > 0)
    assert clf.resolved_params_["encoder__n_bases"] == 30


def test_tables_of_node_types_need_no_common_columns():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 60)
    papers = (3 * y[:, None] + rng.normal(size=(60, 2))).astype(np.float32)
    authors = rng.normal(size=(30, 5)).astype(np.float32)
    ends = np.stack([np.repeat(np.arange(60), 2), 60 + rng.integers(0, 30, 120)])
    adjacency = sp.coo_array((np.ones(120), ends), shape=(90, 90))
    graph = Graph(adjacency, {"paper": papers, "author": authors})
    clf = made().fit(graph[:40], y[:40])
    assert clf.score(graph[40:60], y[40:]) > 0.7
    attention = clf.net_.module_.encoder.blocks[0].attention.groups[0]
    assert attention.in_features == 2 + 5 + 2  # columns of both, indicators of types


@pytest.mark.parametrize("method", ["occlusion", "gradient", "attention", "rollout"])
def test_predictions_on_typed_graphs_are_explained(signs, fitted, method):
    graph, _, _ = signs
    explanation = explain(fitted, graph[:2], method=method)
    assert len(explanation) == 2


def test_removing_an_edge_is_predicting_without_it(signs, fitted):
    graph, _, _ = signs
    (receiver, sender, score), *_ = explain(
        fitted, graph[[5]], method="occlusion", classes=True
    ).top(1)
    receivers = np.repeat(np.arange(N), np.diff(graph.adjacency.indptr))
    senders = graph.adjacency.indices
    kept = (receivers != receiver) | (senders != sender)
    ends = receivers[kept], senders[kept]
    without = Graph(
        sp.coo_array((graph.adjacency.data[kept], ends), shape=(N, N)),
        graph.X,
        edge_types=graph.edge_types[kept],
        node_types=graph.node_types,
    )
    before, after = (fitted.predict_proba(each)[5, 1] for each in (graph, without))
    lost = np.log(before / (1 - before)) - np.log(after / (1 - after))
    assert score == pytest.approx(lost, abs=1e-4)


def test_attention_weights_of_typed_graphs_are_drawn(signs, fitted):
    graph, _, _ = signs
    display = AttentionDisplay.from_estimator(fitted, graph[:3])
    assert display is not None


def test_pairs_take_no_types_and_say_so(signs):
    graph, _, _ = signs
    with pytest.raises(ValueError, match=r"must have no types, .*with_types"):
        AttentionLinkPredictor(max_epochs=1).fit(graph)
    with pytest.raises(ValueError, match="must have no types"):
        AttentionLinkPredictor(graph=graph).fit([[0, 1], [1, 2]])
    found = links(graph, random_state=0)
    assert found.graph.node_types is None


def test_a_reasoner_takes_a_typed_graph_as_facts():
    facts = [(f"p{k}", "parent", f"p{k + 1}") for k in range(12)]
    graph = Graph.from_triples(facts)
    questions = [[f"p{k}", "older"] for k in range(12)]
    tails = [f"p{k + 1}" for k in range(12)]
    same = []
    for context in (graph, facts):
        reasoner = AttentionReasoner(graph=context, max_epochs=1, random_state=0)
        same.append(reasoner.fit(questions, tails).predict([["p0", "parent"]]))
    assert same[0].tolist() == same[1].tolist()
