import contextvars
import subprocess
import sys
import types

import pytest
import torch

from skattn.ops import (
    Gat,
    _backends,
    _reference,
    dropout,
    edge_attention,
    elu,
    use_backend,
)
from skattn.ops._backends import Backend, Spec, select


def _spec(dtype=torch.float32, device="cpu", operation="elu"):
    return Spec.of(operation, torch.zeros(1, dtype=dtype, device=device), None)


def test_float32_on_the_cpu_goes_to_the_kernels():
    assert select(_spec()).name == "cpu"


@pytest.mark.parametrize(
    "spec",
    [
        {"dtype": torch.float64},
        {"dtype": torch.bfloat16},
        {"device": "meta"},
    ],
)
def test_everything_else_goes_to_the_reference(spec):
    assert select(_spec(**spec)).name == "reference"


def test_mixed_types_go_to_the_reference():
    spec = Spec.of("elu", torch.zeros(1), torch.zeros(1, dtype=torch.float64))
    assert select(spec).name == "reference"


@pytest.mark.parametrize(
    ("operation", "backend"),
    [
        ("expand", "reference"),
        ("path_attention", "reference"),
        ("typed_attention", "triton"),
    ],
)
def test_cuda_devices_have_kernels_for_typed_edges_and_none_for_walks(
    operation, backend, monkeypatch
):
    monkeypatch.setattr(_backends, "_has_triton", lambda: True)
    monkeypatch.setattr(_backends, "_has_recent_gpus", lambda: True)
    on_cuda = frozenset({"cuda"}), frozenset({torch.float32})
    assert select(Spec(operation, *on_cuda)).name == backend
    assert select(Spec("elu", *on_cuda)).name == "triton"


def test_choice_ends_with_its_block():
    with use_backend("reference"):
        assert select(_spec()).name == "reference"
        with use_backend("auto"):
            assert select(_spec()).name == "cpu"
        assert select(_spec()).name == "reference"
    assert select(_spec()).name == "cpu"


def test_choice_ends_with_an_error_too():
    with pytest.raises(KeyError), use_backend("reference"):
        raise KeyError
    assert select(_spec()).name == "cpu"


def test_choice_is_of_one_context():
    outside = contextvars.copy_context()
    with use_backend("reference"):
        assert outside.run(select, _spec()).name == "cpu"


def test_backend_that_cannot_compute_a_call_names_its_requirements(edges):
    x = torch.zeros(4, 1, dtype=torch.float64)
    with use_backend("cpu"), pytest.raises(ValueError, match="needs float32 tensors"):
        edge_attention(edges, Gat(x, x), torch.zeros(4, 1, 8, dtype=torch.float64))


def test_unknown_backend_is_refused():
    with pytest.raises(ValueError, match="must be one of"), use_backend("gpu"):
        pass


@pytest.fixture
def twice(monkeypatch):
    """Function that adds a backend before all others, with an `elu` that doubles."""
    module = types.ModuleType("doubles")
    module.elu = lambda x: 2 * x
    monkeypatch.setitem(sys.modules, "doubles", module)

    def install(**conditions):
        found = Backend("twice", "doubles", frozenset({"elu"}), **conditions)
        monkeypatch.setattr(_backends, "_BACKENDS", (found, *_backends._BACKENDS))

    return install


def test_backend_is_consulted_for_its_own_operations_only(twice):
    twice()
    x = torch.ones(3)
    assert elu(x).equal(2 * x)
    with use_backend("auto"):
        assert dropout(x, 0.5, seed=1).equal(_reference.dropout(x, 0.5, 1))
    with use_backend("twice"), pytest.raises(ValueError, match="twice"):
        dropout(x, 0.5, seed=1)


def test_backend_that_prefers_not_to_is_taken_only_if_chosen(twice):
    twice(prefers=lambda spec: False)
    x = torch.ones(3)
    assert elu(x).equal(x)
    with use_backend("twice"):
        assert elu(x).equal(2 * x)


def test_choice_depends_on_sizes_scores_and_gradients(twice, edges):
    specs = []
    twice(can=lambda spec: bool(specs.append(spec)))
    elu(torch.ones(3, requires_grad=True))
    with torch.no_grad():
        elu(torch.ones(3, requires_grad=True))
    assert [spec.needs_grad for spec in specs] == [True, False]
    spec = _spec_of_attention(edges, n_heads=2, head_dim=8)
    assert (spec.operation, spec.score) == ("edge_attention", Gat)
    assert (spec.n_edges, spec.n_heads, spec.head_dim) == (7, 2, 8)
    assert not spec.needs_grad


def _spec_of_attention(edges, n_heads, head_dim):
    half = torch.zeros(4, n_heads)
    with pytest.MonkeyPatch.context() as patch:
        seen = []
        patch.setattr(
            "skattn.ops._edge_attention.implementation",
            lambda spec: lambda *arguments: seen.append(spec),
        )
        edge_attention(edges, Gat(half, half), torch.zeros(4, n_heads, head_dim))
    return seen[0]


@pytest.mark.parametrize(
    "module",
    [
        "skattn.ops",
        "skattn.ops._cpu._footprints",
        "skattn.ops._triton._footprints",
        "skattn.nn",
    ],
)
def test_importing_operations_and_their_shapes_loads_no_compiler(module):
    code = f"import sys, {module}; print({{'numba', 'triton'}} & {{*sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=600
    )
    assert done.stdout.strip() == "set()", done.stderr
