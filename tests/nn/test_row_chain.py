"""The chain over the row of edges of a new node."""

from itertools import product

import pytest
import torch

from skattn.nn import RowChain
from skattn.ops import GrowthSteps


def steps_of(rows):
    """Contexts with two old nodes and a new one, and the given rows of labels."""
    n = len(rows)
    first = 3 * torch.arange(n)
    return GrowthSteps(
        new=first + 2,
        label=torch.zeros(n, dtype=torch.int64),
        row_ptr=2 * torch.arange(n + 1),
        candidates=torch.stack([first, first + 1], 1).flatten(),
        edge=torch.tensor(rows).flatten(),
    )


ALL_ROWS = list(product(range(3), repeat=2))


def chain_and_codes(*, must_link, n=9):
    generator = torch.Generator().manual_seed(0)
    chain = RowChain(8, 2, 2, must_link=must_link)
    chain.reset_parameters(generator)
    return chain, torch.randn(3, 8, generator=generator).repeat(n, 1)


@pytest.mark.parametrize("must_link", [False, True])
def test_probabilities_of_all_rows_sum_to_one(must_link):
    chain, codes = chain_and_codes(must_link=must_link)
    log_p = chain(codes, steps_of(ALL_ROWS))
    assert log_p.exp().sum().item() == pytest.approx(1, abs=1e-5)
    assert (log_p[0] == -torch.inf) == must_link  # the row without an edge


@pytest.mark.parametrize("must_link", [False, True])
def test_rows_are_drawn_with_their_probability(must_link):
    n = 20_000
    chain, codes = chain_and_codes(must_link=must_link, n=n)
    p = chain(codes[:27], steps_of(ALL_ROWS)).exp().detach()
    steps = steps_of([(0, 0)] * n)
    uniform = torch.rand(2 * n, generator=torch.Generator().manual_seed(1))
    drawn = chain.draw(codes, steps, uniform).view(n, 2)
    counts = (3 * drawn[:, 0] + drawn[:, 1]).bincount(minlength=9)
    assert ((counts / n - p).abs() < 5 * (p / n).sqrt() + 1e-9).all()


def test_probability_of_a_row_does_not_depend_on_other_rows():
    chain, codes = chain_and_codes(must_link=False)
    together = chain(codes, steps_of(ALL_ROWS))
    alone = chain(codes[:3], steps_of(ALL_ROWS[5:6]))
    torch.testing.assert_close(together[5], alone[0])


def test_contexts_without_candidates_have_probability_one():
    chain, codes = chain_and_codes(must_link=True, n=2)
    none = torch.zeros(0, dtype=torch.int64)
    ends = torch.tensor([2, 5])
    steps = GrowthSteps(ends, ends * 0, torch.zeros(3, dtype=torch.int64), none, none)
    assert chain(codes, steps).tolist() == [0, 0]


def test_later_edges_depend_on_earlier_ones():
    chain, codes = chain_and_codes(must_link=False)
    log_p = chain(codes, steps_of(ALL_ROWS)).exp().view(3, 3)
    given = log_p / log_p.sum(1, keepdim=True)
    assert (given[0] - given[1]).abs().max() > 0.01


def test_gradients_reach_every_weight():
    chain, codes = chain_and_codes(must_link=True)
    chain(codes, steps_of(ALL_ROWS[1:])).sum().backward()
    assert all(weight.grad.abs().sum() > 0 for weight in chain.parameters())


def test_logits_give_the_probability_of_each_edge_given_those_before():
    chain, codes = chain_and_codes(must_link=False)
    log_p = chain.logits(codes, steps_of(ALL_ROWS)).log_softmax(1)
    edges = steps_of(ALL_ROWS).edge
    of_rows = log_p.gather(1, edges[:, None]).view(9, 2).sum(1)
    torch.testing.assert_close(of_rows, chain(codes, steps_of(ALL_ROWS)))
    first = log_p.view(9, 2, 3)[:, 0]
    torch.testing.assert_close(first, first[:1].expand(9, 3))  # nothing before it
