"""Who computes an operation: what it needs, who can do that, who is preferred.

A backend is a module with the functions of `Operations`, named here as a string so
that importing `skattn.ops` loads no compiler: numba comes in (0.3 s) when the CPU
kernels are first asked for. The reference can do everything and is always there.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple, Protocol, cast

import torch
from torch import Tensor

__all__ = ["Backend", "Spec", "select", "use_backend", "use_shapes_of"]


class Spec(NamedTuple):
    """What an operation needs of a backend."""

    devices: frozenset[str]
    """Types of the devices that its tensors lie on."""
    dtypes: frozenset[torch.dtype]
    """Types of its floating-point tensors."""

    @classmethod
    def of(cls, *tensors: Tensor | None) -> Spec:
        """Describe the tensors of a call; None stands for one that was not given."""
        kinds = {(x.device, x.dtype) for x in tensors if x is not None}
        return _describe(frozenset(kinds))


@lru_cache
def _describe(kinds: frozenset[tuple[torch.device, torch.dtype]]) -> Spec:
    return Spec(
        devices=frozenset(device.type for device, _ in kinds),
        dtypes=frozenset(dtype for _, dtype in kinds if dtype.is_floating_point),
    )


class Operations(Protocol):
    """The functions that the module of a backend has."""

    edge_attention: Callable[..., Tensor]
    dropout: Callable[..., Tensor]
    elu: Callable[..., Tensor]
    sparse_matmul: Callable[..., Tensor]


@dataclass(frozen=True)
class Backend:
    """One implementation of the operations."""

    name: str
    """As `use_backend` calls it."""
    module: str
    """Full name of the module that has the functions."""
    can: Callable[[Spec], bool]
    """Whether it computes such an operation."""
    needs: str
    """The same in words, for messages."""

    def load(self) -> Operations:
        """Import the module, the first time at the cost of what it imports."""
        return _import(self.module)


@cache
def _import(module: str) -> Operations:
    return cast("Operations", importlib.import_module(module))  # 3 us a look


def _is_float32_on_cpu(spec: Spec) -> bool:
    return spec.devices == {"cpu"} and spec.dtypes == {torch.float32}


def _is_meta(spec: Spec) -> bool:
    return "meta" in spec.devices


_BACKENDS = (  # the first that can is taken
    Backend("cpu", "skattn.ops._cpu", _is_float32_on_cpu, "float32 tensors on the CPU"),
    Backend("reference", "skattn.ops._reference", lambda _: True, "nothing"),
    Backend("shapes", "skattn.ops._shapes", _is_meta, "tensors on the meta device"),
)
_CHOICE: ContextVar[str] = ContextVar("skattn_backend", default="auto")


@contextmanager
def use_backend(name: str) -> Iterator[None]:
    """Choose who computes the operations inside a ``with`` block.

    Parameters
    ----------
    name : {"auto", "reference", "cpu", "shapes"}
        "auto" takes the fastest backend that can compute a call; "reference" is plain
        torch on any device and any floating-point type; "cpu" are compiled kernels for
        float32 tensors on the CPU; "shapes" makes tensors on the meta device of the
        sizes that kernels would make, and computes nothing.

    Yields
    ------
    None
        The choice holds for this thread or task until the block ends. The backward pass
        of what was computed inside stays with the backend that computed it.

    Raises
    ------
    ValueError
        If there is no backend of that name; later, if a call is given tensors which the
        chosen backend cannot compute with.

    Examples
    --------
    >>> with use_backend("reference"):
    ...     pass
    """
    names = ["auto", *(backend.name for backend in _BACKENDS)]
    if name not in names:
        raise ValueError(f"backend must be one of {names}, got {name!r}.")
    token = _CHOICE.set(name)
    try:
        yield
    finally:
        _CHOICE.reset(token)


def select(spec: Spec) -> Backend:
    """Return the backend to use: the chosen one, or the first that can."""
    return _select(spec, _CHOICE.get())


@lru_cache
def _select(spec: Spec, choice: str) -> Backend:
    if choice == "auto":
        return next(backend for backend in _BACKENDS if backend.can(spec))
    backend = next(backend for backend in _BACKENDS if backend.name == choice)
    if not backend.can(spec):
        raise ValueError(
            f"the backend {choice!r} needs {backend.needs}, got "
            f"{sorted(map(str, spec.dtypes))} on {sorted(spec.devices)}. Use "
            'use_backend("auto") to let the reference compute such calls.'
        )
    return backend


@contextmanager
def use_shapes_of(device: torch.device) -> Iterator[None]:
    """Let steps on the meta device make what they would make on another one.

    Parameters
    ----------
    device : torch.device
        Where tensors in float32 would lie.

    Yields
    ------
    None
        As with `use_backend`.

    Examples
    --------
    >>> with use_shapes_of(torch.device("cpu")):
    ...     pass
    """
    spec = Spec(frozenset({device.type}), frozenset({torch.float32}))
    stores_messages = select(spec).name == "reference"
    with use_backend("reference" if stores_messages else "shapes"):
        yield
