"""Draws of rows of edges: the compiled kernel against plain torch."""

import pytest
import torch

from skattn.ops import use_backend
from skattn.ops._draw_rows import RowDraw, choose, draw_rows


def inputs(counts, n_labels=3, width=8, *, must_link=False, temperature=1.0, seed=0):
    rng = torch.Generator().manual_seed(seed)
    n = sum(counts)

    def draw(*shape):
        return torch.randn(*shape, generator=rng)

    return RowDraw(
        row_ptr=torch.tensor([0, *counts]).cumsum(0),
        base=draw(n, width),
        message=draw(n, width),
        edge_message=draw(n_labels + 1, width),
        hidden=(draw(width, width) / 2, draw(width)),
        output=(draw(width, n_labels + 1) / 8, draw(n_labels + 1) / 8),
        uniform=torch.rand(n, generator=rng),
        temperature=temperature,
        must_link=must_link,
    )


@pytest.mark.parametrize("must_link", [False, True])
@pytest.mark.parametrize("temperature", [1.0, 0.3])
def test_kernel_draws_the_labels_of_the_reference(must_link, temperature):
    rows = inputs([3, 0, 1, 7, 40] * 20, must_link=must_link, temperature=temperature)
    with use_backend("reference"):
        expected = draw_rows(rows)
    assert torch.equal(draw_rows(rows), expected)
    assert len(expected.unique()) == 4


def test_rows_that_must_link_have_an_edge():
    rows = inputs([4] * 200, n_labels=1, must_link=True)
    rows.output[1][0] = 20.0  # an edge is nearly impossible
    for backend in ("reference", "cpu"):
        with use_backend(backend):
            drawn = draw_rows(rows).view(200, 4)
        assert drawn.sum(1).tolist() == [1] * 200
        assert drawn[:, 3].tolist() == [1] * 200


def test_rows_depend_on_their_own_candidates_alone():
    together = inputs([5, 5])
    alone = together._replace(
        row_ptr=together.row_ptr[:2],
        base=together.base[:5],
        message=together.message[:5],
        uniform=together.uniform[:5],
    )
    assert torch.equal(draw_rows(together)[:5], draw_rows(alone))


def test_no_rows_are_drawn_without_candidates():
    for backend in ("reference", "cpu"):
        with use_backend(backend):
            assert draw_rows(inputs([0, 0])).tolist() == []


def test_choice_is_the_inverse_of_the_cumulative_probability():
    logits = torch.tensor([[0.0, 0.0]]).repeat(4, 1)
    assert choose(logits, torch.tensor([0.0, 0.49, 0.51, 0.999])).tolist() == [
        0,
        0,
        1,
        1,
    ]


def test_choice_is_never_impossible():
    logits = torch.tensor([[0.0, -torch.inf], [-torch.inf, 0.0]])
    assert choose(logits, torch.tensor([0.9999999, 0.0])).tolist() == [0, 1]
