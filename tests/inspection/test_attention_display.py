import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import torch
from matplotlib import pyplot as plt
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skattn import AttentionEmbedder, Graph, GraphAttentionClassifier
from skattn.inspection import AttentionDisplay, attention_weights
from skattn.inspection._radial_layout import radial_layout

# edges 0 → 1, 0 → 2 and 1 → 3, and the self-loop of every node
ADJACENCY = np.array([[0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]])
X = np.array([[1.0, 0.0], [0.0, 2.0], [-1.0, 1.0], [0.5, -2.0]])
Y = [0, 1, 1, 0]
SEQUENCES = [X[:2], X[:3], X, X[1:]]


@pytest.fixture(autouse=True)
def _close_figures():
    plt.switch_backend("Agg")
    yield
    plt.close("all")


def made(**options):
    options = {
        "n_layers": 1,
        "n_heads": 2,
        "max_epochs": 2,
        "random_state": 0,
    } | options
    return GraphAttentionClassifier(**options)


def indifferent(estimator):
    """Make every score zero: weights are then 1 / number of senders."""
    with torch.no_grad():
        for name, parameter in estimator.net_.module_.named_parameters():
            if ".attention." in name and name.endswith(("attention", "edge_score")):
                parameter.zero_()
    return estimator


def on_graph(graph=None, **options):
    graph = Graph(ADJACENCY, X) if graph is None else graph
    return made(**options).fit(graph, Y), graph


def drawn(display):
    """The texts in a display's axes that are not empty, the title left out."""
    return {text.get_text() for text in display.ax_.texts} - {""}


def test_ego_picture_has_the_receiver_first_and_its_senders():
    clf, graph = on_graph()
    display = AttentionDisplay.from_estimator(indifferent(clf), graph)
    assert display.kind == "ego"
    assert display.names[0] == "0"
    assert sorted(display.names[1:]) == ["1", "2"]
    third = 1 / 3
    assert_allclose(display.weights.toarray()[0], [third, third, third], rtol=1e-6)
    assert_allclose(display.weights.toarray()[1:], 0)
    assert drawn(display) == {"1", "2"}
    assert display.ax_.get_title() == (
        "node 0: 0.33 on itself\nlayer 1 of 1, mean of 2 heads"
    )
    assert display.figure_ is display.ax_.figure


def test_two_hops_include_the_senders_of_senders():
    clf, graph = on_graph()
    display = AttentionDisplay.from_estimator(indifferent(clf), graph, hops=2)
    names, weights = display.names, display.weights.toarray()
    assert sorted(names) == ["0", "1", "2", "3"]
    assert names[3] == "3"
    one = names.index("1")
    assert_allclose(weights[one, [one, 3]], 1 / 2, rtol=1e-6)
    assert_allclose(weights[3], 0)  # a node of the last hop is no receiver


def test_a_slice_and_row_choose_the_receiver():
    clf, graph = on_graph()
    of_one = AttentionDisplay.from_estimator(clf, graph[[3, 1]], row=1)
    assert of_one.names == ["1", "3"]
    assert AttentionDisplay.from_estimator(clf, graph, node=1).names == ["1", "3"]


def test_only_the_senders_with_the_largest_weights_are_kept_and_the_node_itself():
    weighted = ADJACENCY * np.array([1, 5, 2, 1])
    clf, graph = on_graph(Graph(weighted, X))
    display = AttentionDisplay.from_estimator(indifferent(clf), graph, n_senders=1)
    assert display.names == ["0", "1"]
    # 5 of 5 + 2 for the other sender + 3.5, their mean, for the added self-loop
    assert_allclose(display.weights[0, 1], 5 / 10.5, rtol=1e-5)


def test_head_and_layer_choose_the_matrix():
    clf, graph = on_graph(n_layers=2)
    layers = attention_weights(clf, graph)
    for layer, head in [(0, 1), (1, 0), (-1, -1)]:
        display = AttentionDisplay.from_estimator(
            clf, graph, layer=layer, head=head, kind="heatmap"
        )
        assert_array_equal(display.weights.toarray(), layers[layer][head].toarray())
    mean = AttentionDisplay.from_estimator(clf, graph, kind="heatmap", layer=0)
    expected = (layers[0][0].toarray() + layers[0][1].toarray()) / 2
    assert_allclose(mean.weights.toarray(), expected, rtol=1e-6)


def test_graph_with_labels_shows_and_takes_them():
    graph = Graph(ADJACENCY, X, nodes=["ann", "bob", "cid", "dan"])
    clf, _ = on_graph(graph)
    display = AttentionDisplay.from_estimator(clf, graph, node="bob")
    assert display.names == ["bob", "dan"]
    assert display.ax_.get_title().startswith("node bob: ")
    with pytest.raises(
        ValueError, match=r"label of the graph, such as 'ann'.*got 'eve'"
    ):
        AttentionDisplay.from_estimator(clf, graph, node="eve")


