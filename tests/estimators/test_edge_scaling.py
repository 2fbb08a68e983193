"""Edge features are standardised inside, from the training graphs."""

import numpy as np
import pytest

from skattn import AttentionEmbedder, Graph, GraphAttentionRegressor
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
    embedder = small(AttentionEmbedder, n_components=8).fit(with_lengths(1.0))
    clf = small(pretrained=embedder).fit(with_lengths(1.0, offset=3.0), y)
    assert clf._input_spec_.edge_scaling == embedder._input_spec_.edge_scaling


def test_pretrained_weights_need_as_many_edge_features(small, with_lengths, graph, y):
    embedder = small(AttentionEmbedder, n_components=8).fit(with_lengths(1.0))
    with pytest.raises(ValueError, match="n_edge_features is 0 and not 1"):
        small(pretrained=embedder).fit(graph, y)
    two = np.ones((graph.n_edges, 2))
    wide = Graph(graph.adjacency, graph.X, edge_features=two)
    with pytest.raises(ValueError, match="n_edge_features is 2 and not 1"):
        small(pretrained=embedder).fit(wide, y)
