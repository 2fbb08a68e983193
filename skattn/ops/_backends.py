"""Choice of the backend that computes an operation.

A backend lists its operations and decides per call whether it can compute it and
whether it prefers to. The first backend that does both is selected; the reference,
which computes everything, is last. Modules are named by strings, so that numba is
imported only when the CPU kernels are first used, and triton when tensors are on a CUDA
device.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from types import ModuleType
from typing import Any, NamedTuple

import torch
from torch import Tensor

from skattn.ops._scores import Dot, Gat, GatV2, Pooling, Score
from skattn.ops._shapes import allocate

__all__ = [
    "Backend",
    "Spec",
    "implementation",
    "select",
    "use_backend",
    "use_shapes_of",
]

_WITHOUT_TRITON = frozenset({"expand", "path_attention", "draw_rows"})
_OPERATIONS = _WITHOUT_TRITON | {
    "edge_attention",
    "typed_attention",
    "sparse_matmul",
    "dropout",
    "elu",
}
_KERNEL_SCORES = frozenset({Dot, Gat, GatV2, Pooling})
_CPU, _FLOAT32 = frozenset({"cpu"}), frozenset({torch.float32})
_CUDA = frozenset({"cuda"})
_CUDA_DTYPES = frozenset({torch.float32, torch.bfloat16, torch.float16})
_CAPABILITY = (8, 0)  # NVIDIA Ampere: the first with arithmetic in bfloat16
_TRITON = (3, 6)


class Spec(NamedTuple):
    """Properties of a call that the choice of its backend depends on."""

    operation: str
    """Name of the function in the module of a backend."""
    devices: frozenset[str]
    """Device types of the tensors."""
    dtypes: frozenset[torch.dtype]
    """Dtypes of the floating-point tensors."""
    needs_grad: bool = False
    """Whether a backward pass may follow."""
    score: type[Score] | None = None
    """Class of the score; None for operations without a score."""
    n_edges: int = 0
    """Number of edges, of a graph or of a sparse matrix."""
    n_heads: int = 1
    """Number of heads."""
    head_dim: int = 1
    """Width of one head, or number of columns of a dense matrix."""

    @classmethod
    def of(cls, operation: str, *tensors: Tensor | None, **others: Any) -> Spec:
        """Describe a call by its tensors; absent ones are None."""
        facts = {(x.device, x.dtype, x.requires_grad) for x in tensors if x is not None}
        devices, dtypes, needs_grad = _summarise(frozenset(facts))
        needs_grad = needs_grad and torch.is_grad_enabled()
        return cls(operation, devices, dtypes, needs_grad, **others)


@lru_cache
def _summarise(
    facts: frozenset[tuple[torch.device, torch.dtype, bool]],
) -> tuple[frozenset[str], frozenset[torch.dtype], bool]:
    devices = frozenset(device.type for device, _, _ in facts)
    dtypes = frozenset(dtype for _, dtype, _ in facts if dtype.is_floating_point)
    return devices, dtypes, any(requires_grad for _, _, requires_grad in facts)


def _always(_spec: Spec) -> bool:
    return True


@dataclass(frozen=True, eq=False)
class Backend:
    """An implementation of some of the operations."""

    name: str
    """Name of the backend in ``use_backend``."""
    module: str
    """Full name of the module that has a function per operation."""
    operations: frozenset[str] = _OPERATIONS
    """Operations that the module implements."""
    can: Callable[[Spec], bool] = _always
    """Whether the backend can compute a call."""
    prefers: Callable[[Spec], bool] = _always
    """Whether the backend is preferred to the ones after it for a call."""
    needs: str = ""
    """Description of ``can`` for error messages."""
    footprints: str = ""
    """Full name of the module that has, per operation, a function that returns the
    ``Footprint`` of a call; empty for operations in plain torch."""

    def offers(self, spec: Spec) -> bool:
        """Return whether the backend can compute a call."""
        return spec.operation in self.operations and self.can(spec)


def _has_cpu_kernels(spec: Spec) -> bool:
    is_float32 = spec.devices == _CPU and spec.dtypes == _FLOAT32
    return is_float32 and _has_kernel_score(spec)


def _has_cuda_kernels(spec: Spec) -> bool:
    if not (spec.dtypes <= _CUDA_DTYPES and _has_kernel_score(spec)):
        return False
    if spec.devices == _CPU:
        return _is_interpreting() and _has_triton()
    return spec.devices == _CUDA and _has_triton() and _has_recent_gpus()


def _has_kernel_score(spec: Spec) -> bool:
    return spec.score is None or spec.score in _KERNEL_SCORES


def _is_on_cuda(spec: Spec) -> bool:
    return spec.devices == _CUDA


def _is_interpreting() -> bool:
    """Return whether Triton runs kernels in Python, on tensors of the CPU."""
    return os.environ.get("TRITON_INTERPRET") == "1"


@cache
def _has_triton() -> bool:
    try:
        triton = importlib.import_module("triton")
    except ImportError:
        return False
    major, minor = triton.__version__.split(".")[:2]
    return (int(major), int(minor)) >= _TRITON


@cache
def _has_recent_gpus() -> bool:
    """Return whether all devices are supported; True if memory is only estimated."""
    devices = range(torch.cuda.device_count())
    return all(torch.cuda.get_device_capability(d) >= _CAPABILITY for d in devices)


_BACKENDS = (  # in order of preference
    Backend(
        "cpu",
        "skattn.ops._cpu._operations",
        can=_has_cpu_kernels,
        needs="float32 tensors on the CPU and a score of skattn.ops",
        footprints="skattn.ops._cpu._footprints",
    ),
    Backend(
        "triton",
        "skattn.ops._triton._operations",
        _OPERATIONS - _WITHOUT_TRITON,
        can=_has_cuda_kernels,
        prefers=_is_on_cuda,  # not the interpreter, which tests select by name
        needs="float32, float16 or bfloat16 tensors on a CUDA device of capability "
        "8.0, triton 3.6 (the extra `gpu`) and a score of skattn.ops",
        footprints="skattn.ops._triton._footprints",
    ),
    Backend("reference", "skattn.ops._reference"),
)
_CHOICE: ContextVar[str] = ContextVar("skattn_backend", default="auto")
_SHAPES_OF: ContextVar[str] = ContextVar("skattn_shapes_of", default="")


@contextmanager
def use_backend(name: str) -> Iterator[None]:
    """Select the backend of all operations inside a ``with`` block.

    The selection holds for the current thread or asyncio task. The backward pass of an
    operation uses the backend of its forward pass.

    Parameters
    ----------
    name : {"auto", "reference", "cpu", "triton"}
        ``"auto"`` selects, for each call, the fastest backend that can compute it;
        ``"reference"`` is plain torch, for any device and floating-point dtype;
        ``"cpu"`` are compiled kernels for float32 tensors on the CPU; ``"triton"`` are
        compiled kernels for float32, float16 and bfloat16 tensors on CUDA devices.

    Yields
    ------
    None
        Nothing.

    Raises
    ------
    ValueError
        If the name is unknown. An operation inside the block raises it if the selected
        backend cannot compute the call.

    Examples
    --------
    >>> import torch
    >>> from skattn.ops import elu, use_backend
    >>> with use_backend("reference"):
    ...     elu(torch.tensor([1.0, 0.0]))
    tensor([1., 0.])
    """
    names = ["auto", *(backend.name for backend in _BACKENDS)]
    if name not in names:
        raise ValueError(f"backend must be one of {names}, got {name!r}.")
    token = _CHOICE.set(name)
    try:
        yield
    finally:
        _CHOICE.reset(token)


@contextmanager
def use_shapes_of(device: torch.device) -> Iterator[None]:
    """Make operations on the meta device allocate as on another device.

    Parameters
    ----------
    device : torch.device
        The other device.
    """
    token = _SHAPES_OF.set(device.type)
    try:
        yield
    finally:
        _SHAPES_OF.reset(token)


def implementation(spec: Spec) -> Callable[..., Tensor]:
    """Return the function that computes a call."""
    device = _SHAPES_OF.get()
    if device and "meta" in spec.devices:
        return _shapes_on(device, spec)
    return _function(select(spec).module, spec.operation)


def select(spec: Spec) -> Backend:
    """Return the selected backend, or the first that can compute and prefers a call."""
    return _select(_BACKENDS, spec, _CHOICE.get())


@lru_cache
def _select(backends: tuple[Backend, ...], spec: Spec, choice: str) -> Backend:
    if choice == "auto":
        return next(b for b in backends if b.offers(spec) and b.prefers(spec))
    backend = next(backend for backend in backends if backend.name == choice)
    if not backend.offers(spec):
        score = "" if spec.score is None else f" with the score {spec.score.__name__}"
        raise ValueError(
            f"the backend {choice!r} needs {backend.needs}, got "
            f"{sorted(map(str, spec.dtypes))} on {sorted(spec.devices)}{score}. Use "
            'use_backend("auto"), which falls back to the reference backend.'
        )
    return backend


def _shapes_on(device: str, spec: Spec) -> Callable[..., Tensor]:
    backend = select(spec._replace(devices=frozenset({device})))
    if backend.footprints:
        return partial(allocate, _function(backend.footprints, spec.operation))
    return _function(backend.module, spec.operation)


def _function(module: str, operation: str) -> Callable[..., Any]:
    function: Callable[..., Any] = getattr(_import(module), operation)
    return function


@cache
def _import(module: str) -> ModuleType:
    return importlib.import_module(module)  # cached: a lookup takes microseconds
