import gc

import pytest
import torch

from skattn.ops import (
    Dot,
    Edges,
    Gat,
    GatV2,
    SparseMatrix,
    TypedEdges,
    _backends,
    _shapes,
    edge_attention,
    elu,
    sparse_matmul,
    use_backend,
)
from skattn.ops import dropout as drop
from skattn.ops._backends import use_shapes_of

CPU = torch.device("cpu")

N, H, C, K = 3, 2, 4, 5
EDGES = Edges.from_csr([0, 2, 3, 5], [0, 1, 2, 2, 0], n_senders=N)


def tensors(score, device):
    def new(*shape):
        return torch.zeros(shape, device=device, requires_grad=True)

    tail = (H,) if score is Gat else (H, C)
    parts = [new(N, *tail), new(N, *tail), *([new(H, C)] if score is GatV2 else [])]
    others = {"bias": new(5, H), "edge_features": new(5, K), "offset": new(H, C)}
    return parts, new(N, H, C), others


def shapes_after(score, device, *, shared):
    """Return the shapes of the output and of all gradients."""
    parts, value, others = tensors(score, device)
    out = edge_attention(
        EDGES.to(device), score(*parts), parts[1] if shared else value, **others
    )
    out.sum().backward()
    leaves = [*parts, *([] if shared else [value]), *others.values()]
    return [out.shape, *(leaf.grad.shape for leaf in leaves)]


SCORES = pytest.mark.parametrize(
    ("score", "shared"),
    [(Gat, False), (GatV2, False), (GatV2, True), (Dot, False), (Dot, True)],
)


@pytest.fixture
def cuda_kernels(monkeypatch):
    """Let CUDA devices have kernels, with or without triton here."""
    _backends._select.cache_clear()
    monkeypatch.setattr(_backends, "_has_triton", lambda: True)
    monkeypatch.setattr(_backends, "_has_recent_gpus", lambda: True)
    yield torch.device("cuda")
    _backends._select.cache_clear()


@SCORES
def test_outputs_and_gradients_have_the_shapes_of_the_kernels(score, shared):
    with use_shapes_of(CPU):
        made = shapes_after(score, "meta", shared=shared)
    with use_backend("cpu"):
        assert made == shapes_after(score, "cpu", shared=shared)


def assert_same_shapes_of_types(score, shared, of):
    """Compare shapes made for a device with those of the CPU's kernels."""
    found = []
    for device in ("meta", "cpu"):
        parts, value, others = tensors(score, device)
        tail = (H,) if score is Gat else (H, C)
        key = torch.zeros(2, *tail, device=device, requires_grad=True)
        vectors = torch.zeros(2, H, C, device=device, requires_grad=True)
        types = torch.zeros(5, dtype=torch.int32, device=device)
        typed = TypedEdges(EDGES.to(device), types, key, key if shared else vectors)
        with use_shapes_of(of):
            out = edge_attention(
                typed, score(*parts), parts[1] if shared else value, **others
            )
        out.sum().backward()
        leaves = [*parts, key, *([] if shared else [value, vectors]), *others.values()]
        found.append([out.shape, *(leaf.grad.shape for leaf in leaves)])
    assert found[0] == found[1]


@SCORES
def test_typed_edges_have_the_shapes_of_the_kernels(score, shared):
    assert_same_shapes_of_types(score, shared, CPU)


@SCORES
def test_typed_edges_have_the_same_shapes_on_cuda(score, shared, cuda_kernels):
    assert_same_shapes_of_types(score, shared, cuda_kernels)


@SCORES
def test_cuda_kernels_have_the_same_outputs_and_gradients(score, shared, cuda_kernels):
    with use_shapes_of(cuda_kernels):
        made = shapes_after(score, "meta", shared=shared)
    with use_shapes_of(CPU):
        assert made == shapes_after(score, "meta", shared=shared)


def test_cuda_kernels_keep_no_message_per_edge(cuda_kernels):
    parts, value, _ = tensors(Dot, "meta")
    made = []
    with (
        use_shapes_of(cuda_kernels),
        torch.autograd.graph.saved_tensors_hooks(
            lambda x: made.append(x.shape) or x, lambda x: x
        ),
    ):
        edge_attention(EDGES.to("meta"), Dot(*parts), value).sum().backward()
    assert sorted(made) == sorted([*[(N, H, C)] * 4, (N, H)])  # inputs, output, sums


@pytest.mark.parametrize("device", [CPU, torch.device("cuda")])
def test_sparse_products_dropout_and_elu_have_the_shapes_of_the_kernels(
    device, cuda_kernels
):
    values = torch.zeros(5, device="meta", requires_grad=True)
    matrix = SparseMatrix(EDGES.to("meta"), values)
    weight = torch.zeros(N, 7, device="meta", requires_grad=True)
    with use_shapes_of(device):
        out = elu(drop(sparse_matmul(matrix, weight), 0.5, seed=1))
        assert out.shape == (3, 7)
        out.sum().backward()
    assert weight.grad.shape == (N, 7)
    assert values.grad.shape == (5,)


def test_edges_are_sorted_by_sender_once_and_cached_while_they_live():
    edges = Edges.from_csr([0, 1], [0], n_senders=4).to("meta")
    weight = torch.zeros(4, 2, device="meta", requires_grad=True)
    matrix = SparseMatrix(edges, torch.zeros(1, device="meta"))
    before = len(_shapes._BY_SENDER)
    with use_shapes_of(CPU):
        (sparse_matmul(matrix, weight) + sparse_matmul(matrix, weight)).sum().backward()
    assert len(_shapes._BY_SENDER) == before + 1
    assert [len(part) for part in _shapes._BY_SENDER[edges]] == [5, 1, 1]
    del edges, matrix
    gc.collect()
    assert len(_shapes._BY_SENDER) == before


def test_only_a_device_with_kernels_makes_no_message_per_edge():
    def largest(device):
        made = []

        def note(tensor):
            made.append(tensor.numel())
            return tensor

        parts, value, _ = tensors(Dot, "meta")
        with (
            use_shapes_of(torch.device(device)),
            torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor),
        ):
            edge_attention(EDGES.to("meta"), Dot(*parts), value).sum().backward()
        return max(made)

    assert largest("cpu") == N * H * C
    assert largest("mps") == 5 * H * C
    with use_backend("reference"):
        assert largest("cpu") == 5 * H * C


def test_tensors_with_memory_are_computed():
    with use_shapes_of(CPU):
        kept = drop(torch.ones(100), 0.5, seed=1)
    assert kept.equal(drop(torch.ones(100), 0.5, seed=1))
    assert kept.count_nonzero() > 0
