import pytest
import torch
from torch.testing import assert_close

from skattn.nn import BlockSpec
from skattn.nn._output_attention import OutputAttention
from skattn.ops import Edges

SENDERS = [[0, 2], [0, 1, 2, 3], [1], []]


def made(*, dropout=0.0, **block):
    output = OutputAttention(3, 2, BlockSpec(**block), n_heads=2, dropout=dropout)
    output.double().reset_parameters(torch.Generator().manual_seed(0))
    return output


def equal_scores(output):
    """Make every score zero: weights are then 1 / number of senders."""
    with torch.no_grad():
        output.attention.attention.zero_()
    return output


def test_heads_are_averaged_and_the_residual_is_added(rows, edges_of):
    output, x = equal_scores(made()), rows(4)
    per_head = (x @ output.attention.value).reshape(4, 2, 2).mean(1)
    attended = torch.stack([per_head[row].sum(0) / max(len(row), 1) for row in SENDERS])
    assert_close(output(x, edges_of(SENDERS)), attended + output.skip(x))


def test_without_a_residual_the_output_is_the_attention(rows, edges_of):
    output, x = made(residual=False), rows(4)
    assert output.skip is None
    out = output(x, edges_of(SENDERS))
    assert_close(out, output.attention(x, edges_of(SENDERS)))
    assert torch.equal(out[3], torch.zeros_like(out[3]))


def test_the_first_nodes_may_be_the_receivers(rows, edges_of):
    output, x = made(), rows(4)
    out = output(x, edges_of(SENDERS).part(0, 2))
    assert_close(out, output(x, edges_of(SENDERS))[:2])


def test_a_range_of_receivers_uses_the_projections_of_all_nodes(
    rows, edges_of, structure_of
):
    output, x = made().eval(), rows(4)
    sent = output.send(x, None)
    part = structure_of(SENDERS).part(1, 3)
    out = output.receive(x, slice(1, 3), sent, part, None)
    assert_close(out, output(x, edges_of(SENDERS))[1:3])


def test_dropout_scales_the_codes_in_training_alone():
    output, x = made(dropout=0.5, residual=False), torch.ones(200, 3).double()
    alone = Edges.from_csr(torch.arange(201), torch.arange(200), n_senders=200)
    output.eval()
    kept = output(x, alone)
    assert_close(kept, kept[:1].expand(200, 2))
    output.train()
    dropped = output(x, alone, generator=torch.Generator().manual_seed(0))
    assert len(dropped.unique(dim=0)) == 8  # every subset of three codes, doubled
    again = output(x, alone, generator=torch.Generator().manual_seed(0))
    assert torch.equal(dropped, again)


@pytest.mark.parametrize("score", ["dot", "gat", "gatv2"])
def test_weights_of_a_receivers_senders_sum_to_one(score, rows, structure_of):
    output, x, structure = made(score=score), rows(4), structure_of(SENDERS)
    out, weights = output.forward_with_weights(x, structure)
    assert_close(out, output(x, structure))
    sums = [part.sum(0).tolist() for part in weights.split([2, 4, 1])]
    assert_close(torch.tensor(sums), torch.ones(3, 2))
