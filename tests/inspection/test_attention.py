import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skattn import (
    AttentionEmbedder,
    EncoderConfig,
    Graph,
    GraphAttentionClassifier,
    GraphAttentionRegressor,
)
from skattn.inspection import attention_weights, readout_weights
from skattn.preprocessing import SequenceGraph

# 0 attends to 1 and 2; 1 to itself and 2; 2 to 3; 3 to no node; and each to itself
ADJACENCY = np.array([[0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0]])
LOOPED = np.array([[1, 1, 1, 0], [0, 1, 1, 0], [0, 0, 1, 1], [0, 0, 0, 1]])
UNIFORM = LOOPED / LOOPED.sum(1, keepdims=True)
X = np.array([[1.0, 0.0], [0.0, 2.0], [-1.0, 1.0], [0.5, -2.0]])
Y = [0, 1, 1, 0]


def made(**options):
    return GraphAttentionClassifier(
        **{
            "n_layers": 2,
            "n_heads": 2,
            "hidden_dim": 4,
            "max_epochs": 2,
            "random_state": 0,
        }
        | options
    )


def indifferent(estimator):
    """Make every score zero: weights are then 1 / number of senders."""
    with torch.no_grad():
        for name, parameter in estimator.net_.module_.named_parameters():
            if ".attention." in name and name.endswith(("attention", "edge_score")):
                parameter.zero_()
    return estimator


def assert_rows_sum_to_one(weights, rows=slice(None)):
    for layer in weights:
        for head in layer:
            assert_allclose(head.sum(1)[rows], 1, rtol=1e-5)


def test_one_matrix_per_layer_and_head_in_the_users_adjacency():
    graph = Graph(ADJACENCY, X)
    clf = made(n_layers=3).fit(graph, Y)
    weights = attention_weights(clf, graph)
    assert [len(layer) for layer in weights] == [2, 2, 2]
    for layer in weights:
        for head in layer:
            assert isinstance(head, sp.csr_array)
            assert head.shape == (4, 4)
            assert_array_equal(head.toarray() > 0, LOOPED > 0)
    assert_rows_sum_to_one(weights)


@pytest.mark.parametrize("estimator", ["gat", "dot", "gatv2"])
def test_heads_and_layers_differ(estimator):
    graph = Graph(ADJACENCY, X)
    clf = made(attention=estimator).fit(graph, Y)
    (one, two), (three, _) = attention_weights(clf, graph)
    assert not np.allclose(one.toarray(), two.toarray())
    assert not np.allclose(one.toarray(), three.toarray())


def test_equal_scores_give_equal_weights():
    graph = Graph(ADJACENCY, X)
    clf = indifferent(made(n_layers=1).fit(graph, Y))
    for head in attention_weights(clf, graph)[0]:
        assert_allclose(head.toarray(), UNIFORM, rtol=1e-6)


def test_equal_scores_give_weights_proportional_to_edge_weights():
    weighted = ADJACENCY * np.array([3.0, 1.0, 6.0, 2.0])
    graph = Graph(weighted, X)
    clf = indifferent(made(n_layers=1).fit(graph, Y))
    prior = weighted + np.diag([3.5, 0, 2, 2])  # added loops weigh their row's mean
    expected = prior / prior.sum(1, keepdims=True)
    assert_allclose(attention_weights(clf, graph)[0][1].toarray(), expected, rtol=1e-6)


def test_weights_of_one_layer_by_hand():
    # a reads the score with (1, 0); W_q = 0 and W_k = the identity: the score of
    # sender j is LeakyReLU(X[j, 0])
    graph = Graph(ADJACENCY, X)
    options = {"n_layers": 1, "n_heads": 1, "hidden_dim": 2}
    clf = made(**options, standardize=False).fit(graph, Y)
    attention = clf.net_.module_.encoder.blocks[0].attention.groups[0]
    with torch.no_grad():
        attention.query.zero_()
        attention.value.copy_(torch.eye(2))
        attention.attention.copy_(torch.tensor([[1.0, 0.0]]))
    powers = np.exp([1.0, 0.0, -0.2, 0.5]) * LOOPED
    expected = powers / powers.sum(1, keepdims=True)
    assert_allclose(attention_weights(clf, graph)[0][0].toarray(), expected, rtol=1e-5)


