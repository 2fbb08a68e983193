import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from numpy.testing import assert_allclose, assert_array_equal

from skattn import Graph
from skattn.graph import layout
from skattn.inspection import GraphDisplay
from skattn.inspection._node_colors import CLASS_COLORS, UNKNOWN

# a path 0 - 1 - 2 and an isolated node
PATH = np.array([[0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 0]])
FIRST, SECOND = CLASS_COLORS[:2]


@pytest.fixture(autouse=True)
def _close_figures():
    plt.switch_backend("Agg")
    yield
    plt.close("all")


def test_graphs_and_matrices_are_laid_out():
    display = GraphDisplay.from_graph(PATH)
    assert_array_equal(display.positions, layout(PATH))
    assert display.title == "Graph of 4 nodes and 4 edges"
    assert_array_equal(
        GraphDisplay.from_graph(Graph(PATH)).positions, display.positions
    )


def test_given_positions_keep_their_proportions():
    corners = np.array([[10.0, 0], [14, 0], [14, 2], [10, 2]])
    display = GraphDisplay.from_graph(PATH, positions=corners)
    assert_allclose(display.positions, [[0, 0.25], [1, 0.25], [1, 0.75], [0, 0.75]])
    one_place = GraphDisplay.from_graph(PATH, positions=np.ones((4, 2)))
    assert_allclose(one_place.positions, np.full((4, 2), 0.5))


def test_y_is_of_the_rows_and_other_nodes_are_grey():
    display = GraphDisplay.from_graph(Graph(PATH)[[2, 0]], y=["b", "a"])
    assert display.colors.of_nodes == [FIRST, UNKNOWN, SECOND, UNKNOWN]


def test_y_and_positions_follow_the_names_of_the_nodes():
    graph = Graph(PATH, nodes=list("abcd"))
    y = pd.Series(["x", "y", "y", "x"], index=list("dcba"))
    display = GraphDisplay.from_graph(graph, y=y)
    assert display.names == list("abcd")
    assert display.colors.texts == ["x", "y", "y", "x"]


def test_labels_are_names():
    display = GraphDisplay.from_graph(PATH, labels=pd.Index([1, "1", None, 2.5]))
    assert display.names == ["1", "1", "None", "2.5"]
    assert GraphDisplay.from_graph(PATH).names is None


def test_plot_draws_edges_nodes_names_and_legend():
    display = GraphDisplay.from_graph(PATH, y=[0, 1, 1, 0], labels=list("abcd"))
    assert not hasattr(display, "ax_")
    assert display.plot() is display
    lines, dots = display.ax_.collections
    assert len(lines.get_segments()) == 2
    assert_allclose(dots.get_offsets(), display.positions)
    assert [text.get_text() for text in display.ax_.texts] == list("abcd")
    legend = display.ax_.get_legend().get_texts()
    assert [text.get_text() for text in legend] == ["0", "1"]
    assert display.figure_ is display.ax_.figure


def test_plot_takes_axes_and_options():
    _, (left, _) = plt.subplots(1, 2)
    display = GraphDisplay.from_graph(PATH).plot(left, names=False, title="again")
    assert display.ax_ is left
    assert left.get_title() == "again"
    assert not left.texts
    assert left.get_legend() is None


def test_lines_are_as_wide_as_weights():
    weights = np.array([[0, 4, 0], [0, 0, 1], [0, 0, 0]])
    display = GraphDisplay.from_graph(weights).plot()
    heavy, light = display.ax_.collections[0].get_linewidths()
    assert heavy / light == pytest.approx(1 / (0.2 + 0.8 / 4))


@pytest.mark.parametrize("n_nodes", [0, 1])
def test_graphs_of_no_node_and_one_node_are_drawn(n_nodes):
    display = GraphDisplay.from_graph(np.zeros((n_nodes, n_nodes))).plot()
    assert len(display.ax_.collections[-1].get_offsets()) == n_nodes
    assert "<!doctype html>" in display.to_html()


def test_strongest_edges_are_shown_and_the_page_says_so():
    weights = np.array([[0, 5, 1], [0, 0, 3], [0, 0, 0]])
    display = GraphDisplay.from_graph(weights, max_edges=2)
    assert_array_equal(display.edges.scores, [5, 3])
    assert "strongest 2 of 3 edges" in display.to_html()


def test_page_is_returned_and_written(tmp_path):
    display = GraphDisplay.from_graph(PATH, labels=["ä", "b", "c", "d"])
    page = display.to_html(tmp_path / "graph.html")
    assert (tmp_path / "graph.html").read_text(encoding="utf-8") == page
    assert page == display.to_html()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"y": [0, 1]}, ValueError, r"shape \(4,\), got shape \(2,\)"),
        ({"labels": ["a", "b", "c"]}, ValueError, r"one name per node \(4\), got 3"),
        ({"labels": 7}, TypeError, "labels must be a list of names, got int"),
        ({"positions": np.ones((4, 3))}, ValueError, r"shape \(4, 2\).*got \(4, 3\)"),
        ({"positions": [[0, np.nan]] * 4}, ValueError, "finite, got .*for node 0"),
        ({"positions": "circle"}, ValueError, "positions must be an array"),
        ({"max_edges": -1}, ValueError, "max_edges must be at least 0, got -1"),
        ({"max_edges": 1.5}, TypeError, "max_edges must be a whole number"),
    ],
)
def test_arguments_that_do_not_fit_are_errors(options, error, message):
    with pytest.raises(error, match=message):
        GraphDisplay.from_graph(PATH, **options)


def test_what_is_no_graph_is_an_error():
    with pytest.raises(ValueError, match="must be square"):
        GraphDisplay.from_graph(np.ones((2, 3)))
    with pytest.raises(TypeError, match="adjacency"):
        GraphDisplay.from_graph("graph")


def test_pages_and_pictures_that_are_not_drawn_need_no_matplotlib():
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from skattn.inspection import GraphDisplay\n"
        "display = GraphDisplay.from_graph([[0, 1], [1, 0]])\n"
        "print(len(display.to_html()) > 0)\n"
        "try: display.plot()\n"
        "except ImportError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        "True",
        "Pictures need matplotlib: pip install 'skattn[plot]'.",
    ]
