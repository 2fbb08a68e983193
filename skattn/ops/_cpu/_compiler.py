"""Compilation of kernels: numba's options, and loops that LLVM does not transform."""

# ruff: noqa: ARG002  (numba calls with what it calls with)
# mypy: disable-error-code="misc"

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import wraps
from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.extending import lower_builtin, models, register_model

from skattn.ops._cpu._compat import (
    AbstractTemplate,
    RefType,
    cache_by_sources,
    cgutils,
    infer_global,
    iternext_impl,
    signature,
)

__all__ = ["INSIDE", "kernel", "loop", "part"]

_ARITHMETIC = {
    "boundscheck": False,
    "error_model": "numpy",
    # Without nnan and ninf, which give 3 %: a fit that diverges must show its NaN.
    "fastmath": {"reassoc", "contract", "nsz", "arcp"},
    "no_cfunc_wrapper": True,
}
# Functions called by kernels alone need no entry from Python.
INSIDE = _ARITHMETIC | {"no_cpython_wrapper": True, "forceinline": True}
part = njit(**INSIDE)


def kernel(function: Any) -> Any:
    """Compile a function called from Python, and cache the code on disk."""
    dispatcher = njit(nogil=True, **_ARITHMETIC)(function)
    cache_by_sources(dispatcher, function)
    dispatcher.compile = _without_collecting(dispatcher.compile)
    return dispatcher


def _without_collecting(compile_for: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Pause garbage collection during compilation, which it only slows down."""

    @wraps(compile_for)
    def compile_alone(signature: Any) -> Any:
        was_enabled = gc.isenabled()
        gc.disable()
        try:
            return compile_for(signature)
        finally:
            if was_enabled:
                gc.enable()

    return compile_alone


# ---- loops ---------------------------------------------------------------------------

_LONG = ir.IntType(64)


def loop(*bounds: int) -> range:
    """Count upwards as `range` does, in a loop that is neither unrolled nor vectorised.

    An empty statement that must not be copied keeps LLVM from both: rows are short, and
    compiling takes half the time. The number of iterations is not computed beforehand,
    which takes a division.
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
def _make(ctx: Any, builder: Any, signature: Any, args: Any) -> Any:
    pairs = zip(args, signature.args, strict=True)
    bounds = [ctx.cast(builder, arg, kind, types.int64) for arg, kind in pairs]
    if len(bounds) == 1:
        bounds = [ir.Constant(_LONG, 0), *bounds]
    made = cgutils.create_struct_proxy(_loop)(ctx, builder)
    made.start, made.stop = bounds[:2]
    made.step = bounds[2] if len(bounds) > 2 else ir.Constant(_LONG, 1)
    return made._getvalue()


@lower_builtin("getiter", _Loop)
def _start(ctx: Any, builder: Any, signature: Any, args: Any) -> Any:
    made = cgutils.create_struct_proxy(_loop)(ctx, builder, args[0])
    state = cgutils.create_struct_proxy(signature.return_type)(ctx, builder)
    state.at = cgutils.alloca_once_value(builder, made.start)
    state.stop, state.step = made.stop, made.step
    return state._getvalue()


@lower_builtin("iternext", _Step)
@iternext_impl(RefType.UNTRACKED)
def _go_on(ctx: Any, builder: Any, signature: Any, args: Any, result: Any) -> None:
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