@pytest.mark.parametrize("targets", [[2], [3, 0, 3], []])
def test_weights_do_not_depend_on_the_targets_of_a_view(targets):
    graph = Graph(ADJACENCY, X)
    clf = made().fit(graph, Y)
    every, some = attention_weights(clf, graph), attention_weights(clf, graph[targets])
    assert some[1][1].shape == (4, 4)
    assert_array_equal(some[1][1].toarray(), every[1][1].toarray())


def test_weights_of_another_graph_are_in_its_own_adjacency():
    clf = indifferent(made(n_layers=1).fit(Graph(ADJACENCY, X), Y))
    other = Graph([[0, 1, 0], [0, 0, 0], [0, 0, 0]], X[:3])
    expected = [[0.5, 0.5, 0], [0, 1, 0], [0, 0, 1]]
    assert_allclose(attention_weights(clf, other)[0][0].toarray(), expected)


def test_graph_without_features_has_weights_too():
    graph = Graph(ADJACENCY)
    weights = attention_weights(made().fit(graph, Y), graph)
    assert_array_equal(weights[0][0].toarray() > 0, LOOPED > 0)
    assert_rows_sum_to_one(weights)


def test_table_with_adjacency_has_weights_in_that_adjacency():
    clf = indifferent(made(n_layers=1).fit(X, Y, adjacency=ADJACENCY))
    weights = attention_weights(clf, X, adjacency=ADJACENCY)
    assert_allclose(weights[0][0].toarray(), UNIFORM, rtol=1e-6)
    order = [2, 0, 3, 1]
    renumbered = ADJACENCY[np.ix_(order, order)]
    weights = attention_weights(clf, X[order], adjacency=sp.coo_matrix(renumbered))
    assert_allclose(weights[0][0].toarray(), UNIFORM[np.ix_(order, order)], rtol=1e-6)


def test_table_has_a_row_per_new_row_over_fitted_and_new_rows():
    # on a line: fitted rows at 0, 1, 10, 11; a new one attends to its nearest two
    fitted = np.array([[0.0], [1.0], [10.0], [11.0]])
    clf = indifferent(made(n_layers=1, n_neighbors=2).fit(fitted, Y))
    weights = attention_weights(clf, [[0.4], [10.6], [2.0]])
    third = 1 / 3
    expected = [
        [third, third, 0, 0, third, 0, 0],
        [0, 0, third, third, 0, third, 0],
        [third, third, 0, 0, 0, 0, third],
    ]
    assert weights[0][0].shape == (3, 7)
    assert_allclose(weights[0][0].toarray(), expected, rtol=1e-6)
    assert_rows_sum_to_one(weights)


def frame(names):
    return pd.DataFrame(X[: len(names)], index=names, columns=["a", "b"])


def named_graph():
    # a path a - b - c - d - e, in the order e, c, a, b, d
    edges = [("a", "b"), ("b", "c"), ("c", "d"), ("d", "e")]
    return Graph.from_edges(
        edges, nodes=pd.Index(list("ecabd"), name="site"), directed=False
    )


def test_rows_joined_by_name_have_weights_in_the_users_graph():
    graph = named_graph()
    clf = made(n_layers=1, graph=graph).fit(frame(list("abc")), [0, 1, 0])
    weights = attention_weights(indifferent(clf), frame(["d"]))
    # fitted a, b, c and requested d make the path a - b - c - d; e is not in use
    half, third = 1 / 2, 1 / 3
    expected = [
        # e   c     a     b      d
        [0, 0, 0, 0, 0],
        [0, third, 0, third, third],
        [0, 0, half, half, 0],
        [0, third, third, third, 0],
        [0, half, 0, 0, half],
    ]
    assert weights[0][0].shape == (5, 5)
    assert_allclose(weights[0][0].toarray(), expected, rtol=1e-6)
    assert_rows_sum_to_one(weights, rows=[1, 2, 3, 4])


