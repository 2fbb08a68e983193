import gc

import pytest
import torch

from skattn.ops import Edges
from skattn.ops._triton import _plan
from skattn.ops._triton._plan import plan_of
from skattn.ops._triton._tiles import tile_options


@pytest.fixture(autouse=True)
def short_pieces(monkeypatch):
    monkeypatch.setattr(_plan, "_PIECE", 2)


def test_rows_by_sender_keep_the_order_of_the_edges(edges):
    rows = plan_of(edges).by_sender
    assert rows.indptr.tolist() == [0, 2, 4, 7, 7]
    assert rows.others.tolist() == [0, 3, 0, 3, 1, 1, 3]
    assert rows.numbers.tolist() == [0, 4, 1, 5, 2, 3, 6]
    assert rows.others.dtype == rows.numbers.dtype == torch.int32


def test_rows_with_more_edges_than_a_piece_are_cut(edges):
    plan = plan_of(edges)
    for rows in (plan.by_receiver, plan.by_sender):  # one row of 3 in each
        assert rows.n_pieces == 2
        assert rows.n_items == 4 + 2
        row = rows.piece_rows[0]
        assert rows.piece_rows.tolist() == [row, row]
        assert rows.piece_starts.tolist() == [4, 6]
    assert plan.by_receiver.piece_rows[0] == 3
    assert plan.by_sender.piece_rows[0] == 2


def test_graph_of_short_rows_has_no_pieces():
    rows = plan_of(
        Edges.from_csr([0, 2, 4, 5], [0, 1, 0, 1, 1], n_senders=2)
    ).by_receiver
    assert (rows.n_pieces, rows.n_items) == (0, 3)


def test_rows_by_type_are_sorted_once_for_the_same_types(edges):
    plan, types = plan_of(edges), torch.tensor([1, 0, 1, 1, 0, 3, 1])
    rows = plan.by_type(types, 4)
    assert rows.indptr.tolist() == [0, 2, 6, 6, 7]
    assert rows.numbers.tolist() == [1, 4, 0, 2, 3, 6, 5]
    assert rows.others.tolist() == [0, 3, 0, 1, 1, 3, 3]  # receivers
    assert plan.by_type(types, 4) is rows
    assert plan.by_type(types, 5).n_rows == 5
    assert plan.by_type(types.clone(), 5) is not rows


def test_plan_is_cached_as_long_as_the_edges_live(edges):
    before = len(_plan._PLANS)
    other = Edges(edges.indptr, edges.senders, edges.n_senders)
    plan = plan_of(other)
    assert plan_of(other) is plan
    assert plan.by_sender is plan.by_sender
    assert len(_plan._PLANS) == before + 1
    del other
    gc.collect()
    assert len(_plan._PLANS) == before


@pytest.mark.parametrize(
    ("width", "n_edges", "n_warps"),
    [(1, 32, 1), (256, 4, 1), (1024, 1, 1), (4096, 1, 4), (2**16, 1, 8)],
)
def test_tiles_have_fewer_edges_the_wider_the_rows(width, n_edges, n_warps):
    for direction in ("forward", "by_sender", "by_receiver"):
        options = tile_options(direction, width)
        assert options == {"EDGES": n_edges, "num_warps": n_warps}
    of_types = tile_options("by_sender_of_types", width)
    assert of_types == {"EDGES": max(min(512 // width, 32), 1), "num_warps": n_warps}
