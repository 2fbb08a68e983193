import pytest
import torch

from skattn.ops import Edges


def test_receiver_is_repeated_once_per_sender(edges):
    assert edges.receivers.tolist() == [0, 0, 1, 1, 3, 3, 3]


def test_sizes_are_counted(edges):
    assert (edges.n_receivers, edges.n_senders, edges.n_edges) == (4, 4, 7)
    assert repr(edges) == "Edges(n_receivers=4, n_senders=4, n_edges=7)"


def test_checked_edges_are_int64_rows_of_int32_senders():
    indptr = torch.tensor([0, 1, 2], dtype=torch.int32)
    edges = Edges.from_csr(indptr, torch.tensor([1, 0]), n_senders=2)
    assert edges.indptr.dtype == torch.int64
    assert edges.senders.dtype == torch.int32


def test_edges_on_their_device_already_are_themselves(edges):
    assert edges.to("cpu") is edges


def test_edges_move_with_both_arrays(edges):
    moved = edges.to("meta")
    assert moved.indptr.device.type == moved.senders.device.type == "meta"


def test_empty_senders_may_have_any_dtype():
    edges = Edges.from_csr([0, 0, 0], [], n_senders=2)
    assert edges.receivers.tolist() == []
    assert edges.n_receivers == 2


@pytest.mark.parametrize(
    ("indptr", "senders", "message"),
    [
        ([0, 1], [0.5], "senders must be a one-dimensional array of integers"),
        ([[0, 1]], [0], "indptr must be a one-dimensional array of integers"),
        ([0, 1], [0, 0], "must start at 0 and end at the number of senders"),
        ([1, 1], [0], "must start at 0 and end at the number of senders"),
        ([0, 2, 1, 2], [0, 1], "must not decrease"),
        ([0, 1], [2], "between 0 and n_senders - 1"),
        ([0, 1], [-1], "between 0 and n_senders - 1"),
    ],
)
def test_invalid_rows_are_refused(indptr, senders, message):
    with pytest.raises(ValueError, match=message):
        Edges.from_csr(indptr, senders, n_senders=2)