def test_requested_rows_may_repeat_and_come_in_any_order():
    clf = made(graph=named_graph()).fit(frame(list("abc")), [0, 1, 0])
    one = attention_weights(clf, frame(["d", "e"]))
    table = frame(["d", "e"]).iloc[[1, 0, 1]]
    other = attention_weights(clf, table)
    assert_array_equal(one[1][0].toarray(), other[1][0].toarray())


def test_parallel_edges_are_summed():
    adjacency = sp.coo_array(([1, 1, 1], ([0, 0, 1], [1, 1, 0])), shape=(2, 2))
    graph = Graph(adjacency, X[:2], edge_features=np.array([[1.0], [2.0], [3.0]]))
    clf = indifferent(made(n_layers=1).fit(graph, [0, 1]))
    head = attention_weights(clf, graph)[0][0]
    assert head.has_canonical_format
    assert_allclose(head.toarray(), [[1 / 3, 2 / 3], [1 / 2, 1 / 2]], rtol=1e-6)


def test_attention_output_is_the_last_layer():
    graph = Graph(ADJACENCY, X)
    config = EncoderConfig(output="attention", output_heads=3)
    weights = attention_weights(made(encoder=config).fit(graph, Y), graph)
    assert [len(layer) for layer in weights] == [2, 3]
    assert_rows_sum_to_one(weights)


def test_matrices_share_no_memory():
    graph = Graph(ADJACENCY, X)
    weights = attention_weights(made().fit(graph, Y), graph)
    other = weights[0][1].toarray()
    first = weights[0][0]
    first.data[:], first.indices[:] = 0, 0
    first.eliminate_zeros()
    assert_array_equal(weights[0][1].toarray(), other)
    assert_array_equal(graph.adjacency.toarray(), ADJACENCY)


def test_regressor_has_weights_too():
    graph = Graph(ADJACENCY, X)
    reg = GraphAttentionRegressor(n_layers=2, max_epochs=2, random_state=0).fit(
        graph, X
    )
    weights = attention_weights(reg, graph)
    assert [len(layer) for layer in weights] == [4, 4]
    assert_rows_sum_to_one(weights)


def test_attention_weights_use_no_dropout_and_change_no_prediction():
    graph = Graph(ADJACENCY, X)
    clf = made(dropout=0.5, attention_dropout=0.5).fit(graph, Y)
    before = clf.predict_proba(graph)
    clf.net_.module_.train()
    one, two = (attention_weights(clf, graph)[1][0].toarray() for _ in range(2))
    assert_array_equal(one, two)
    assert_array_equal(clf.predict_proba(graph), before)


def test_estimator_must_be_fitted():
    with pytest.raises(NotFittedError):
        attention_weights(made(), Graph(ADJACENCY, X))


def test_input_must_match_that_of_fit():
    clf = made().fit(Graph(ADJACENCY, X), Y)
    with pytest.raises(ValueError, match="fitted on a Graph, got a table"):
        attention_weights(clf, X)
    with pytest.raises(ValueError, match="3 features"):
        attention_weights(clf, Graph(ADJACENCY, np.ones((4, 3))))


def test_a_pipeline_has_the_weights_of_its_last_step():
    pipeline = make_pipeline(StandardScaler(), made()).fit(X, Y)
    weights = attention_weights(pipeline, X)
    last = attention_weights(pipeline[-1], pipeline[:-1].transform(X))
    for layer, same in zip(weights, last, strict=True):
        assert all((a != b).nnz == 0 for a, b in zip(layer, same, strict=True))


def test_a_search_has_the_weights_of_its_best_estimator():
    search = GridSearchCV(made(), {"n_neighbors": [2]}, cv=2).fit(X, Y)
    assert_rows_sum_to_one(attention_weights(search, X))


