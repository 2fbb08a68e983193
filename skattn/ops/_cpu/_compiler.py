"""Compilation of kernels: numba options, and loops that LLVM does not transform."""

# ruff: noqa: ARG002  (signatures fixed by numba)
# mypy: disable-error-code="misc"

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.extending import lower_builtin, models, register_model

from skattn._compat_numba import (
    AbstractTemplate,
    RefType,
    cgutils,
    infer_global,
    iternext_impl,
    signature,
)
from skattn._compilation import cache_by_sources
from skattn.ops import _random

__all__ = ["INLINED", "inlined", "kernel", "loop"]

_ARITHMETIC = {
    "boundscheck": False,
    "error_model": "numpy",
    # no nnan, no ninf: NaN of a diverged fit must propagate
    "fastmath": {"reassoc", "contract", "nsz", "arcp"},
    "no_cfunc_wrapper": True,
}
# Functions called only by kernels need no entry point from Python.
INLINED = _ARITHMETIC | {"no_cpython_wrapper": True, "forceinline": True}
inlined = njit(**INLINED)

_CONSTANTS = Path(_random.__file__)  # of the hash, in kernels


def kernel(function: Any) -> Any:
    """Compile a function that Python calls, and cache the machine code on disk."""
    dispatcher = njit(nogil=True, **_ARITHMETIC)(function)
    cache_by_sources(dispatcher, function, _CONSTANTS)
    dispatcher.compile = _without_collecting(dispatcher.compile)
    return dispatcher


def _without_collecting(compile_for: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Pause garbage collection during compilation; it only slows it down."""

    @wraps(compile_for)
    def compile_without_collecting(signature: Any) -> Any:
        was_enabled = gc.isenabled()
        gc.disable()
        try:
            return compile_for(signature)
        finally:
            if was_enabled:
                gc.enable()

    return compile_without_collecting


# ---- loops ---------------------------------------------------------------------------

_LONG = ir.IntType(64)


def loop(*bounds: int) -> range:
    """Count upwards like `range`, in a loop that is neither unrolled nor vectorised.

    An empty convergent inline assembly statement keeps LLVM from both: rows are short,
    and compilation takes half the time. The trip count, which needs a division, is not
    computed.
    """
    return range(*bounds)


class _Step(types.SimpleIteratorType):
    def __init__(self) -> None:
        super().__init__("Step", types.int64)


class _Loop(types.SimpleIterableType):
    def __init__(self) -> None:
        super().__init__("Loop", _Step())


@register_model(_Loop)
class _LoopModel(models.StructModel):
    def __init__(self, manager: Any, numba_type: Any) -> None:
        members = [(name, types.int64) for name in ("start", "stop", "step")]
        super().__init__(manager, numba_type, members)


@register_model(_Step)
class _StepModel(models.StructModel):
    def __init__(self, manager: Any, numba_type: Any) -> None:
        members = [(name, types.int64) for name in ("stop", "step")]
        pointer = types.EphemeralPointer(types.int64)
        super().__init__(manager, numba_type, [("at", pointer), *members])


_loop = _Loop()


@infer_global(loop)
class _Template(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        return signature(_loop, *args)


@lower_builtin(loop, types.VarArg(types.Any))
def _make_loop(ctx: Any, builder: Any, signature: Any, args: Any) -> Any:
    pairs = zip(args, signature.args, strict=True)
    bounds = [ctx.cast(builder, arg, kind, types.int64) for arg, kind in pairs]
    if len(bounds) == 1:
        bounds = [ir.Constant(_LONG, 0), *bounds]
    made = cgutils.create_struct_proxy(_loop)(ctx, builder)
    made.start, made.stop = bounds[:2]
    made.step = bounds[2] if len(bounds) > 2 else ir.Constant(_LONG, 1)
    return made._getvalue()


@lower_builtin("getiter", _Loop)
def _start_loop(ctx: Any, builder: Any, signature: Any, args: Any) -> Any:
    made = cgutils.create_struct_proxy(_loop)(ctx, builder, args[0])
    state = cgutils.create_struct_proxy(signature.return_type)(ctx, builder)
    state.at = cgutils.alloca_once_value(builder, made.start)
    state.stop, state.step = made.stop, made.step
    return state._getvalue()


@lower_builtin("iternext", _Step)
@iternext_impl(RefType.UNTRACKED)
def _next_step(ctx: Any, builder: Any, signature: Any, args: Any, result: Any) -> None:
    state = cgutils.create_struct_proxy(signature.args[0])(ctx, builder, args[0])
    at = builder.load(state.at)
    is_inside = builder.icmp_signed("<", at, state.stop)
    result.set_valid(is_inside)
    with builder.if_then(is_inside):
        nothing = ir.FunctionType(ir.VoidType(), [])
        statement = ir.instructions.InlineAsm(nothing, "", "", side_effect=True)
        builder.call(statement, [], attrs=("convergent",))
        result.yield_(at)
        builder.store(builder.add(at, state.step, flags=("nsw",)), state.at)
