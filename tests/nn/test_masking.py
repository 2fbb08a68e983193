import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from skattn.nn._masking import Mask, dense_rows, draw_mask, mask_features
from skattn.ops import Edges, SparseMatrix

X = torch.tensor([[1.0, 2, 0], [0, 0, 3], [0, 0, 0], [4, 0, 0], [0, 5, 6]])
MASK = Mask(nodes=torch.tensor([4, 1, 0, 2]), donors=torch.tensor([0, 3]))
# 4 has the features of 0, 1 those of 3; 0 and 2 have the mask token
MASKED = [[0, 0, 0, 1], [4, 0, 0, 0], [0, 0, 0, 1], [4, 0, 0, 0], [1, 2, 0, 0]]


def sparse(x):
    entries = x.nonzero()
    starts = torch.tensor([0, *(x != 0).sum(1)]).cumsum(0)
    edges = Edges.from_csr(starts, entries[:, 1], n_senders=x.shape[1])
    return SparseMatrix(edges, x[x != 0])


def dense(x):
    return dense_rows(x, torch.arange(len(x)))


@pytest.mark.parametrize("kind", [torch.clone, sparse])
def test_masked_nodes_have_the_mask_token_or_features_of_a_donor(kind):
    x = kind(X)
    masked = mask_features(x, MASK)
    assert masked.shape == (5, 4)
    assert dense(masked).tolist() == MASKED
    assert dense(x).tolist() == X.tolist()  # untouched


@pytest.mark.parametrize("kind", [torch.clone, sparse])
def test_without_a_mask_the_token_column_is_zero(kind):
    masked = mask_features(kind(X), None)
    assert dense(masked).tolist() == [[*row, 0] for row in X.tolist()]


@pytest.mark.parametrize("kind", [torch.clone, sparse])
def test_dense_rows_are_in_the_order_given(kind):
    rows = torch.tensor([4, 2, 0, 4])
    assert dense_rows(kind(X), rows).tolist() == X[rows].tolist()


def test_rows_without_any_entries_are_zeros():
    x = sparse(torch.zeros(3, 2))
    assert dense_rows(x, torch.tensor([1, 2])).tolist() == [[0, 0], [0, 0]]
    mask = Mask(torch.tensor([1]), torch.tensor([], dtype=torch.int64))
    assert dense(mask_features(x, mask)).tolist() == [[0, 0, 0], [0, 0, 1], [0, 0, 0]]


@settings(max_examples=50, deadline=None)
@given(
    n_nodes=st.integers(1, 40),
    mask_fraction=st.floats(0.01, 1),
    replace_fraction=st.floats(0, 1),
    seed=st.integers(0, 9),
)
def test_masks_are_fractions_of_distinct_nodes(
    n_nodes, mask_fraction, replace_fraction, seed
):
    generator = torch.Generator().manual_seed(seed)
    mask = draw_mask(n_nodes, mask_fraction, replace_fraction, generator)
    n_masked = max(1, int(mask_fraction * n_nodes))
    assert len(mask.nodes.unique()) == len(mask.nodes) == n_masked
    n_replaced = int(replace_fraction * n_masked) if n_nodes > 1 else 0
    assert len(mask.donors) == n_replaced
    assert (mask.donors != mask.replaced).all()  # no node is its own donor
    assert torch.equal(torch.cat([mask.replaced, mask.hidden]), mask.nodes)
    assert torch.cat([mask.nodes, mask.donors]).max() < n_nodes


def test_masks_come_from_the_generator_alone():
    state = torch.get_rng_state()

    def draw(seed):
        mask = draw_mask(30, 0.5, 0.5, torch.Generator().manual_seed(seed))
        return torch.cat([mask.nodes, mask.donors])

    assert torch.equal(draw(1), draw(1))
    assert not torch.equal(draw(1), draw(2))
    assert torch.equal(torch.get_rng_state(), state)


def test_every_node_is_masked_about_equally_often():
    generator = torch.Generator().manual_seed(0)
    counts = torch.zeros(10)
    for _ in range(1000):
        counts[draw_mask(10, 0.5, 0.0, generator).nodes] += 1
    assert counts.min() > 400
    assert counts.max() < 600