def test_integer_labels_are_labels_not_positions():
    graph = Graph(ADJACENCY, X, nodes=[3, 2, 1, 0])
    clf, _ = on_graph(graph)
    assert AttentionDisplay.from_estimator(clf, graph, node=2).names == ["2", "0"]


def test_table_with_adjacency_is_an_ego_picture():
    clf = made().fit(X, Y, adjacency=ADJACENCY)
    display = AttentionDisplay.from_estimator(clf, X, adjacency=ADJACENCY, row=1)
    assert display.kind == "ego"
    assert display.names == ["1", "3"]


def joined():
    # a path a - b - c - d - e, in the order e, c, a, b, d
    edges = [("a", "b"), ("b", "c"), ("c", "d"), ("d", "e")]
    nodes = pd.Index(list("ecabd"), name="site")
    graph = Graph.from_edges(edges, nodes=nodes, directed=False)
    clf = made(graph=graph).fit(pd.DataFrame(X[:3], index=list("abc")), [0, 1, 0])
    return indifferent(clf), pd.DataFrame(X[3:], index=["d"])


def test_rows_that_join_a_graph_by_name_are_named():
    clf, row = joined()
    display = AttentionDisplay.from_estimator(clf, row)
    assert display.names == ["d", "c"]
    assert_allclose(display.weights.toarray()[0], 1 / 2, rtol=1e-6)
    of_fitted = AttentionDisplay.from_estimator(clf, row, node="b")
    assert sorted(of_fitted.names) == ["a", "b", "c"]


def test_node_without_a_row_has_no_picture():
    clf, row = joined()
    with pytest.raises(ValueError, match=r"must be evaluated.*got 'e'.*Add its row"):
        AttentionDisplay.from_estimator(clf, row, node="e")


def test_plain_table_has_a_bar_per_fitted_neighbour_and_one_for_itself():
    # on a line: fitted rows at 0, 1, 10, 11; a new one attends to its nearest two
    fitted = np.array([[0.0], [1.0], [10.0], [11.0]])
    clf = indifferent(made(n_neighbors=2).fit(fitted, Y))
    display = AttentionDisplay.from_estimator(clf, [[0.4], [10.6]], row=1)
    assert display.kind == "bars"
    labels = [tick.get_text() for tick in display.ax_.get_yticklabels()]
    assert sorted(labels) == ["fitted row 2", "fitted row 3", "itself"]
    assert_allclose([bar.get_width() for bar in display.ax_.patches], 1 / 3, rtol=1e-6)
    assert display.ax_.get_title().startswith("row 1: 0.33 on itself")


def test_bars_are_sorted_with_the_largest_at_the_top():
    clf, graph = on_graph(Graph(ADJACENCY * np.array([1, 2, 7, 1]), X))
    display = AttentionDisplay.from_estimator(indifferent(clf), graph, kind="bars")
    widths = [bar.get_width() for bar in display.ax_.patches]
    assert widths == sorted(widths)
    assert display.ax_.get_yticklabels()[-1].get_text() == "2"


def test_labels_that_read_alike_have_bars_of_their_own():
    graph = Graph(ADJACENCY, X, nodes=pd.Index(["a", 1, "1", 2], dtype=object))
    clf, _ = on_graph(graph)
    display = AttentionDisplay.from_estimator(clf, graph, node="a", kind="bars")
    labels = [tick.get_text() for tick in display.ax_.get_yticklabels()]
    assert sorted(labels) == ["1", "1", "a"]
    assert len(display.ax_.patches) == 3


def test_weights_of_zero_are_drawn():
    weights = sp.csr_array(([1.0, 0.0], ([0, 0], [0, 1])), shape=(2, 2))
    display = AttentionDisplay(weights, ["a", "b"]).plot()
    assert drawn(display) == {"b"}


def test_sequence_is_a_heat_map_over_its_steps():
    clf = indifferent(made().fit(SEQUENCES, Y))
    display = AttentionDisplay.from_estimator(clf, SEQUENCES, row=1)
    assert display.kind == "heatmap"
    assert_allclose(display.weights.toarray(), np.full((3, 3), 1 / 3), rtol=1e-6)
    (image,) = display.ax_.images
    assert image.get_array().shape == (3, 3)
    assert display.ax_.get_xlabel() == "sender (step)"
    assert display.ax_.get_ylabel() == "receiver (step)"


def test_heat_map_is_blank_where_there_is_no_edge():
    clf, graph = on_graph()
    display = AttentionDisplay.from_estimator(clf, graph, kind="heatmap")
    (image,) = display.ax_.images
    assert_array_equal(image.get_array().mask, (ADJACENCY + np.eye(4)) == 0)


def test_graph_of_a_list_is_a_heat_map_and_each_node_an_ego_picture():
    graphs = [Graph(ADJACENCY, X), Graph(ADJACENCY.T, X, nodes=list("abcd"))]
    clf = indifferent(made().fit(graphs, [0, 1]))
    whole = AttentionDisplay.from_estimator(clf, graphs, row=1)
    assert whole.names == list("abcd")
    assert_allclose(whole.weights.toarray()[1], [1 / 2, 1 / 2, 0, 0], rtol=1e-6)
    one = AttentionDisplay.from_estimator(clf, graphs, row=1, node="d")
    assert one.kind == "ego"
    assert one.names == ["d", "b"]


