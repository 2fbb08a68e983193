"""Compilation of the CUDA kernels, without a device.

The launches of a call on tensors of the CPU are recorded and not run; their kernels are
compiled with the types of the arguments.
"""

import os
import re
import subprocess
from pathlib import Path

import pytest
import torch

from skattn.ops import Edges, _backends

if not _backends._has_triton() or _backends._is_interpreting():
    pytest.skip(
        "needs triton 3.6 (pip install 'skattn[gpu]'), not its interpreter",
        allow_module_level=True,
    )

import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from skattn.ops import SparseMatrix, TypedEdges
from skattn.ops._triton import (
    _call,
    _elementwise,
    _gradients,
    _operations,
    _plan,
    _sparse,
)

TYPES = {
    torch.float32: "*fp32",
    torch.bfloat16: "*bf16",
    torch.float16: "*fp16",
    torch.int32: "*i32",
    torch.int64: "*i64",
}
KINDS = pytest.mark.parametrize("kind", ["gat", "gatv2", "dot"])


@pytest.fixture
def launches(monkeypatch, tmp_path):
    """List that records the (kernel, arguments, number of warps) of launches."""
    recorded = []

    def record(kernel, grid, arguments):
        own = {name: arguments[name] for name in kernel.arg_names}
        recorded.append((kernel, own, arguments["num_warps"]))

    for module in (_call, _gradients, _elementwise, _sparse):
        monkeypatch.setattr(module, "launch", record)
    monkeypatch.setattr(_plan, "_PIECE", 8)
    monkeypatch.setattr(_plan, "_TYPE_PIECE", 8)
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    return recorded


def _compile(launch, capability):
    """Compile a kernel as a launch with these arguments does."""
    kernel, arguments, n_warps = launch
    types, constants, hints = {}, {}, {}
    for k, (parameter, value) in enumerate(
        zip(kernel.params, arguments.values(), strict=True)
    ):
        if parameter.is_constexpr or value is None:
            types[parameter.name], constants[(k,)] = "constexpr", value
        elif isinstance(value, torch.Tensor):
            types[parameter.name] = TYPES[value.dtype]
            hints[(k,)] = [["tt.divisibility", 16]]
        else:
            types[parameter.name] = "i32" if isinstance(value, int) else "fp32"
    return triton.compile(
        ASTSource(kernel, types, constexprs=constants, attrs=hints),
        target=GPUTarget("cuda", capability, 32),
        options={"num_warps": n_warps, "enable_fp_fusion": True},
    )


def _spilled_bytes(compiled, folder):
    """Return the bytes that a kernel spills from registers to memory."""
    binaries = Path(triton.__file__).parent / "backends" / "nvidia" / "bin"
    assembler = next(
        binaries / name
        for name in ("ptxas-blackwell", "ptxas")
        if (binaries / name).exists()
    )
    source, target = folder / "kernel.ptx", folder / "kernel.cubin"
    source.write_text(compiled.asm["ptx"])
    architecture = re.search(r"\.target (\w+)", compiled.asm["ptx"])[1]
    done = subprocess.run(
        [assembler, "-v", f"-arch={architecture}", source, "-o", target],
        capture_output=True,
        text=True,
        timeout=600,
        env=os.environ,
    )
    found = re.findall(r"(\d+) bytes spill (?:stores|loads)", done.stderr)
    assert done.returncode == 0, done.stderr
    assert found, done.stderr
    return sum(map(int, found))


