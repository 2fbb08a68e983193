"""Picture of the steps in which a graph grows."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_rgb
from numpy.testing import assert_allclose
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from skattn import AttentionGraphGenerator, Graph
from skattn.inspection import GrowthAttentionDisplay, growth_attention
from skattn.inspection._growth_picture import LATER, NEW
from skattn.preprocessing import MoleculeGraph

FAST = {
    "max_epochs": 2, "hidden_dim": 8, "n_heads": 2, "n_layers": 2, "random_state": 0,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _close_figures():
    plt.switch_backend("Agg")
    yield
    plt.close("all")


def path(n, **parts):
    return Graph(np.eye(n, k=1) + np.eye(n, k=-1), **parts)


@pytest.fixture(scope="module")
def fitted():
    return AttentionGraphGenerator(**FAST).fit([path(3), path(4), path(20)] * 2)


@pytest.fixture(scope="module")
def chemist():
    model = make_pipeline(MoleculeGraph(derived=False), AttentionGraphGenerator(**FAST))
    return model.fit(["CCO", "CC=O", "C[N+](=O)[O-]", "C1CC1"])


def texts(display):
    return [text.get_text() for text in display.ax_.texts]


def test_every_step_is_drawn_with_its_probability(fitted):
    display = GrowthAttentionDisplay.from_estimator(fitted, path(3))
    p = np.exp(display.growth.log_p)
    order = display.growth.order
    assert texts(display) == [
        *(f"{t}: {order[t]}, p = {p[t]:.2f}" for t in range(3)),
        f"end: p = {p[3]:.2f}",
    ]
    assert display.figure_ is display.ax_.figure


def test_nodes_have_the_names_of_the_graph(fitted):
    display = GrowthAttentionDisplay.from_estimator(
        fitted, path(3, nodes=["a", "b", "c"]), steps=[-2]
    )
    (name,) = {"abc"[display.growth.order[2]]}
    assert texts(display)[0].startswith(f"2: {name}, p")


def test_many_steps_are_chosen_evenly_from_the_first_to_the_end(fitted):
    display = GrowthAttentionDisplay.from_estimator(fitted, path(20))
    assert len(texts(display)) == 12
    assert texts(display)[0].startswith("0: ")
    assert texts(display)[-1].startswith("end: ")


def test_colours_are_weights_as_shares_of_the_largest(fitted):
    growth = growth_attention(fitted, path(3))
    display = GrowthAttentionDisplay(growth, layer=1, head=0)
    display.plot(steps=[2], cmap="Greys")
    (points,) = [c for c in display.ax_.collections if isinstance(c, PathCollection)]
    colors = points.get_facecolors()[:, :3]
    older, last = growth.order[:2], growth.order[2]
    assert_allclose(colors[last], NEW)
    weights = growth.weights[2, 1, 0, older]
    cmap = plt.get_cmap("Greys")
    assert_allclose(colors[older[np.argmax(weights)]], cmap(0.7)[:3], atol=0.01)
    share = 0.7 * weights.min() / weights.max()
    assert_allclose(colors[older[np.argmin(weights)]], cmap(share)[:3], atol=0.01)
    lines = [c for c in display.ax_.collections if isinstance(c, LineCollection)]
    n_lines = [len(each.get_segments()) for each in lines]  # later, old, new; both ways
    assert n_lines == [0, 2, 2]


def test_later_nodes_and_edges_are_pale(fitted):
    display = GrowthAttentionDisplay.from_estimator(fitted, path(3), steps=[0])
    (points,) = [c for c in display.ax_.collections if isinstance(c, PathCollection)]
    later = display.growth.order[1:]
    assert_allclose(points.get_facecolors()[later, :3], np.broadcast_to(LATER, (2, 3)))


def test_labels_of_nodes_are_outlines_with_a_legend():
    graph = path(3, X=[["C"], ["O"], ["C"]])
    generator = AttentionGraphGenerator(**FAST).fit([graph, graph])
    display = GrowthAttentionDisplay.from_estimator(generator, graph, steps=[-1])
    entries = display.ax_.get_legend().get_texts()
    assert [text.get_text() for text in entries] == ["C", "O"]
    (points,) = [c for c in display.ax_.collections if isinstance(c, PathCollection)]
    outline = points.get_edgecolors()[:, :3]
    assert_allclose(outline[0], outline[2])
    assert not np.allclose(outline[0], outline[1])


# ---- molecules -----------------------------------------------------------------------


def is_near(image, color):
    return (np.abs(image[..., :3] - to_rgb(color)) < 0.02).all(-1)


def test_molecules_are_drawn_by_rdkit(chemist):
    display = GrowthAttentionDisplay.from_estimator(chemist, "C[N+](=O)[O-]")
    assert len(display.ax_.images) == 5
    assert texts(display)[0].startswith("0: p = ")
    images = [np.asarray(image.get_array()) for image in display.ax_.images]
    new = [is_near(image, NEW).mean() for image in images]
    assert min(new[:-1]) > 0.001
    assert new[-1] == 0  # the end adds no atom


def test_atoms_keep_their_place(chemist):
    display = GrowthAttentionDisplay.from_estimator(chemist, "CCO")
    images = [np.asarray(image.get_array()) for image in display.ax_.images]
    for before, after in pairwise(images):
        drawn = (before[..., :3] < 0.99).any(-1)
        assert (after[drawn][..., :3] < 0.999).any(-1).mean() > 0.9


def test_graph_that_rdkit_refuses_is_drawn_as_a_graph(chemist):
    carbon = chemist[:-1].transform(["CC"])[0].X[:1]
    crowded = Graph(
        np.ones((6, 6)) - np.eye(6), np.tile(carbon, (6, 1)),
        edge_features=np.ones((30, 1), np.float32),
    )  # fmt: skip
    growth = replace(growth_attention(chemist[-1], crowded), is_molecule=True)
    display = GrowthAttentionDisplay(growth).plot()
    assert not display.ax_.images
    assert len(texts(display)) == 7
    with pytest.raises(ValueError, match="must be a molecule"):
        display.plot(molecule=True)


def test_a_molecule_of_a_generator_alone_is_a_graph_unless_asked(chemist):
    (ethanol,) = chemist[:-1].transform(["CCO"])
    display = GrowthAttentionDisplay.from_estimator(chemist[-1], ethanol)
    assert not display.ax_.images
    assert display.plot(molecule=True).ax_.images


# ---- arguments -----------------------------------------------------------------------


def test_existing_axes_are_used(fitted):
    _, ax = plt.subplots()
    growth = growth_attention(fitted, path(3))
    display = GrowthAttentionDisplay(growth).plot(ax, title="growth", n_columns=2)
    assert display.ax_ is ax
    assert ax.get_title() == "growth"
    assert ax.get_xlim() == (0, 2)


def test_arguments_are_checked(fitted):
    growth = growth_attention(fitted, path(3))
    with pytest.raises(ValueError, match="layer must be an int"):
        GrowthAttentionDisplay(growth, layer=5)
    display = GrowthAttentionDisplay(growth)
    with pytest.raises(ValueError, match=r"step must be an int in -4 \.\. 3, got 4"):
        display.plot(steps=[4])
    with pytest.raises(ValueError, match="at least one step"):
        display.plot(steps=[])
    with pytest.raises(ValueError, match="n_columns"):
        display.plot(n_columns=0)
    with pytest.raises(ValueError, match="molecule must be"):
        display.plot(molecule="always")
    with pytest.raises(ValueError, match="node features"):
        display.plot(molecule=True)
    with pytest.raises(NotFittedError):
        GrowthAttentionDisplay.from_estimator(AttentionGraphGenerator(), path(3))