def test_embedder_has_a_display_too():
    graph = Graph(ADJACENCY, X)
    embedder = AttentionEmbedder(max_epochs=2, random_state=0).fit(graph)
    assert AttentionDisplay.from_estimator(embedder, graph, node=1).names == ["1", "3"]


def test_isolated_node_is_drawn_alone():
    clf, graph = on_graph()
    display = AttentionDisplay.from_estimator(clf, graph, node=3)
    assert display.names == ["3"]
    assert_allclose(display.weights.toarray(), [[1]], rtol=1e-6)


def test_plot_draws_on_given_axes_and_draws_again():
    clf, graph = on_graph()
    _, (left, right) = plt.subplots(1, 2)
    display = AttentionDisplay.from_estimator(clf, graph, ax=left, colorbar=False)
    assert display.ax_ is left
    assert display.plot(right, title="again", cmap="magma") is display
    assert display.ax_ is right
    assert right.get_title() == "again"
    # one colour bar, of the second picture
    assert len(display.figure_.axes) == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layer": 1}, r"layer must be an int in -1 \.\. 0, got 1"),
        ({"layer": None}, r"layer must be an int in -1 \.\. 0, got None"),
        ({"head": 2}, r"head must be an int in -2 \.\. 1, got 2"),
        ({"node": 4}, r"node must be an int in 0 \.\. 3, got 4"),
        ({"node": "a"}, r"node must be an int in 0 \.\. 3, got 'a'"),
        ({"row": 4}, r"row must be an int in 0 \.\. 3, got 4"),
        ({"row": True}, r"row must be an int in 0 \.\. 3, got True"),
        ({"hops": 0}, r"hops must be an int of at least 1, got 0"),
        ({"n_senders": 0}, r"n_senders must be an int of at least 1, got 0"),
        ({"kind": "pie"}, r"kind must be 'auto' or one of .*'ego'.*, got 'pie'"),
    ],
)
def test_choices_that_do_not_exist_are_errors(options, message):
    clf, graph = on_graph()
    with pytest.raises(ValueError, match=message):
        AttentionDisplay.from_estimator(clf, graph, **options)


def test_pictures_that_do_not_exist_are_errors(monkeypatch):
    table = made(n_neighbors=2).fit(X, Y)
    with pytest.raises(ValueError, match=r"got a plain table and node=1.*row="):
        AttentionDisplay.from_estimator(table, X, node=1)
    with pytest.raises(ValueError, match=r"got a plain table\. Use kind='bars'"):
        AttentionDisplay.from_estimator(table, X, kind="heatmap")
    sequences = made().fit(SEQUENCES, Y)
    with pytest.raises(ValueError, match=r"kind='ego' needs one receiver.*node="):
        AttentionDisplay.from_estimator(sequences, SEQUENCES, kind="ego")
    monkeypatch.setattr("skattn.inspection._shown_graph.MOST_NODES", 3)
    with pytest.raises(ValueError, match=r"at most 3 nodes, got 4"):
        AttentionDisplay.from_estimator(sequences, SEQUENCES, row=2)


def test_other_estimators_are_errors():
    graph = Graph(ADJACENCY, X)
    with pytest.raises(NotFittedError):
        AttentionDisplay.from_estimator(made(), graph)
    with pytest.raises(TypeError, match="got StandardScaler"):
        AttentionDisplay.from_estimator(StandardScaler(), X)


def test_a_pipeline_shows_the_attention_of_its_last_step():
    pipeline = make_pipeline(StandardScaler(), made(n_neighbors=2)).fit(X, Y)
    shown = AttentionDisplay.from_estimator(pipeline, X)
    last = AttentionDisplay.from_estimator(pipeline[-1], pipeline[0].transform(X))
    assert (shown.weights != last.weights).nnz == 0


def test_layout_puts_senders_on_rings_by_distance():
    # 0 attends to 1 and 2, 1 to 3 and 4: leaves 3, 4 and 2 share the circle
    weights = Graph.from_edges(
        [(0, 0), (0, 1), (0, 2), (1, 3), (1, 4)], nodes=5
    ).adjacency
    places = radial_layout(weights)
    assert_allclose(np.hypot(*places.T), [0, 1, 1, 2, 2], atol=1e-12)
    turns = (90 - np.degrees(np.arctan2(places[:, 1], places[:, 0]))) % 360
    assert_allclose(turns[1:], [60, 240, 0, 120], atol=1e-9)


def test_importing_inspection_loads_no_matplotlib():
    code = "import skattn.inspection, sys; print('matplotlib' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_missing_matplotlib_is_explained(monkeypatch):
    clf, graph = on_graph()
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"pip install 'skattn\[plot\]'"):
        AttentionDisplay.from_estimator(clf, graph)
