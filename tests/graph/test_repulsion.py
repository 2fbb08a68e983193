import numpy as np
import pytest
from numpy.testing import assert_allclose

from skattn.graph import _repulsion
from skattn.graph._repulsion import SOFTENING, Mesh, repulsion_of


def test_two_nodes_repel_each_other_by_their_masses_over_their_distance():
    forces = repulsion_of(np.array([2.0, 5.0]))(np.array([[0.0, 0], [3, 4]]))
    size = 2 * 5 / (25 + SOFTENING**2)
    assert_allclose(forces, [[-3 * size, -4 * size], [3 * size, 4 * size]])


def test_nodes_at_one_place_do_not_repel_each_other():
    assert_allclose(repulsion_of(np.ones(3))(np.ones((3, 2))), 0)


def test_mesh_agrees_with_all_pairs():
    rng = np.random.default_rng(0)
    grid = np.stack(np.meshgrid(range(30), range(30)), -1).reshape(-1, 2)
    places = 3.0 * grid + rng.uniform(-1, 1, grid.shape)
    masses = rng.uniform(0.5, 2, 900)
    exact = np.zeros((900, 2))
    for node in range(900):
        away = places[node] - places
        squares = np.sum(away**2, axis=1) + 1e-12
        pushes = masses[node] * masses[:, None] * away / squares[:, None]
        exact[node] = pushes.sum(axis=0)
    error = Mesh(masses).forces(places) - exact
    assert np.linalg.norm(error) < 0.05 * np.linalg.norm(exact)
    # of action and reaction
    assert np.abs(Mesh(masses).forces(places).sum(axis=0)).max() < 1e-2


def test_mesh_is_for_many_nodes(monkeypatch):
    monkeypatch.setattr(_repulsion, "MOST_PAIRED", 3)
    places = np.array([[0.0, 0], [1, 0], [0, 1], [9, 9]])
    assert repulsion_of(np.ones(4)).__self__.side == 4
    assert repulsion_of(np.ones(4))(places).shape == (4, 2)


@pytest.mark.parametrize("places", [np.zeros((5, 2)), np.outer(range(5), [1.0, 0])])
def test_mesh_of_one_place_and_of_a_line_is_finite(places):
    assert np.isfinite(Mesh(np.ones(len(places))).forces(places)).all()
