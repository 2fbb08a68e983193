import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skattn import Graph
from skattn.datasets import make_community_graphs, make_trees
from skattn.graph import graphs_from_smiles, smiles_from_graphs
from skattn.metrics import (
    generation_report,
    graph_mmd,
    is_novel,
    is_unique,
)

PATH = Graph([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
OTHER_PATH = Graph([[0, 1, 1], [1, 0, 0], [1, 0, 0]])
TRIANGLE = Graph([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
PIECES = Graph([[0, 1, 0], [1, 0, 0], [0, 0, 0]])


def is_tree(graph):
    return graph.n_edges == 2 * (graph.n_nodes - 1)


@pytest.fixture(scope="module")
def communities():
    graphs, _ = make_community_graphs(60, max_nodes=14, random_state=0)
    return graphs[:20], graphs[20:30], graphs[30:]


def test_shares_are_counted_by_hand():
    report = generation_report(
        [PATH, OTHER_PATH, PIECES, TRIANGLE],
        [TRIANGLE, TRIANGLE],
        [OTHER_PATH, TRIANGLE],
        valid=is_tree,
    )
    expected = {
        "connected": (3 / 4, 1),
        "valid": (1 / 2, 0),  # both paths
        "unique": (1 / 2, np.nan),  # of the valid ones
        "novel": (0, np.nan),
        "valid_unique_novel": (0, 0),
    }
    for key, (of_samples, of_real) in expected.items():
        assert_array_equal(report.samples[key], of_samples, key)
        assert_array_equal(report.real[key], of_real, key)
        assert np.isnan(report.real_std[key])


def test_without_validity_all_graphs_count():
    samples, train = [PATH, OTHER_PATH, PIECES, TRIANGLE], [OTHER_PATH, TRIANGLE]
    report = generation_report(samples, [TRIANGLE, TRIANGLE], train)
    assert (report.samples["unique"], report.samples["novel"]) == (3 / 4, 1 / 4)
    assert (report.real["unique"], report.real["novel"]) == (1 / 2, 0)


def test_an_identity_replaces_isomorphism_and_says_what_is_valid():
    def name_of(graphs):  # the number of edges, if there is no isolated node
        return [g.n_edges if all(np.diff(g.adjacency.indptr)) else None for g in graphs]

    samples = [PATH, OTHER_PATH, PIECES, TRIANGLE, Graph([[0, 1], [1, 0]])]
    report = generation_report(samples, [PATH], [PATH], identity=name_of)
    assert report.samples["valid"] == 4 / 5
    assert report.samples["unique"] == 3 / 4
    assert report.samples["novel"] == 2 / 4
    assert report.samples["valid_unique_novel"] == 2 / 5
    both = generation_report(
        samples, [PATH], [PATH], identity=name_of, valid=lambda g: g.n_nodes == 3
    )
    assert both.samples["valid"] == 3 / 5
    with pytest.raises(ValueError, match=r"one object per graph \(7\), got 1"):
        generation_report(samples, [PATH], [PATH], identity=lambda _: ["one"])


def test_both_kekule_structures_are_one_molecule():
    pytest.importorskip("rdkit")
    (one,) = graphs_from_smiles(["Cc1ccccc1O"], derived=False)
    in_ring = np.flatnonzero(np.diff(one.adjacency.indptr) > 1)
    ends = np.stack(one.adjacency.nonzero())
    exchanged = np.isin(ends, in_ring).all(axis=0)  # single and double bonds
    orders = np.where(exchanged, 3 - one.edge_features[:, 0], one.edge_features[:, 0])
    other = Graph(one.adjacency, one.X, edge_features=orders)
    by_graph = generation_report([one], [one], [other])
    by_text = generation_report([one], [one], [other], identity=smiles_from_graphs)
    assert (by_graph.samples["novel"], by_text.samples["novel"]) == (1, 0)


def test_all_three_need_the_same_graph():
    report = generation_report([PATH, PATH, PIECES], [PATH], [TRIANGLE], valid=is_tree)
    assert report.samples["valid_unique_novel"] == pytest.approx(1 / 3)
    without = generation_report([PATH, PATH, PIECES], [PATH], [TRIANGLE])
    assert without.samples["valid_unique_novel"] == pytest.approx(2 / 3)
    assert np.isnan(without.samples["valid"])


@pytest.mark.parametrize("kernel", ["emd", "tv"])
def test_numbers_are_those_of_the_functions(communities, kernel):
    samples, reference, train = communities
    report = generation_report(*communities, kernel=kernel, random_state=0)
    three = []
    for statistic in ("degree", "clustering", "orbit", "spectrum"):
        expected = graph_mmd(samples, reference, statistic=statistic, kernel=kernel)
        assert report.samples[statistic] == pytest.approx(expected)
        three.append(expected)
    assert report.samples["average"] == pytest.approx(np.mean(three[:3]))
    assert report.samples["unique"] == is_unique(samples).mean()
    assert report.samples["novel"] == is_novel(samples, train).mean()
    assert report.real["novel"] == is_novel(reference, train).mean()


def test_real_graphs_are_drawn_in_the_number_of_the_samples(communities):
    samples, reference, train = communities
    report = generation_report(*communities, random_state=0)
    rng = np.random.RandomState(0)
    draws = [rng.permutation(len(train))[: len(samples)] for _ in range(10)]
    values = [graph_mmd([train[k] for k in draw], reference) for draw in draws]
    assert report.real["degree"] == pytest.approx(np.mean(values))
    assert report.real_std["degree"] == pytest.approx(np.std(values))
    assert report.real_std["degree"] > 0


def test_the_whole_training_set_has_no_deviation(communities):
    samples, reference, train = communities
    report = generation_report(train, reference, samples)
    assert report.real["orbit"] == pytest.approx(
        graph_mmd(samples, reference, statistic="orbit")
    )
    assert report.real_std["orbit"] == pytest.approx(0, abs=1e-12)


def test_without_training_graphs_novelty_is_unknown(communities):
    samples, reference, _ = communities
    report = generation_report(samples, reference)
    for key in ("novel", "valid_unique_novel"):
        assert np.isnan(report.samples[key])
        assert np.isnan(report.real[key])
    assert np.isnan(report.real["degree"])
    assert report.n_train == 0


def test_other_graphs_are_farther_than_real_ones(communities):
    _, reference, train = communities
    trees, _ = make_trees(20, 14, random_state=0)
    report = generation_report(trees, reference, train, random_state=0)
    assert (
        report.samples["average"]
        > report.real["average"] + 5 * (report.real_std["average"])
    )


def test_the_table_shows_both_columns(communities):
    report = generation_report(*communities, random_state=0)
    text = str(report)
    assert text.startswith("20 samples, 10 reference graphs, 30 training graphs; MMD²")
    line = next(line for line in text.splitlines() if line.startswith("degree"))
    for value in (report.samples, report.real, report.real_std):
        assert f"{value['degree']:.4f}" in line
    assert "nan" not in text
    frame = report.to_frame()
    assert frame.columns.tolist() == ["samples", "real", "real_std"]
    assert_allclose(frame["samples"], list(report.samples.values()))


def test_unknown_options_are_errors():
    with pytest.raises(ValueError, match="kernel must be one of"):
        generation_report([PATH], [PATH], kernel="gaussian")
    with pytest.raises(TypeError, match=r"valid must be a function .* got list"):
        generation_report([PATH], [PATH], valid=[True])
    with pytest.raises(ValueError, match="reference must hold at least one graph"):
        generation_report([PATH], [])
