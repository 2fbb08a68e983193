import sys

import numpy as np
import pytest
from matplotlib import pyplot as plt
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.pipeline import make_pipeline

from skattn import Graph
from skattn.graph import graphs_from_smiles, layout
from skattn.inspection import GraphSamplesDisplay
from skattn.inspection._node_colors import CLASS_COLORS, PLAIN
from skattn.preprocessing import MoleculeGraph

PATH = Graph([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
EDGE = Graph([[0, 1], [1, 0]])
FIRST, SECOND, THIRD = CLASS_COLORS[:3]


@pytest.fixture(autouse=True)
def _close_figures():
    plt.switch_backend("Agg")
    yield
    plt.close("all")


class Copies(BaseEstimator):
    """A generator that draws its training graphs."""

    def fit(self, X, y=None):
        self.graphs_ = list(X)
        return self

    def sample(self, n_samples=1, *, random_state=None, first=None):
        rng = np.random.RandomState(random_state)
        if first is not None:
            return [self.graphs_[first]] * n_samples
        return [self.graphs_[k] for k in rng.randint(len(self.graphs_), size=n_samples)]


class Same(TransformerMixin, BaseEstimator):
    """A step without an inverse."""

    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def transform(self, X):
        return X


def test_graphs_are_laid_out_one_by_one():
    display = GraphSamplesDisplay.from_graphs([PATH, EDGE])
    assert_array_equal(display.positions[0], layout(PATH))
    assert [len(edges) for edges in display.edges] == [2, 1]
    assert display.colors.of_nodes == [PLAIN] * 5
    assert display.smiles == [None, None]


def test_equal_features_have_one_color_in_all_graphs():
    graphs = [
        Graph(PATH.adjacency, [["C"], ["O"], ["C"]]),
        Graph(EDGE.adjacency, [["N"], ["O"]]),
    ]
    display = GraphSamplesDisplay.from_graphs(graphs)
    assert display.colors.of_nodes == [FIRST, THIRD, FIRST, SECOND, THIRD]
    assert [text for text, _ in display.colors.legend] == ["C", "N", "O"]


def test_several_columns_are_one_label():
    graph = Graph(PATH.adjacency, [[6.0, 0], [8, 0], [8, -1]])
    colors = GraphSamplesDisplay.from_graphs([graph]).colors
    assert [text for text, _ in colors.legend] == ["6, 0", "8, -1", "8, 0"]
    wide = Graph(PATH.adjacency, np.eye(3, 6))
    colors = GraphSamplesDisplay.from_graphs([wide]).colors
    assert len(set(colors.of_nodes)) == 3
    assert all(text.startswith("label ") for text, _ in colors.legend)


def test_plot_places_graphs_in_rows():
    display = GraphSamplesDisplay.from_graphs([PATH, EDGE, EDGE])
    assert display.plot(n_columns=2, title="three") is display
    lines, dots = display.ax_.collections
    assert len(lines.get_segments()) == 4
    cells = np.floor(dots.get_offsets())
    assert_array_equal(cells, [[0, 0]] * 3 + [[1, 0]] * 2 + [[0, 1]] * 2)
    assert display.ax_.get_xlim() == (0, 2)
    assert display.ax_.get_ylim() == (2, 0)
    assert display.ax_.get_title() == "three"
    assert display.figure_ is display.ax_.figure


def test_graphs_stand_upright_and_keep_a_margin():
    display = GraphSamplesDisplay.from_graphs([PATH]).plot()
    x, y = layout(PATH).T
    expected = 0.1 + 0.8 * np.column_stack([x, 1 - y])
    assert_allclose(display.ax_.collections[-1].get_offsets(), expected)


def test_plot_takes_axes_and_graphs_without_edges():
    _, (left, _) = plt.subplots(1, 2)
    display = GraphSamplesDisplay.from_graphs([Graph([[0]])]).plot(left)
    assert display.ax_ is left
    assert len(left.collections[-1].get_offsets()) == 1


def test_samples_are_drawn_from_an_estimator():
    generator = Copies().fit([PATH, EDGE])
    display = GraphSamplesDisplay.from_estimator(generator, 5, random_state=0)
    expected = [g.n_nodes for g in generator.sample(5, random_state=0)]
    assert list(map(len, display.positions)) == expected
    display = GraphSamplesDisplay.from_estimator(generator, 3, first=1)
    assert list(map(len, display.positions)) == [2, 2, 2]


def test_steps_without_an_inverse_leave_graphs():
    model = make_pipeline(Same(), Copies()).fit([PATH, EDGE])
    display = GraphSamplesDisplay.from_estimator(model, 2, random_state=0)
    assert display.smiles == [None, None]


def test_molecules_of_a_pipeline_are_drawn_by_rdkit():
    pytest.importorskip("rdkit")
    model = make_pipeline(MoleculeGraph(derived=False), Copies())
    model.fit(["OCC", "c1ccccc1"])
    display = GraphSamplesDisplay.from_estimator(model, 2, first=0)
    assert display.smiles == ["CCO", "CCO"]
    display.plot()
    assert [image.get_extent()[:2] for image in display.ax_.images] == [[0, 1], [1, 2]]
    assert display.ax_.get_legend() is None


def test_what_is_no_molecule_is_drawn_as_a_graph():
    pytest.importorskip("rdkit")
    ethanol, carbon = graphs_from_smiles(["CCO", "C"], derived=False)
    broken = Graph(EDGE.adjacency, [[6, 0, 0], [9, 0, 0]], edge_features=[4, 4])
    graphs = [ethanol, broken, carbon]
    display = GraphSamplesDisplay.from_graphs(graphs, smiles=["CCO", None, "C"]).plot()
    assert len(display.ax_.images) == 2
    dots = display.ax_.collections[-1]
    assert_array_equal(np.floor(dots.get_offsets()), [[1, 0]] * 2)
    legend = display.ax_.get_legend().get_texts()
    assert "9, 0, 0" in [text.get_text() for text in legend]


def test_arguments_that_do_not_fit_are_errors():
    with pytest.raises(ValueError, match="graphs must hold at least one graph"):
        GraphSamplesDisplay.from_graphs([])
    with pytest.raises(ValueError, match=r"one text or None per graph \(1\), got 2"):
        GraphSamplesDisplay.from_graphs([PATH], smiles=["C", None])
    with pytest.raises(TypeError, match="smiles must be a list of texts"):
        GraphSamplesDisplay.from_graphs([PATH], smiles="C")
    with pytest.raises(TypeError, match=r"must have a method sample.*got Same"):
        GraphSamplesDisplay.from_estimator(Same())
    with pytest.raises(TypeError, match=r"must have a method sample.*got Same"):
        GraphSamplesDisplay.from_estimator(make_pipeline(Same()))
    with pytest.raises(ValueError, match="n_samples must be at least 1, got 0"):
        GraphSamplesDisplay.from_estimator(Copies(), 0)


def test_texts_that_are_no_smiles_are_errors(capfd):
    pytest.importorskip("rdkit")
    with pytest.raises(ValueError, match=r"must be valid, got 'C\(' for graph 1"):
        GraphSamplesDisplay.from_graphs([PATH, PATH], smiles=["C", "C("])
    assert capfd.readouterr().err == ""


def test_pictures_that_are_not_drawn_need_no_matplotlib(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    display = GraphSamplesDisplay.from_graphs([EDGE])
    with pytest.raises(ImportError, match=r"pip install 'skattn\[plot\]'"):
        display.plot()
