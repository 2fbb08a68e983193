import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial import cKDTree
from scipy.spatial.distance import pdist

from skattn import Graph
from skattn.datasets import make_communities
from skattn.graph import layout


def undirected(edges, n_nodes):
    ends = np.array(edges).T
    one_way = sp.csr_array((np.ones(len(edges)), ends), (n_nodes, n_nodes))
    return one_way + one_way.T


def path(n_nodes):
    return undirected([(i, i + 1) for i in range(n_nodes - 1)], n_nodes)


def ring(n_nodes):
    return undirected([(i, (i + 1) % n_nodes) for i in range(n_nodes)], n_nodes)


def star(n_leaves):
    return undirected([(0, i + 1) for i in range(n_leaves)], n_leaves + 1)


def lengths(adjacency, places):
    edges = adjacency.tocoo()
    return np.linalg.norm(places[edges.row] - places[edges.col], axis=1)


def test_no_node_one_node_and_two_nodes():
    assert layout(np.zeros((0, 0))).shape == (0, 2)
    assert_array_equal(layout([[0]]), [[0.5, 0.5]])
    assert_array_equal(layout([[3]]), [[0.5, 0.5]])  # a self-loop
    pair = layout([[0, 1], [1, 0]])
    assert_allclose(pair[pair[:, 0].argsort()], [[0, 0.5], [1, 0.5]], atol=1e-9)


def test_three_nodes_of_a_path_are_in_their_order_on_a_line():
    places = layout(path(3))
    assert_allclose(places[:, 1], 0.5, atol=0.01)
    assert_allclose(sorted(places[[0, 2], 0]), [0, 1], atol=1e-6)
    assert_allclose(places[1], [0.5, 0.5], atol=0.05)


def test_triangle_has_equal_sides_and_a_ring_of_four_is_a_square():
    sides = pdist(layout(ring(3)))
    assert sides.max() < 1.01 * sides.min()
    places = layout(ring(4))
    sides = lengths(ring(4), places)
    assert sides.max() < 1.01 * sides.min()
    diagonals = np.linalg.norm(places[:2] - places[2:], axis=1)
    assert_allclose(diagonals, np.sqrt(2) * sides.mean(), rtol=0.02)


def test_hub_of_a_star_is_in_the_middle():
    places = layout(star(20))
    assert_allclose(places[0], places[1:].mean(axis=0), atol=0.1)
    assert lengths(star(20), places).min() > 0.1


def test_ring_is_round():
    places = layout(ring(30))
    radius = np.linalg.norm(places - places.mean(axis=0), axis=1)
    assert radius.min() > 0.7 * radius.max()


def test_long_path_and_grid_are_unfolded():
    places = layout(path(600))
    assert lengths(path(600), places).max() < 0.06
    # nodes far apart on the path are not drawn on top of each other
    gaps, _ = cKDTree(places).query(places, 2)
    assert gaps[:, 1].min() > 0.1 * np.median(gaps[:, 1])
    grid = sp.kronsum(path(21), path(21)).tocsr()
    places = layout(grid)
    corners = places[[0, 20, 420, 440]]
    inner = places[220]
    assert np.linalg.norm(corners - inner, axis=1).min() > 0.3
    assert lengths(grid, places).max() < 0.12


def test_communities_are_apart():
    graph, y = make_communities(600, 6, p_within=0.1, p_between=0.002, random_state=0)
    places = layout(graph)
    _, nearest = cKDTree(places).query(places, 6)
    assert np.mean(y[nearest[:, 1:]] == y[:, None]) > 0.95


def test_components_do_not_overlap():
    parts = [ring(8), path(6), star(5), sp.csr_array((3, 3)), ring(5)]
    sizes = [part.shape[0] for part in parts]
    places = layout(sp.block_diag(parts, format="csr"))
    numbers = [0] * 8 + [1] * 6 + [2] * 6 + [3, 4, 5] + [6] * 5
    assert len(numbers) == sum(sizes)
    boxes = []
    for number in range(7):
        own = places[np.array(numbers) == number]
        boxes.append((own.min(axis=0), own.max(axis=0)))
    for k, (low, high) in enumerate(boxes):
        for other_low, other_high in boxes[:k]:
            assert (low > other_high).any() or (other_low > high).any()


