import numpy as np
import pytest
import torch

from skattn import Graph
from skattn._batch._affected import Affected
from skattn._batch._candidates import edge_candidates, node_candidates
from skattn._batch._copies import copies_without, evaluate_copies, removed_by
from skattn.graph._answer_graph import answer_graphs
from skattn.graph._field import Extent

# a path 0-1-2-3, and 4 at the target 0
ADJACENCY = np.zeros((5, 5))
for i, j in [(0, 1), (1, 2), (2, 3), (0, 4)]:
    ADJACENCY[i, j] = ADJACENCY[j, i] = 1


def candidates_of(of="edges", n_hops=3, **options):
    view = Graph(ADJACENCY, np.arange(5.0)[:, None])[[0]]
    answers = answer_graphs(view, Extent((1,) * n_hops, **options))
    if of == "edges":
        return edge_candidates(answers, directed=False)[0]
    return node_candidates(answers, np.array([-1.0]))[0]


def named(candidates, affected):
    """Return the affected nodes of each candidate, by their names in the path."""
    nodes = candidates.answer.nodes
    own = affected.of_copies(removed_by(~np.eye(len(candidates), dtype=bool)))
    assert len(np.unique(own.owner * 5 + own.numbers)) == len(own.numbers)
    ends = map(tuple, np.sort(nodes[candidates.ends], axis=1).tolist())
    found = np.split(own.numbers, own.ptr[1:-1])
    return dict(zip(ends, (set(nodes[k].tolist()) for k in found), strict=True))


def test_affected_nodes_are_on_short_paths_to_a_removed_edge():
    candidates = candidates_of()
    affected = Affected.of(candidates, 3, changes_inputs=False)
    assert named(candidates, affected) == {
        (0, 1): {0, 1, 4},  # 2 changes a layer later than matters
        (0, 4): {0, 1, 4},
        (1, 2): {0, 1, 2},
        (2, 3): {0, 1, 2},
    }


def test_a_change_of_inputs_reaches_a_layer_farther():
    candidates = candidates_of(uses_degrees=True)
    found = named(candidates, Affected.of(candidates, 3, changes_inputs=True))
    assert found[2, 3] == {0, 1, 2, 3}
    candidates = candidates_of("nodes", n_hops=1)
    found = named(candidates, Affected.of(candidates, 1, changes_inputs=False))
    assert found == {(0, 0): {0}, (1, 1): {0, 1}, (4, 4): {0, 4}}


@pytest.mark.parametrize("of", ["edges", "nodes"])
def test_a_copy_has_the_affected_nodes_and_shares_the_others(of):
    candidates = candidates_of(of)
    affected = Affected.of(candidates, 3, changes_inputs=False)
    removed = removed_by(~np.eye(len(candidates), dtype=bool))
    made = copies_without(
        [candidates], [removed], has_degree_features=False, affected=[affected]
    )
    whole, n_nodes = made.collection.whole, candidates.answer.graph.n_nodes
    own = affected.of_copies(removed)
    assert whole.n_nodes == n_nodes + len(own.numbers)
    bounds = affected.size_of_copies(removed)
    assert (bounds >= own.sums(affected.sizes)).all()
    walks = whole.adjacency @ (whole.adjacency @ (whole.adjacency @ whole.X))
    separate = copies_without([candidates], [removed], has_degree_features=False)
    lone = separate.collection.whole
    expected = lone.adjacency @ (lone.adjacency @ (lone.adjacency @ lone.X))
    np.testing.assert_allclose(walks[made.targets], expected[separate.targets])


@pytest.mark.parametrize(("max_size", "n_batches"), [(1, 4), (39, 2), (1000, 1)])
def test_batches_of_shared_copies_are_bounded(max_size, n_batches):
    candidates = candidates_of()
    affected = Affected.of(candidates, 3, changes_inputs=False)
    kept, sizes = ~np.eye(len(candidates), dtype=bool), []

    def first_features(copies):
        whole = copies.collection.whole
        sizes.append(whole.n_nodes + whole.n_edges)
        return torch.from_numpy(whole.X[copies.targets])

    (found,) = evaluate_copies(
        [candidates],
        [kept],
        first_features,
        has_degree_features=False,
        affected_by=lambda _candidates: affected,
        max_size=max_size,
    )
    assert found.tolist() == [[0.0]] * 4
    assert len(sizes) == n_batches
    assert max(sizes) <= max(max_size, 2 * candidates.size)
