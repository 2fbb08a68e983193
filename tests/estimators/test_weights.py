"""Edge weights have no unit: a constant factor changes no result."""

import numpy as np
import pytest

from skattn import AttentionEmbedder, EncoderConfig, Graph, GraphAttentionRegressor
from skattn.inspection import attention_weights

UNITS = [1e-20, 0.5, 1000.0, 1e35]
RECIPES = [
    {},
    {"attention": "gat", "norm": None},
    {"attention": "dot", "n_layers": 2},
    {"encoder": EncoderConfig(hops=(1, 2))},
    {"encoder": EncoderConfig(convolution="mean")},
    {"encoder": EncoderConfig(convolution="gcn", gated_convolution=True)},
    {"encoder": EncoderConfig(global_attention=True, output="attention")},
    {"encoder": EncoderConfig(positional="random_walk", positional_dim=3)},
    {"encoder": EncoderConfig(positional="laplacian", positional_dim=3)},
    {"fanout": (2, 2, 2), "batch_size": 16},
    {"fanout": (2, 2, 2), "encoder": EncoderConfig(convolution="gcn")},
]


@pytest.fixture
def weights(adjacency):
    """Weights of 40 nodes; some have no senders, 7 no edges at all."""
    weights = adjacency * np.random.default_rng(5).uniform(0.2, 3, (40, 40))
    weights[::5] = 0
    weights[:, 7] = weights[7] = 0
    return weights


def close(one, other):
    np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("recipe", RECIPES, ids=str)
def test_unit_of_weights_changes_no_recipe(small, weights, table, recipe, unit):
    graph, scaled = (Graph(factor * weights, table[0]) for factor in (1.0, unit))
    fitted = small(**recipe).fit(graph, table[1])
    again = small(**recipe).fit(scaled, table[1])
    close(again.loss_curve_, fitted.loss_curve_)
    close(again.predict_proba(scaled), fitted.predict_proba(graph))
    close(fitted.predict_proba(scaled), fitted.predict_proba(graph))


def test_row_normalised_weights_of_a_plain_graph_change_nothing(small, graph, y):
    A = graph.adjacency.toarray()
    A = A[A.any(1)][:, A.any(1)]
    A = A + np.roll(np.eye(len(A)), 1, axis=1)
    X, y = graph.X[: len(A)], y[: len(A)]
    plain, mean = Graph(A != 0, X), Graph((A != 0) / (A != 0).sum(1)[:, None], X)
    fitted = small().fit(plain, y)
    close(small().fit(mean, y).predict_proba(mean), fitted.predict_proba(plain))
    own, others = (attention_weights(fitted, g)[0][0].diagonal() for g in (plain, mean))
    close(own, others)


def test_each_graph_of_a_list_may_have_its_own_unit(small, weights, table):
    def graphs(*units):
        return [
            Graph(unit * weights[i : i + 4, i : i + 4], table[0][i : i + 4])
            for unit, i in zip(units, range(0, 40, 4), strict=True)
        ]

    y = np.arange(10.0)
    recipe = {"encoder": EncoderConfig(convolution="gcn"), "norm": "layer"}
    plain, mixed = graphs(*np.ones(10)), graphs(*10.0 ** np.arange(-5, 5))
    fitted = small(GraphAttentionRegressor, **recipe).fit(plain, y)
    again = small(GraphAttentionRegressor, **recipe).fit(mixed, y)
    close(again.predict(mixed), fitted.predict(plain))


def test_unit_changes_no_embedding_and_no_adjacency_of_a_table(small, weights, table):
    X, y = table
    embedder = small(AttentionEmbedder, n_components=4)
    expected = embedder.fit_transform(Graph(weights, X))
    close(embedder.fit_transform(Graph(1e4 * weights, X)), expected)
    clf = small().fit(X, y, adjacency=weights)
    again = small().fit(X, y, adjacency=1e4 * weights)
    close(
        again.predict_proba(X, adjacency=1e4 * weights),
        clf.predict_proba(X, adjacency=weights),
    )


def test_unit_of_a_mapped_graph_changes_nothing(small, weights, table, tmp_path):
    graph = Graph(weights, table[0])
    Graph(1e6 * weights, table[0]).save(tmp_path / "scaled.graph")
    scaled = Graph.load(tmp_path / "scaled.graph")
    fitted = small().fit(graph, table[1])
    again = small().fit(scaled, table[1])
    close(again.predict_proba(scaled), fitted.predict_proba(graph))
