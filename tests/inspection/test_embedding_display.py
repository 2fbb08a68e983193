import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from matplotlib import pyplot as plt
from numpy.testing import assert_allclose
from sklearn.decomposition import TruncatedSVD
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skattn import AttentionEmbedder, Graph
from skattn.datasets import make_communities
from skattn.inspection import EmbeddingDisplay
from skattn.inspection._node_colors import CLASS_COLORS

identity = FunctionTransformer().fit(np.zeros((2, 2)))
# on a line, with twice the variance of its second part
LINE = np.array([[0.0, 0], [3, 4], [6, 8], [9, 12]])


@pytest.fixture(autouse=True)
def _close_figures():
    plt.switch_backend("Agg")
    yield
    plt.close("all")


def test_principal_components_are_centred_and_in_their_order():
    display = EmbeddingDisplay.from_estimator(identity, LINE)
    first = display.positions[:, 0]
    assert_allclose(np.abs(first), [7.5, 2.5, 2.5, 7.5])
    assert_allclose(display.positions[:, 1], 0, atol=1e-12)
    assert display.axis_names[0] == "component 1 (100% of the variance)"


@pytest.mark.parametrize("shape", [(4, 1), (1, 3), (1, 1)])
def test_missing_components_are_zero(shape):
    display = EmbeddingDisplay.from_estimator(identity, np.ones(shape))
    assert display.positions.shape == (shape[0], 2)
    assert_allclose(display.positions, 0, atol=1e-12)


def test_embedder_of_a_graph_and_of_its_slice():
    graph, y = make_communities(40, 2, random_state=0)
    embedder = AttentionEmbedder(
        n_components=4, hidden_dim=8, n_layers=1, max_epochs=2, random_state=0
    ).fit(graph)
    display = EmbeddingDisplay.from_estimator(embedder, graph, y)
    assert display.positions.shape == (40, 2)
    part = EmbeddingDisplay.from_estimator(embedder, graph[:5], y[:5])
    assert part.colors.of_nodes == display.colors.of_nodes[:5]


def test_pipeline_that_ends_in_an_embedder_and_pandas_output():
    X = np.random.default_rng(0).normal(size=(20, 3))
    embedder = AttentionEmbedder(
        n_components=4, hidden_dim=8, n_layers=1, max_epochs=2, random_state=0
    )
    pipeline = make_pipeline(StandardScaler(), embedder).fit(X)
    display = EmbeddingDisplay.from_estimator(pipeline, X)
    pipeline.set_output(transform="pandas")
    as_frame = EmbeddingDisplay.from_estimator(pipeline, X)
    assert_allclose(as_frame.positions, display.positions)


def test_y_follows_the_names_of_the_nodes():
    class Positions:
        def transform(self, graph):
            return LINE

    graph = Graph(np.zeros((4, 4)), nodes=list("abcd"))
    y = pd.Series([1, 0, 0, 0], index=list("dcba"))
    display = EmbeddingDisplay.from_estimator(Positions(), graph, y)
    assert display.colors.texts == ["0", "0", "0", "1"]


def test_tsne_and_other_transformers():
    display = EmbeddingDisplay.from_estimator(identity, LINE, method="tsne")
    assert display.positions.shape == (4, 2)
    again = EmbeddingDisplay.from_estimator(identity, LINE, method="tsne")
    assert_allclose(again.positions, display.positions)
    svd = EmbeddingDisplay.from_estimator(identity, LINE, method=TruncatedSVD(2))
    assert svd.axis_names == ("TruncatedSVD 1", "TruncatedSVD 2")


def test_sparse_output_and_one_column():
    sparse = FunctionTransformer(sp.csr_array).fit(LINE)
    display = EmbeddingDisplay.from_estimator(sparse, LINE)
    assert_allclose(np.abs(display.positions[:, 0]), [7.5, 2.5, 2.5, 7.5])
    one = EmbeddingDisplay.from_estimator(identity, LINE[:, :1], method="tsne")
    assert one.positions.shape == (4, 2)


def test_plot_draws_points_and_a_legend():
    display = EmbeddingDisplay.from_estimator(identity, LINE, ["a", "b", "b", "a"])
    _, ax = plt.subplots()
    assert display.plot(ax, title="four rows") is display
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    (dots,) = ax.collections
    assert_allclose(dots.get_offsets(), display.positions)
    assert display.colors.of_nodes[:2] == list(CLASS_COLORS[:2])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]
    assert ax.get_title() == "four rows"
    assert ax.get_xlabel() == display.axis_names[0]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"method": "umap"}, ValueError, "'pca', 'tsne' or a transformer.*got 'umap'"),
        ({"method": TruncatedSVD}, ValueError, "or a transformer of two components"),
        (
            {"method": TruncatedSVD(1)},
            ValueError,
            r"two components.*got shape \(4, 1\)",
        ),
        ({"y": [0, 1]}, ValueError, r"shape \(4,\), got shape \(2,\)"),
        ({"embedder": LogisticRegression()}, TypeError, "got LogisticRegression"),
        ({"embedder": AttentionEmbedder()}, NotFittedError, "not fitted"),
        ({"method": "tsne", "X": LINE[:3]}, ValueError, "at least 4 rows, got 3"),
    ],
)
def test_arguments_that_do_not_fit_are_errors(arguments, error, message):
    arguments = {"embedder": identity, "X": LINE} | arguments
    with pytest.raises(error, match=message):
        EmbeddingDisplay.from_estimator(**arguments)