@settings(max_examples=25, deadline=None)
@given(
    n_nodes=st.integers(1, 40),
    density=st.floats(0, 0.4),
    seed=st.integers(0, 1000),
)
def test_every_graph_fills_the_square_and_no_two_nodes_coincide(n_nodes, density, seed):
    rng = np.random.default_rng(seed)
    adjacency = sp.csr_array(rng.random((n_nodes, n_nodes)) < density, dtype=float)
    places = layout(adjacency)
    assert places.shape == (n_nodes, 2)
    assert places.min() >= 0
    assert places.max() <= 1
    if n_nodes > 1:
        assert_allclose(np.ptp(places, axis=0).max(), 1)
        assert pdist(places).min() > 1e-3
    assert_array_equal(layout(adjacency), places)


def test_directions_self_loops_and_the_scale_of_weights_do_not_count():
    graph, _ = make_communities(60, 3, random_state=0)
    places = layout(graph)
    upper = sp.triu(graph.adjacency, format="csr")
    loops = sp.eye_array(60, format="csr")
    assert_array_equal(layout(upper), places)
    assert_array_equal(layout(upper.T + loops), places)
    assert_allclose(layout(4 * graph.adjacency), places)
    assert_array_equal(layout(graph.adjacency.toarray()), places)
    assert_array_equal(layout(graph[:5]), places)  # a view: the whole graph


def test_heavy_edges_are_shorter():
    # a path of heavy edges, each end of which has light edges to all nodes
    light = np.full((12, 12), 0.05) - 0.05 * np.eye(12)
    places = layout(light + path(12).toarray())
    gaps = np.linalg.norm(places[:, None] - places, axis=-1)
    heavy = path(12).toarray() > 0
    assert gaps[heavy].mean() < 0.5 * gaps[~heavy & ~np.eye(12, dtype=bool)].mean()


def test_other_random_states_give_other_drawings():
    adjacency = ring(12)
    assert_array_equal(layout(adjacency, random_state=0), layout(adjacency))
    other = layout(adjacency, random_state=1)
    assert not np.allclose(other, layout(adjacency))
    rng = np.random.RandomState(1)
    assert_array_equal(layout(adjacency, random_state=rng), other)


def test_numbers_of_threads_do_not_count():
    code = (
        "import hashlib\n"
        "import numpy as np\n"
        "from skattn.graph import layout\n"
        "edges = np.random.default_rng(0).random((700, 700)) < 0.004\n"
        "print(hashlib.sha256(layout(edges).tobytes()).hexdigest())"
    )
    found = set()
    for n_threads in "12":
        names = ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"]
        settings = "; ".join(f"os.environ[{name!r}] = {n_threads!r}" for name in names)
        done = subprocess.run(
            [sys.executable, "-c", f"import os; {settings}\n{code}"],
            capture_output=True,
            text=True,
            check=True,
        )
        found.add(done.stdout)
    assert len(found) == 1


@pytest.mark.parametrize(
    ("adjacency", "error", "message"),
    [
        (np.ones((2, 3)), ValueError, "must be square"),
        ([[0, -1], [-1, 0]], ValueError, "must not be negative"),
        ([[0, np.nan], [0, 0]], ValueError, "must be finite"),
        ([["a", "b"], ["c", "d"]], TypeError, "must be numbers"),
    ],
)
def test_what_is_no_adjacency_is_an_error(adjacency, error, message):
    with pytest.raises(error, match=message):
        layout(adjacency)


def test_frames_are_aligned_by_name():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(path(3).toarray(), index=list("abc"), columns=list("abc"))
    assert_array_equal(layout(frame[["c", "a", "b"]]), layout(path(3)))
    assert_array_equal(layout(Graph(frame)), layout(path(3)))
