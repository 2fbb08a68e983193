import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline

from skattn import Graph, GraphAttentionClassifier
from skattn.inspection import ExplanationDisplay, explain
from skattn.preprocessing import NodeTransformer, SequenceGraph

mpl.use("Agg")

EDGES = [(0, 1), (1, 2), (2, 3), (3, 0), (3, 4)]
OPTIONS = {"max_epochs": 3, "random_state": 0, "norm": "layer"}


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def graph(seed=0, **options):
    X = np.random.default_rng(seed).normal(size=(5, 2))
    matrix = np.zeros((5, 5))
    for i, j in EDGES:
        matrix[i, j] = matrix[j, i] = 1
    return Graph(matrix, X, **options)


def texts(ax):
    return {text.get_text() for text in ax.texts} - {""}


def test_a_node_has_its_best_edges_and_their_names():
    named = graph(nodes=pd.Index(list("abcde")))
    clf = GraphAttentionClassifier(**OPTIONS).fit(named, [0, 1, 0, 1, 1])
    display = ExplanationDisplay.from_estimator(clf, named[[4]], k=1)
    i, j, _ = display.explanation.top(1)[0]
    assert texts(display.ax_) == {i, j, "e"}
    assert display.ax_.get_title().startswith("node 'e': class")
    assert display.figure_ is display.ax_.figure


def test_a_row_of_a_table_has_a_bar_for_itself_and_for_fitted_rows():
    X = np.random.default_rng(0).normal(size=(30, 3))
    clf = GraphAttentionClassifier(**OPTIONS).fit(X, X[:, 0] > 0)
    display = ExplanationDisplay.from_estimator(clf, X[:1], k=4)
    labels = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert labels[0] == "itself"
    assert len(labels) == 5
    assert all(label.startswith("fitted row ") for label in labels[1:])
    widths = [bar.get_width() for bar in display.ax_.patches]
    explanation = display.explanation
    assert widths[0] == explanation.without[0]
    assert widths[1:] == [score for *_, score in explanation.top(4)]


def test_features_have_bars_with_the_names_of_the_columns():
    frame = pd.DataFrame(
        np.random.default_rng(0).normal(size=(30, 2)), columns=["a", "b"]
    )
    clf = GraphAttentionClassifier(**OPTIONS).fit(frame, frame.a > 0)
    ax = explain(clf, frame.iloc[:1], of="features").plot()
    assert {label.get_text() for label in ax.get_yticklabels()} == {"a", "b"}


def test_the_nodes_of_a_graph_have_the_colours_of_their_scores():
    clf = GraphAttentionClassifier(**OPTIONS).fit(
        [graph(k) for k in range(4)], [0, 1, 0, 1]
    )
    explanation = explain(clf, [graph(0)])
    ax = explanation.plot(title="a ring with a tail")
    np.testing.assert_allclose(ax.collections[-1].get_array(), explanation.scores[0])
    assert ax.get_title() == "a ring with a tail"
    assert texts(ax) == {"0", "1", "2", "3", "4"}


def test_a_sequence_has_its_channels_over_a_strip_of_scores():
    X = [np.random.default_rng(k).normal(size=(7, 2)) for k in range(6)]
    clf = GraphAttentionClassifier(**OPTIONS).fit(X, [0, 1] * 3)
    explanation = explain(clf, X[:1])
    ax = explanation.plot()
    assert len(ax.lines) == 2
    np.testing.assert_allclose(ax.images[0].get_array()[0], explanation.scores[0])


@pytest.mark.parametrize("as_frames", [False, True])
def test_a_sequence_that_becomes_a_graph_in_a_pipeline_has_them_too(as_frames):
    X = [np.random.default_rng(k).normal(size=(7, 2)) for k in range(6)]
    X[0][3, 1] = np.nan
    if as_frames:
        X = [pd.DataFrame(each, columns=["left", "right"]) for each in X]
    model = make_pipeline(
        SequenceGraph(connect="window", window=2),
        NodeTransformer(SimpleImputer()),
        GraphAttentionClassifier(**OPTIONS),
    ).fit(X, [0, 1] * 3)
    explanation = explain(model, X[:1])
    assert repr(explanation).startswith("sequence 0: class")
    ax = explanation.plot()
    assert len(ax.lines) == 2
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), np.asarray(X[0])[:, 1])
    shown = [text.get_text() for text in ax.get_legend().get_texts()]
    assert shown == (["left", "right"] if as_frames else ["0", "1"])
    np.testing.assert_allclose(ax.images[0].get_array()[0], explanation.scores[0])
    assert "<canvas" not in explanation.to_html()
    assert len(explain(model, X[:1], of="edges").plot().images) == 0


def test_a_picture_shows_one_answer():
    clf = GraphAttentionClassifier(**OPTIONS).fit(graph(), [0, 1, 0, 1, 1])
    with pytest.raises(ValueError, match=r"explanation\[0\]"):
        ExplanationDisplay.from_estimator(clf, graph())


def test_a_picture_is_drawn_on_given_axes():
    _, ax = plt.subplots()
    clf = GraphAttentionClassifier(**OPTIONS).fit(graph(), [0, 1, 0, 1, 1])
    assert explain(clf, graph()[[0]]).plot(ax) is ax


def test_the_nodes_around_a_node_have_the_colours_of_their_scores():
    clf = GraphAttentionClassifier(**OPTIONS | {"n_layers": 1})
    explanation = explain(clf.fit(graph(), [0, 1, 0, 1, 1]), graph()[[0]], of="nodes")
    around = np.unique(explanation._evidence[0].ends)
    assert len(around) < 5
    ax = explanation.plot()
    colours = ax.collections[-1].get_array()
    np.testing.assert_allclose(colours, explanation.scores[0][around])
    assert texts(ax) == {str(node) for node in around}
    assert "<canvas" in explanation.to_html()
