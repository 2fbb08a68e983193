import numpy as np
import pytest

from skattn import Graph
from skattn.metrics import _graph_mmd, graph_mmd, graph_statistics

PATH = Graph([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
TRIANGLE = Graph([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
EMPTY = Graph(np.zeros((3, 3)))


def of_two(distance, sigma):
    """Return the MMD² of two graphs at a distance."""
    return 2 - 2 * np.exp(-(distance**2) / (2 * sigma**2))


# A node of the path has 4/3 edges on average, is at the end of 2/3 paths, in the middle
# of 1/3, and in no triangle; one of the triangle has the numbers 2, 0, 0 and 1.
ORBIT_GAPS = np.array([2, 2, 1, 3]) / 3


@pytest.mark.parametrize(
    ("statistic", "kernel", "distance", "sigma"),
    [
        ("degree", "emd", 2 / 3, 1),
        ("degree", "tv", 2 / 3, 1),
        ("degree", "rbf", np.sqrt(8) / 3, 1),
        ("clustering", "emd", 0.99, 0.1),  # from the first of 100 bins to the last
        ("clustering", "tv", 1, 0.1),
        ("clustering", "rbf", np.sqrt(2), 0.1),
        ("orbit", "emd", np.sqrt(2), 30),
        ("orbit", "rbf", np.linalg.norm(ORBIT_GAPS), 30),
        ("orbit", "tv", ORBIT_GAPS.sum() / 2, 30),
    ],
)
def test_two_graphs_have_the_distance_computed_by_hand(
    statistic, kernel, distance, sigma
):
    found = graph_mmd([PATH], [TRIANGLE], statistic=statistic, kernel=kernel)
    assert found == pytest.approx(of_two(distance, sigma), rel=1e-9)


def test_the_spectrum_is_compared_by_bins():
    rows = graph_statistics([PATH, TRIANGLE], "spectrum")
    gaps = np.cumsum(rows[0]) - np.cumsum(rows[1])
    expected = of_two(np.abs(gaps).sum(), 1)
    assert graph_mmd([PATH], [TRIANGLE], statistic="spectrum") == pytest.approx(
        expected
    )


def test_sigma_replaces_the_published_bandwidth():
    found = graph_mmd([PATH], [TRIANGLE], sigma=2)
    assert found == pytest.approx(of_two(2 / 3, 2))


def test_all_pairs_count_and_those_of_a_graph_with_itself_unless_unbiased():
    # distances: path and triangle 2/3, triangle and empty 2, path and empty 4/3
    k = {d: np.exp(-(d**2) / 2) for d in (2 / 3, 4 / 3, 2)}
    samples, reference = [PATH, TRIANGLE], [EMPTY, EMPTY, TRIANGLE]
    between = (2 * k[4 / 3] + k[2 / 3] + 2 * k[2] + 1) / 6
    biased = (2 + 2 * k[2 / 3]) / 4 + (5 + 4 * k[2]) / 9 - 2 * between
    assert graph_mmd(samples, reference) == pytest.approx(biased)
    unbiased = k[2 / 3] + (2 + 4 * k[2]) / 6 - 2 * between
    assert graph_mmd(samples, reference, unbiased=True) == pytest.approx(unbiased)


@pytest.mark.parametrize("kernel", ["emd", "tv", "rbf"])
def test_equal_lists_have_no_distance_and_order_does_not_matter(random_graphs, kernel):
    graphs, others = random_graphs(8), random_graphs(5, seed=1)
    assert graph_mmd(graphs, graphs[::-1], kernel=kernel) == pytest.approx(0, abs=1e-12)
    forth, back = (
        graph_mmd(*lists, kernel=kernel)
        for lists in ((graphs, others), (others, graphs))
    )
    assert forth == pytest.approx(back)
    assert forth > 1e-3


def test_blocks_of_distances_give_the_same(random_graphs, monkeypatch):
    graphs, others = random_graphs(8), random_graphs(5, seed=1)
    expected = graph_mmd(graphs, others, statistic="orbit")
    monkeypatch.setattr(_graph_mmd, "_BLOCK", 11)
    found = graph_mmd(graphs, others, statistic="orbit")
    assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"kernel": "gaussian"}, ValueError, "kernel must be one of"),
        ({"statistic": "size"}, ValueError, "statistic must be one of"),
        ({"sigma": 0}, ValueError, "sigma must be positive and finite, got 0"),
        ({"sigma": "1"}, TypeError, "sigma must be a number or None"),
        ({"unbiased": True}, ValueError, "two graphs in each list, got 1 samples"),
    ],
)
def test_unknown_options_are_errors(options, error, message):
    with pytest.raises(error, match=message):
        graph_mmd([PATH], [TRIANGLE], **options)


def test_an_empty_list_is_an_error_that_names_it():
    with pytest.raises(ValueError, match="reference must hold at least one graph"):
        graph_mmd([PATH], [])
