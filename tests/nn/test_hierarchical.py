from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from skattn.nn import BlockSpec
from skattn.nn._hierarchical import HierarchicalReadout, induced, top_half

# a path 0-1-2-3 and a pair 4-5, all attend to themselves too
SENDERS = [[0, 1], [0, 1, 2], [1, 2, 3], [2, 3], [4, 5], [4, 5]]


@pytest.fixture
def structure(structure_of):
    numbers = torch.arange(14.0)
    return structure_of(SENDERS, numbers, -numbers[:, None], sizes=[4, 2])


def made(width=3, seed=0, **options):
    readout = HierarchicalReadout(width, BlockSpec(**options)).double()
    readout.reset_parameters(torch.Generator().manual_seed(seed))
    return readout


def test_half_of_every_graph_rounded_up_is_kept(structure_of):
    structure = structure_of([[]] * 9, sizes=[3, 0, 1, 5])
    score = torch.tensor([0.1, 0.3, 0.2, -9.0, 5.0, 1.0, 4.0, 2.0, 3.0])
    kept = top_half(score, structure).nonzero()[:, 0]
    assert kept.tolist() == [1, 2, 3, 4, 6, 8]


def test_tied_nodes_are_kept_together(structure_of):
    structure = structure_of([[]] * 4, sizes=[4])
    score = torch.tensor([0.5, 2.0, 0.5 + 1e-7, 0.4])
    assert top_half(score, structure).tolist() == [True, True, True, False]


def test_edges_among_kept_nodes_keep_their_weights_and_features(structure):
    kept = torch.tensor([True, False, True, True, False, True])
    part = induced(structure, kept)
    assert part.edges.n_senders == 4
    assert part.edges.indptr.tolist() == [0, 1, 3, 5, 6]
    assert part.edges.senders.tolist() == [0, 1, 2, 1, 2, 3]
    assert part.edge_data.log_weight.tolist() == [0, 6, 7, 8, 9, 13]
    assert part.edge_data.features.tolist() == [[0], [-6], [-7], [-8], [-9], [-13]]
    assert part.node_ptr.tolist() == [0, 3, 4]


def test_levels_are_summed_as_in_the_formula(rows, structure):
    readout, x = made(n_edge_features=1), rows(6)
    data = structure.edge_data.map(lambda numbers: numbers.double() / 14)
    structure = replace(structure, edge_data=data)

    def read(level, x):
        sides = torch.cat([x.mean(0), x.amax(0)])
        return sides @ readout.levels[level].weight + readout.levels[level].bias

    expected = []
    for graph in (slice(0, 4), slice(4, 6)):
        alive = torch.zeros(6, dtype=torch.bool)
        alive[graph] = True
        part, h = induced(structure, alive), x[graph]
        total = read(0, h)
        for level, attention in enumerate(readout.scores, start=1):
            score = attention(h, part)[:, 0]
            best = score.argsort(descending=True)[: (len(score) + 1) // 2]
            keep = torch.zeros(len(score), dtype=torch.bool)
            keep[best] = True
            h, part = (h * score.tanh()[:, None])[keep], induced(part, keep)
            total = total + read(level, h)
        expected.append(total)
    assert_close(readout(x, structure), torch.stack(expected))


@settings(max_examples=25, deadline=None)
@given(order=st.permutations(range(6)))
def test_numbering_of_a_symmetric_graph_does_not_matter(structure_of, order):
    """In a ring of equal nodes, all scores tie."""
    number = {node: k for k, node in enumerate(order)}
    ring = [{i, (i + 1) % 6, (i - 1) % 6} for i in range(6)]
    renumbered = [sorted(number[j] for j in ring[node]) for node in order]
    x = torch.ones(6, 3, dtype=torch.float64)
    x[0] = 2.0
    plain = structure_of([sorted(row) for row in ring], sizes=[6])
    readout = made()
    out = readout(x[list(order)], structure_of(renumbered, sizes=[6]))
    assert_close(out, readout(x, plain))


def test_dropout_of_the_scores_comes_from_the_generator(structure_of, rows):
    readout, x = made(attention_dropout=0.5).train(), rows(6)
    structure = structure_of(SENDERS, sizes=[4, 2])

    def run(seed):
        return readout(x, structure, generator=torch.Generator().manual_seed(seed))

    state = torch.get_rng_state()
    assert torch.equal(run(1), run(1))
    assert not torch.equal(run(1), run(2))
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("n_nodes", [1, 2])
def test_tiny_graphs_keep_a_node_at_every_level(structure_of, rows, n_nodes):
    senders = [list(range(n_nodes))] * n_nodes
    out = made()(rows(n_nodes), structure_of(senders, sizes=[n_nodes]))
    assert out.shape == (1, 3)
    assert out.isfinite().all()


def test_every_parameter_is_used(structure_of, rows):
    readout = made()
    readout(rows(6), structure_of(SENDERS, sizes=[4, 2])).square().sum().backward()
    assert all(p.grad is not None for p in readout.parameters())