def _attention(make_score, kind, dtype, *, n_features, dropout, n_types=0):
    """Run a call of 4 heads of 64 forward and backward, with "gatv2" shared."""
    n_nodes, n_heads, width = 11, 4, 64
    indptr = torch.tensor([0, 20, *range(21, 31)])
    senders = torch.arange(30) % n_nodes
    senders[::2] = 1
    edges = Edges.from_csr(indptr, senders, n_nodes)

    def new(*shape, dtype=dtype):
        return torch.zeros(shape, dtype=dtype, requires_grad=True)

    tail = (n_heads,) if kind == "gat" else (n_heads, width)
    named = {"query": new(n_nodes, *tail), "key": new(n_nodes, *tail)}
    if kind == "gatv2":
        named["attention"] = new(n_heads, width, dtype=torch.float32)
    score = make_score(kind, named)
    value = score.key if kind == "gatv2" else new(n_nodes, n_heads, width)
    attend = _operations.edge_attention
    if n_types:
        attend, of_key = _operations.typed_attention, new(n_types, *tail)
        of_value = of_key if kind == "gatv2" else new(n_types, n_heads, width)
        types = torch.zeros(edges.n_edges, dtype=torch.int32)
        edges = TypedEdges(edges, types, of_key, of_value)
    out = attend(
        edges,
        score,
        value,
        new(30, n_heads) if n_features else None,
        new(30, n_features) if n_features else None,
        new(n_heads, width, dtype=torch.float32),
        dropout,
        2**40,
    )
    out.backward(torch.zeros_like(out))


def _check(launches, capability, folder):
    spilled = {
        launch[0].__name__: _spilled_bytes(_compile(launch, capability), folder)
        for launch in launches
    }
    assert not any(spilled.values()), spilled
    return set(spilled)


@KINDS
@pytest.mark.parametrize("capability", [80, 90])
def test_attention_compiles_without_spills(
    kind, capability, make_score, launches, tmp_path
):
    _attention(make_score, kind, torch.float32, n_features=0, dropout=0.0)
    assert _check(launches, capability, tmp_path) == {
        "add_pieces",
        "attend",
        "merge_pieces",
        "receiver_gradients",
        "row_statistics",
        "sender_gradients",
    }


@KINDS
@pytest.mark.parametrize("capability", [pytest.param(80, marks=pytest.mark.slow), 90])
def test_attention_by_edge_types_compiles_without_spills(
    kind, capability, make_score, launches, tmp_path
):
    options = {"n_features": 0, "dropout": 0.0, "n_types": 3}
    _attention(make_score, kind, torch.float32, **options)
    assert "type_gradients" in _check(launches, capability, tmp_path)


@pytest.mark.slow
@KINDS
@pytest.mark.parametrize("n_types", [0, 3])
@pytest.mark.parametrize("capability", [80, 90])
def test_16_bit_attention_of_edge_data_compiles_without_spills(
    kind, n_types, capability, make_score, launches, tmp_path
):
    options = {"n_features": 3, "dropout": 0.5, "n_types": n_types}
    _attention(make_score, kind, torch.bfloat16, **options)
    _check(launches, capability, tmp_path)


@KINDS
def test_loops_over_edges_wait_at_no_barrier(kind, make_score, launches):
    """Lanes lie along the row, so that sums over edges stay in a thread."""
    _attention(make_score, kind, torch.bfloat16, n_features=0, dropout=0.0)
    attend = next(x for x in launches if x[0].__name__ == "attend")
    assert "bar.sync" not in _compile(attend, 90).asm["ptx"]


@pytest.mark.parametrize("capability", [80, 90])
def test_other_operations_compile_without_spills(capability, launches, tmp_path):
    edges = Edges.from_csr([0, 2, 20], [0, 1, *[2] * 18], n_senders=4)
    weight = torch.zeros(4, 64, requires_grad=True)
    values = torch.zeros(20, requires_grad=True)
    x = _operations.sparse_matmul(SparseMatrix(edges, values), weight, 0.5, 1)
    x = _operations.elu(_operations.dropout(x, 0.5, 2))
    x.backward(torch.zeros_like(x))
    assert _check(launches, capability, tmp_path) == {
        "add_pieces",
        "drop",
        "elu",
        "elu_gradient",
        "multiply_ends",
        "multiply_rows",
    }