def test_other_objects_are_refused():
    with pytest.raises(TypeError, match=r"a search over these .*, got Standard"):
        attention_weights(StandardScaler(), X)
    with pytest.raises(NotFittedError, match="GridSearchCV"):
        attention_weights(GridSearchCV(made(), {}), X)


# ---- many graphs -----------------------------------------------------------------


def three_graphs():
    """The graph above, a single node, and two nodes with one edge."""
    return [
        Graph(ADJACENCY, X),
        Graph([[0]], X[:1]),
        Graph([[0, 1], [0, 0]], X[:2]),
    ]


@pytest.mark.parametrize("batch_size", [1, 2, "auto"])
def test_every_graph_of_a_list_has_weights_in_its_own_adjacency(batch_size):
    clf = made(n_layers=1, batch_size=batch_size).fit(three_graphs(), [0, 1, 1])
    found = attention_weights(indifferent(clf), three_graphs())
    expected = [UNIFORM, [[1]], [[0.5, 0.5], [0, 1]]]
    assert len(found) == 3
    for weights, matrix in zip(found, expected, strict=True):
        assert [len(layer) for layer in weights] == [2]
        for head in weights[0]:
            assert isinstance(head, sp.csr_array)
            assert_allclose(head.toarray(), matrix, rtol=1e-6)


def test_a_graph_alone_has_the_weights_it_has_among_others():
    graphs = three_graphs()
    clf = made(readout="hierarchical").fit(graphs, [0, 1, 1])
    found = attention_weights(clf, graphs)
    assert_rows_sum_to_one(found[0])
    for graph, weights in zip(graphs, found, strict=True):
        (alone,) = attention_weights(clf, [graph])
        for layer, other in zip(weights, alone, strict=True):
            for head, lone in zip(layer, other, strict=True):
                assert_allclose(head.toarray(), lone.toarray(), rtol=1e-5)


def test_parallel_edges_and_edge_weights_of_a_list_are_used():
    parallel = sp.coo_array(([1, 1, 1], ([0, 0, 1], [1, 1, 0])), shape=(2, 2))
    weighted = sp.coo_array(([3.0, 1.0], ([0, 0], [1, 1])), shape=(2, 2))
    graphs = [
        Graph(parallel, X[:2], edge_features=np.array([[1.0], [2.0], [3.0]])),
        Graph(weighted, X[:2], edge_features=np.array([[4.0], [5.0]])),
    ]
    clf = indifferent(made(n_layers=1).fit(graphs, [0, 1]))
    one, other = attention_weights(clf, graphs)
    assert_allclose(one[0][0].toarray(), [[1 / 3, 2 / 3], [1 / 2, 1 / 2]], rtol=1e-6)
    assert_allclose(other[0][0].toarray(), [[1 / 3, 2 / 3], [0, 1]], rtol=1e-6)


def test_all_steps_of_a_sequence_attend_to_each_other():
    sequences = [X[:3], X[:1]]
    clf = indifferent(made(n_layers=1).fit(sequences, [0, 1]))
    long, short = attention_weights(clf, sequences)
    assert_allclose(long[0][0].toarray(), np.full((3, 3), 1 / 3), rtol=1e-6)
    assert_allclose(short[0][0].toarray(), [[1]])


def test_steps_of_a_causal_sequence_attend_to_the_past_only():
    graphs = SequenceGraph(connect="causal").fit_transform([X[:3], X[:1]])
    clf = indifferent(made(n_layers=1).fit(graphs, [0, 1]))
    long, _ = attention_weights(clf, graphs)
    expected = [[1, 0, 0], [1 / 2, 1 / 2, 0], [1 / 3, 1 / 3, 1 / 3]]
    assert_allclose(long[0][0].toarray(), expected, rtol=1e-6)


