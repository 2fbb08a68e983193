import contextvars
import subprocess
import sys

import pytest
import torch

from skattn.ops import Gat, edge_attention, use_backend
from skattn.ops._backends import Spec, select


def _spec(dtype=torch.float32, device="cpu"):
    return Spec.of(torch.zeros(1, dtype=dtype, device=device), None)


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
    spec = Spec.of(torch.zeros(1), torch.zeros(1, dtype=torch.float64))
    assert select(spec).name == "reference"


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


def test_backend_that_cannot_says_what_it_needs(edges):
    x = torch.zeros(4, 1, dtype=torch.float64)
    with use_backend("cpu"), pytest.raises(ValueError, match="needs float32 tensors"):
        edge_attention(edges, Gat(x, x), torch.zeros(4, 1, 8, dtype=torch.float64))


def test_unknown_backend_is_refused():
    with pytest.raises(ValueError, match="must be one of"), use_backend("gpu"):
        pass


def test_importing_ops_loads_no_compiler():
    code = "import sys, skattn.ops; print('numba' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=600
    )
    assert done.stdout.strip() == "False", done.stderr
