"""Tests of the CUDA kernels in Triton's interpreter, in a process of their own.

`tests/ops/test_triton.py` runs them: TRITON_INTERPRET must be set before kernels are
imported, and holds for the whole process.
"""

import os

import pytest
import torch

if os.environ.get("TRITON_INTERPRET") != "1":
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(autouse=True)
def nan_in_new_tensors():
    """Fill allocated memory with NaN: a row that no program writes is then seen."""
    torch.use_deterministic_algorithms(True)
    yield
    torch.use_deterministic_algorithms(False)


@pytest.fixture
def relative_error():
    """Function that measures the norm of an error relative to the right result."""

    def measure(found, expected):
        scale = expected.double().norm().clamp(min=1e-30)
        return float((found.double() - expected.double()).norm() / scale)

    return measure


@pytest.fixture
def worst_error(attend, relative_error):
    """Function that compares a backend with the reference in float64.

    Each module has its own `attend`.
    """

    def measure(edges, kind, tensors, backend="triton", **options):
        found = attend(edges, kind, tensors, backend, **options)
        exact = {name: x.double() for name, x in tensors.items()}
        expected = attend(edges, kind, exact, "reference", **options)
        assert found.keys() == expected.keys()
        return max(relative_error(found[name], expected[name]) for name in found)

    return measure