# ---- EncoderConfig -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "n_heads"),
    [
        ({"positional": "random_walk", "positional_dim": 3}, 2),
        ({"positional": "laplacian", "positional_dim": 3}, 2),
        ({"hops": (1, 2)}, 1),
        ({"hops": 2}, 0),
        ({"jumping": "concat"}, 2),
        ({"convolution": "gcn", "gated_convolution": True}, 2),
        ({"global_attention": True}, 2),
    ],
    ids=str,
)
def test_weights_are_computed_on_the_input_of_training(config, n_heads):
    config = EncoderConfig(**config)
    clf = made(encoder=config).fit(Graph(ADJACENCY, X), Y)
    weights = attention_weights(clf, Graph(ADJACENCY, X))
    assert [len(layer) for layer in weights] == [n_heads] * 2
    assert_rows_sum_to_one(weights)
    clf = made(encoder=config).fit(three_graphs(), [0, 1, 1])
    found = attention_weights(clf, three_graphs())
    assert [len(layer) for layer in found[2]] == [n_heads] * 2
    for weights in found:
        assert_rows_sum_to_one(weights)


def test_weights_depend_on_the_positional_encoding():
    line = Graph([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.ones((3, 1)))
    clf = made(encoder=EncoderConfig(positional="random_walk"), n_layers=1)
    clf.fit(line, [0, 1, 0])
    ring = Graph([[0, 1, 1], [1, 0, 1], [1, 1, 0]], np.ones((3, 1)))
    middle = attention_weights(clf, line)[0][0][[1]].toarray()
    anyone = attention_weights(clf, ring)[0][0][[1]].toarray()
    assert not np.allclose(middle, anyone)
    assert_allclose(anyone, 1 / 3, rtol=1e-5)


# ---- the embedder --------------------------------------------------------------------


def test_embedder_has_weights_too():
    params = {"n_layers": 2, "n_heads": 2, "hidden_dim": 4, "max_epochs": 2}
    graph = Graph(ADJACENCY, X)
    embedder = AttentionEmbedder(**params, random_state=0).fit(graph)
    weights = attention_weights(embedder, graph)
    assert [len(layer) for layer in weights] == [2, 2]
    assert_array_equal(weights[1][0].toarray() > 0, LOOPED > 0)
    assert_rows_sum_to_one(weights)
    found = attention_weights(embedder.fit(three_graphs()), three_graphs())
    assert [weights[0][0].shape for weights in found] == [(4, 4), (1, 1), (2, 2)]
    for weights in found:
        assert_rows_sum_to_one(weights)


def test_readout_weights_of_each_graph_sum_to_one():
    graphs = [Graph(np.ones((n, n)) - np.eye(n)) for n in (2, 3, 4)]
    clf = made().fit(graphs, [0, 1, 0])
    weights = readout_weights(clf, graphs)
    assert [len(one) for one in weights] == [2, 3, 4]
    for one in weights:
        np.testing.assert_allclose(one.sum(0), 1, rtol=1e-6)
        assert one.min() > 0
    # the nodes of a complete graph are all alike
    np.testing.assert_allclose(weights[1], 1 / 3, rtol=1e-5)
    (alone,) = readout_weights(clf, graphs[1:2])
    np.testing.assert_array_equal(alone, weights[1])


def test_readout_weights_find_the_time_step_that_differs():
    steps = np.zeros((2, 5, 1), np.float32)
    steps[0, 3] = 4.0
    clf = made().fit(steps, [0, 1])
    spread = readout_weights(clf, steps)[0].std(0)
    assert spread.max() > 0


@pytest.mark.parametrize("readout", ["mean", "attention"])
def test_estimators_without_readout_weights_are_an_error(readout):
    graph = Graph(np.ones((3, 3)) - np.eye(3))
    clf = made(readout=readout)
    if readout == "mean":
        X, y = [graph, graph], [0, 1]
    else:
        X, y = graph, [0, 1, 0]
    with pytest.raises(ValueError, match=r'readout="attention".*attention_weights'):
        readout_weights(clf.fit(X, y), X)
