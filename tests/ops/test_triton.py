import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from skattn.ops import Gat, _backends, dropout, edge_attention, use_backend
from skattn.ops._backends import Backend, Spec, select

HERE = Path(__file__).parent
ON_CUDA = Spec("elu", frozenset({"cuda"}), frozenset({torch.float32}))

needs_triton = pytest.mark.skipif(
    not _backends._has_triton(), reason="needs triton 3.6 (pip install 'skattn[gpu]')"
)


def _run_interpreted(marked):
    """Run `tests/ops/triton` in a process of interpreted kernels."""
    triton = pytest.importorskip("triton")
    if tuple(map(int, triton.__version__.split(".")[:2])) < (3, 7):
        pytest.skip("Triton's interpreter needs version 3.7 for NumPy 2.4")
    command = [sys.executable, "-m", "pytest", "-q", "-m", marked, str(HERE / "triton")]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider"],
        env=os.environ | {"TRITON_INTERPRET": "1", "OMP_NUM_THREADS": "1"},
        cwd=HERE.parent.parent,
        capture_output=True,
        text=True,
        timeout=1500,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_interpreted_kernels_agree_with_the_reference():
    _run_interpreted("not slow")


@pytest.mark.slow
def test_interpreted_kernels_agree_with_the_reference_on_a_grid():
    _run_interpreted("slow")


@needs_triton
@pytest.mark.parametrize(
    "dtypes",
    [
        {torch.float32},
        {torch.bfloat16},
        {torch.float16},
        {torch.bfloat16, torch.float32},
    ],
)
def test_cuda_tensors_go_to_the_kernels(dtypes, monkeypatch):
    monkeypatch.setattr(_backends, "_has_recent_gpus", lambda: True)
    assert _choose(ON_CUDA._replace(dtypes=frozenset(dtypes))) == "triton"


@pytest.mark.parametrize("missing", ["_has_triton", "_has_recent_gpus"])
def test_cuda_without_triton_or_an_old_gpu_goes_to_the_reference(missing, monkeypatch):
    monkeypatch.setattr(_backends, missing, lambda: False)
    assert _choose(ON_CUDA) == "reference"


def test_float64_on_cuda_goes_to_the_reference():
    spec = ON_CUDA._replace(dtypes=frozenset({torch.float64}))
    assert _choose(spec) == "reference"


def test_interpreter_computes_tensors_of_the_cpu_only_if_chosen(monkeypatch):
    monkeypatch.setattr(_backends, "_is_interpreting", lambda: True)
    monkeypatch.setattr(_backends, "_has_triton", lambda: True)
    on_cpu = ON_CUDA._replace(devices=frozenset({"cpu"}))
    half = on_cpu._replace(dtypes=frozenset({torch.bfloat16}))
    assert (_choose(on_cpu), _choose(half)) == ("cpu", "reference")
    assert _choose(half, "triton") == "triton"


def test_triton_of_an_older_version_is_not_used(monkeypatch):
    class Old:
        __version__ = "3.5.1"

    monkeypatch.setattr(_backends.importlib, "import_module", lambda name: Old)
    assert not _backends._has_triton.__wrapped__()


def test_compiled_kernels_refuse_tensors_of_the_cpu():
    with use_backend("triton"), pytest.raises(ValueError, match="CUDA device"):
        dropout(torch.ones(3), 0.5, seed=1)


def _choose(spec, choice="auto"):
    """Choose without the cache of earlier choices."""
    backend: Backend = _backends._select.__wrapped__(_backends._BACKENDS, spec, choice)
    return backend.name


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@needs_triton
def test_gradients_on_a_device_repeat_bit_for_bit(edges, make_call):
    tensors = {name: x.cuda() for name, x in make_call(edges, "gat").items()}
    runs = []
    for _ in range(2):
        leaves = [tensors[name].requires_grad_() for name in ("query", "key", "value")]
        out = edge_attention(edges.to("cuda"), Gat(*leaves[:2]), leaves[2])
        runs.append(torch.autograd.grad(out.square().sum(), leaves))
    assert select(Spec.of("elu", tensors["value"])).name == "triton"
    assert all(a.equal(b) for a, b in zip(*runs, strict=True))
