"""Features are standardised inside, from the training nodes, edges and graphs."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skattn import AttentionEmbedder, Graph, GraphAttentionRegressor
from skattn._batch._tensors import is_mapped
from skattn.graph import _field
from skattn.inspection import attention_weights


@pytest.fixture
def lengths(adjacency):
    return np.random.default_rng(8).uniform(1, 5, int(adjacency.sum()))


@pytest.fixture
def with_lengths(table, adjacency, lengths):
    """A function: make the graph with lengths in a unit."""

    def make(unit, offset=0.0):
        return Graph(adjacency, table[0], edge_features=unit * lengths + offset)

    return make


def close(one, other):
    np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("unit", "offset"), [(1000.0, 0.0), (1e-6, 0.0), (0.5, 16.0)])
@pytest.mark.parametrize("fanout", [None, (3, 3, 3)])
def test_unit_of_edge_features_changes_nothing(
    small, with_lengths, y, unit, offset, fanout
):
    graph, scaled = with_lengths(1.0), with_lengths(unit, offset)
    fitted = small(fanout=fanout).fit(graph, y)
    again = small(fanout=fanout).fit(scaled, y)
    close(again.predict_proba(scaled), fitted.predict_proba(graph))
    for ours, theirs in zip(
        attention_weights(again, scaled), attention_weights(fitted, graph), strict=True
    ):
        close(ours[0].toarray(), theirs[0].toarray())


def test_new_graphs_are_scaled_as_the_training_graphs(small, with_lengths, lengths, y):
    clf = small().fit(with_lengths(1.0), y)
    shifted = with_lengths(1.0, offset=9.0)
    z = (lengths - lengths.mean()) / lengths.std()
    by_hand = small().fit(with_lengths(0.0), y)  # zeros are not scaled
    by_hand.net_ = clf.net_
    plain = Graph(shifted.adjacency, shifted.X, edge_features=z + 9.0 / lengths.std())
    close(by_hand.predict_proba(plain), clf.predict_proba(shifted))


def test_held_out_graphs_do_not_count(small):
    rng = np.random.default_rng(0)
    graphs = [
        Graph(
            np.ones((3, 3)), rng.normal(size=(3, 2)), edge_features=rng.normal(size=9)
        )
        for _ in range(12)
    ]
    model = small(GraphAttentionRegressor, early_stopping=0.25).fit(graphs, np.ones(12))
    every = small(GraphAttentionRegressor).fit(graphs, np.ones(12))
    one, other = (est._input_spec_.edge_scaling for est in (model, every))
    everything = np.concatenate([graph.edge_features for graph in graphs])
    close(other.mean, everything.mean(0))
    close(other.scale, everything.std(0))
    assert one != other


def test_saved_estimators_keep_the_scaling(small, with_lengths, y, tmp_path):
    graph = with_lengths(1000.0)
    clf = small().fit(graph, y)
    clf.save(tmp_path / "clf")
    again = type(clf).load(tmp_path / "clf")
    assert again._input_spec_ == clf._input_spec_
    np.testing.assert_array_equal(again.predict_proba(graph), clf.predict_proba(graph))


def test_pretrained_weights_come_with_their_scaling(small, with_lengths, y):
    embedder = small(AttentionEmbedder, n_components=8, n_layers=3).fit(
        with_lengths(1.0)
    )
    clf = small(pretrained=embedder).fit(with_lengths(1.0, offset=3.0), y)
    assert clf._input_spec_.edge_scaling == embedder._input_spec_.edge_scaling


def test_pretrained_weights_need_as_many_edge_features(small, with_lengths, graph, y):
    embedder = small(AttentionEmbedder, n_components=8, n_layers=3).fit(
        with_lengths(1.0)
    )
    with pytest.raises(ValueError, match="n_edge_features is 0 and not 1"):
        small(pretrained=embedder).fit(graph, y)
    two = np.ones((graph.n_edges, 2))
    wide = Graph(graph.adjacency, graph.X, edge_features=two)
    with pytest.raises(ValueError, match="n_edge_features is 2 and not 1"):
        small(pretrained=embedder).fit(wide, y)


# ---- node features ---------------------------------------------------------------


def in_units(X):
    return 1e4 + 1e3 * np.asarray(X)


def graphs_of(tables):
    return [Graph(np.ones((len(X), len(X))), X) for X in tables]


def scaling_of(estimator):
    return estimator._input_spec_.feature_scaling


@pytest.fixture
def tables():
    """Twelve tables of three or four rows and two columns."""
    rng = np.random.default_rng(5)
    return [5 + rng.normal(size=(3 + number % 2, 2)) for number in range(12)]


def of_table(X, A):
    return X, {}


def of_adjacency(X, A):
    return X, {"adjacency": A}


def of_graph(X, A):
    return Graph(A, X), {}


def of_graphs(X, A):
    return graphs_of([X[i : i + 5] for i in range(len(X) - 5)] + [X[:4]] * 5), {}


def of_sequences(X, A):
    return [X[i : i + 5] for i in range(len(X) - 5)] + [X[:4]] * 5, {}


INPUTS = [of_table, of_adjacency, of_graph, of_graphs, of_sequences]


@pytest.mark.parametrize("make", INPUTS)
@pytest.mark.parametrize("cls", [GraphAttentionRegressor, AttentionEmbedder])
def test_unit_of_node_features_changes_nothing(small, table, y, adjacency, make, cls):
    (X, given), (other, _) = (
        make(table[0], adjacency),
        make(in_units(table[0]), adjacency),
    )
    method = "transform" if cls is AttentionEmbedder else "predict"
    model = small(cls, norm="layer")  # batch norm amplifies rounding
    one = getattr(model.fit(X, y, **given), method)(X, **given)
    two = getattr(model.fit(other, y, **given), method)(other, **given)
    close(one, two)


def test_rows_of_a_table_that_are_held_out_do_not_count(small, table):
    X, y = table
    clf = small(early_stopping=0.25, n_neighbors=3).fit(X, y)
    changed = []
    for row in range(40):
        poisoned = X.copy()
        poisoned[row] += 100
        again = small(early_stopping=0.25, n_neighbors=3, max_epochs=1)
        changed.append(scaling_of(again.fit(poisoned, y)) != scaling_of(clf))
    assert sum(changed) == clf._fit_record_.n_train == 30


def test_statistics_are_those_of_the_target_nodes(small, graph, y):
    X = graph.X
    found = scaling_of(small().fit(graph[:20], y[:20]))
    close(found.mean, X[:20].mean(0))
    close(found.scale, X[:20].std(0))
    unlabelled = np.where(np.arange(30) < 20, y[:30], -1)
    assert scaling_of(small(unlabeled=-1).fit(graph[:30], unlabelled)) == found
    validated = small().fit(graph[:20], y[:20], X_val=graph[20:30], y_val=y[20:30])
    assert scaling_of(validated) == found
    close(scaling_of(small(AttentionEmbedder).fit(graph[:20])).mean, X.mean(0))


def test_statistics_are_those_of_the_nodes_of_the_training_graphs(small, tables):
    graphs, y = graphs_of(tables), np.arange(12.0)
    model = small(GraphAttentionRegressor, early_stopping=0.25).fit(graphs, y)
    every = small(GraphAttentionRegressor).fit(graphs, y)
    close(scaling_of(every).mean, np.concatenate(tables).mean(0))
    assert scaling_of(model) != scaling_of(every)


def test_new_rows_are_scaled_as_the_training_rows(small, table, adjacency, y):
    X = in_units(table[0])
    z = (X - X.mean(0)) / X.std(0)
    clf = small().fit(Graph(adjacency, X), y)
    plain = small(standardize=False).fit(Graph(adjacency, z), y)
    close(
        clf.predict_proba(Graph(adjacency, X)), plain.predict_proba(Graph(adjacency, z))
    )
    one = clf.predict_proba(Graph([[1]], X[:1]))
    close(one, plain.predict_proba(Graph([[1]], z[:1])))


def test_receptive_fields_are_standardised(small, table, adjacency, y, monkeypatch):
    graph = Graph(adjacency, in_units(table[0]))
    clf = small(n_layers=1).fit(graph, y)
    whole = clf.predict_proba(graph)[:2]
    monkeypatch.setattr(_field, "WHOLE_BELOW", 0)
    monkeypatch.setattr(_field, "LARGEST_WORK", np.inf)
    close(clf.predict_proba(graph[:2]), whole)


def test_columns_of_zero_and_one_are_not_changed(small, table, y):
    X = np.column_stack([table[0][:, 0], table[0] > 0])
    found = scaling_of(small().fit(X, y))
    assert found.mean[1:] == (0.0,) * 3
    assert found.scale[1:] == (1.0,) * 3


def test_sparse_features_are_scaled_only_on_request(small, table, adjacency, y):
    X = np.where(table[0] > 0, 100 * table[0], 0)
    graph = Graph(adjacency, sparse.csr_array(X))
    assert scaling_of(small().fit(graph, y)) is None
    found = scaling_of(small(standardize=True).fit(graph, y))
    squares = (X**2).sum(0) / (X > 0).sum(0)
    close(found.scale, np.sqrt(squares))
    assert found.mean == (0.0,) * 3
    scaled = Graph(adjacency, sparse.csr_array(X / np.sqrt(squares)))
    plain = small(standardize=False).fit(scaled, y)
    close(
        small(standardize=True).fit(graph, y).predict_proba(graph),
        plain.predict_proba(scaled),
    )


def test_standardize_false_leaves_all_features_as_they_are(small, with_lengths, y):
    spec = small(standardize=False).fit(with_lengths(1000.0), y)._input_spec_
    assert spec.feature_scaling is spec.edge_scaling is None


def test_a_single_training_node_has_no_statistics(small, graph):
    clf = small(GraphAttentionRegressor).fit(graph[:1], [1.0])
    assert scaling_of(clf) is None


def test_a_scaler_before_the_estimator_changes_nothing(small, table, y):
    X = in_units(table[0])
    scaler = StandardScaler()
    plain = small(standardize=False).fit(scaler.fit_transform(X), y)
    model = make_pipeline(StandardScaler(), small()).fit(X, y)
    close(model.predict_proba(X), plain.predict_proba(scaler.transform(X)))


def test_saved_estimators_keep_the_scaling_of_nodes(small, tables, tmp_path):
    graphs = graphs_of(in_units(X) for X in tables)
    model = small(GraphAttentionRegressor).fit(graphs, np.arange(12.0))
    model.save(tmp_path / "model")
    again = type(model).load(tmp_path / "model")
    assert again._input_spec_ == model._input_spec_
    np.testing.assert_array_equal(again.predict(graphs), model.predict(graphs))


def test_pretrained_weights_come_with_their_scaling_of_nodes(small, graph, y):
    embedder = small(AttentionEmbedder, n_components=8, n_layers=3).fit(graph)
    moved = graph.with_features(in_units(graph.X))
    clf = small(pretrained=embedder).fit(moved, y)
    assert scaling_of(clf) == scaling_of(embedder)
    with pytest.raises(ValueError, match="standardize is False and not 'auto'"):
        small(pretrained=embedder, standardize=False).fit(graph, y)


@pytest.mark.parametrize("mmap", [True, False])
def test_mapped_features_are_standardised_batch_by_batch(
    small, table, adjacency, y, tmp_path, mmap
):
    X = in_units(table[0]).astype(np.float32)
    graph = Graph(adjacency + np.eye(40), X)
    graph.save(tmp_path / "graph")
    loaded = Graph.load(tmp_path / "graph", mmap=mmap)
    assert is_mapped(loaded.X) == mmap
    options = {"fanout": (3, 3, 3), "batch_size": 16}
    validation = {"X_val": loaded[30:], "y_val": y[30:]}
    clf = small(**options).fit(loaded[:30], y[:30], **validation)
    validation = {"X_val": graph[30:], "y_val": y[30:]}
    expected = small(**options).fit(graph[:30], y[:30], **validation)
    assert clf.loss_curve_ == expected.loss_curve_
    assert clf.validation_curve_ == expected.validation_curve_
    np.testing.assert_array_equal(
        clf.predict_proba(loaded), expected.predict_proba(graph)
    )
