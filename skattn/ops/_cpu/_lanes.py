"""Eight float32 side by side, for the innermost loops of the kernels.

With whole vectors as values, loops over eight channels or over the three senders of an
atom run as they are written, without the alias checks and remainders of the compiler's
own vectors.

numba's cache does not see an edit here: touch `_kernels.py` with it.
"""

# mypy: disable-error-code="misc"

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic, models, register_model

__all__ = [
    "add", "first", "fma", "highest", "larger", "load", "mul", "power_of_two",
    "rounded", "select_above", "splat", "store", "sub", "total",
]  # fmt: skip

WIDTH = 8
_FLAGS = ("reassoc", "contract", "nsz", "arcp")  # no nnan: NaN must stay NaN
_FLOAT = ir.FloatType()
_VECTOR = ir.VectorType(_FLOAT, WIDTH)
_INTEGERS = ir.VectorType(ir.IntType(32), WIDTH)


class _Lanes(types.Type):
    def __init__(self) -> None:
        super().__init__(name="Lanes")


_lanes = _Lanes()


@register_model(_Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, numba_type: Any) -> None:
        super().__init__(manager, numba_type, _VECTOR)


def _constant(x: float) -> Any:
    return ir.Constant(_VECTOR, [x] * WIDTH)


def _place(ctx: Any, builder: Any, signature: Any, args: Any) -> Any:
    """Address of the lanes at args[1] in the contiguous array args[0]."""
    data = ctx.make_array(signature.args[0])(ctx, builder, args[0]).data
    index = ctx.cast(builder, args[1], signature.args[1], types.int64)
    return builder.bitcast(builder.gep(data, [index]), _VECTOR.as_pointer())


def _call(builder: Any, name: str, result: Any, args: list[Any], **flags: Any) -> Any:
    kind = ir.FunctionType(result, [arg.type for arg in args])
    function = builder.module.globals.get(name) or ir.Function(
        builder.module, kind, name
    )
    return builder.call(function, args, **flags)


def _of_lanes(n_arguments: int, build: Callable[..., Any], result: Any = _lanes) -> Any:
    """Make an operation on lanes from one on their registers."""

    def lower(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return build(builder, *args)

    signature = result(*[_lanes] * n_arguments)
    if n_arguments == 1:
        return intrinsic(lambda _context, x: (signature, lower))
    if n_arguments == 2:
        return intrinsic(lambda _context, x, y: (signature, lower))
    return intrinsic(lambda _context, x, y, z: (signature, lower))


def _power_of_two(builder: Any, x: Any) -> Any:
    bias = ir.Constant(_INTEGERS, [127] * WIDTH)
    places = ir.Constant(_INTEGERS, [23] * WIDTH)
    exponent = builder.add(builder.fptosi(x, _INTEGERS), bias)
    return builder.bitcast(builder.shl(exponent, places), _VECTOR)


def _total(builder: Any, x: Any) -> Any:
    start = ir.Constant(_FLOAT, 0.0)
    name = "llvm.vector.reduce.fadd.v8f32"
    return _call(builder, name, _FLOAT, [start, x], fastmath=_FLAGS)


add = _of_lanes(2, lambda b, x, y: b.fadd(x, y, flags=_FLAGS))
sub = _of_lanes(2, lambda b, x, y: b.fsub(x, y, flags=_FLAGS))
mul = _of_lanes(2, lambda b, x, y: b.fmul(x, y, flags=_FLAGS))
# x * y + z
fma = _of_lanes(
    3, lambda b, x, y, z: b.fadd(b.fmul(x, y, flags=_FLAGS), z, flags=_FLAGS)
)
# y where x > 0, else z
select_above = _of_lanes(
    3, lambda b, x, y, z: b.select(b.fcmp_ordered(">", x, _constant(0.0)), y, z)
)
# the larger of x and y; x where either is NaN
larger = _of_lanes(2, lambda b, x, y: b.select(b.fcmp_ordered("<", x, y), y, x))
rounded = _of_lanes(1, lambda b, x: _call(b, "llvm.floor.v8f32", _VECTOR, [x]))
power_of_two = _of_lanes(1, _power_of_two)
total = _of_lanes(1, _total, types.float32)
highest = _of_lanes(
    1,
    lambda b, x: _call(b, "llvm.vector.reduce.fmax.v8f32", _FLOAT, [x]),
    types.float32,
)


@intrinsic
def first(_context: Any, n: Any, x: Any, rest: Any) -> Any:
    """Return x in the first n lanes and `rest` in those behind."""

    def lower(ctx: Any, builder: Any, signature: Any, args: Any) -> Any:
        count = ctx.cast(builder, args[0], signature.args[0], types.int32)
        empty = ir.Constant(_INTEGERS, ir.Undefined)
        one = builder.insert_element(empty, count, ir.Constant(ir.IntType(32), 0))
        counts = builder.shuffle_vector(one, empty, ir.Constant(_INTEGERS, [0] * WIDTH))
        places = ir.Constant(_INTEGERS, list(range(WIDTH)))
        return builder.select(builder.icmp_signed("<", places, counts), *args[1:])

    return _lanes(n, _lanes, _lanes), lower


@intrinsic
def splat(_context: Any, x: Any) -> Any:
    """Return x in every lane."""

    def lower(ctx: Any, builder: Any, signature: Any, args: Any) -> Any:
        value = ctx.cast(builder, args[0], signature.args[0], types.float32)
        empty = ir.Constant(_VECTOR, ir.Undefined)
        first = builder.insert_element(empty, value, ir.Constant(ir.IntType(32), 0))
        return builder.shuffle_vector(first, empty, ir.Constant(_INTEGERS, [0] * WIDTH))

    return _lanes(x), lower


@intrinsic
def load(_context: Any, array: Any, index: Any) -> Any:
    """Return the lanes that start at a flat index of a contiguous array."""

    def lower(ctx: Any, builder: Any, signature: Any, args: Any) -> Any:
        lanes = builder.load(_place(ctx, builder, signature, args))
        lanes.align = 4
        return lanes

    return _lanes(array, index), lower


@intrinsic
def store(_context: Any, array: Any, index: Any, lanes: Any) -> Any:
    """Write lanes to a flat index of a contiguous array."""

    def lower(ctx: Any, builder: Any, signature: Any, args: Any) -> Any:
        written = builder.store(args[2], _place(ctx, builder, signature, args))
        written.align = 4
        return ctx.get_dummy_value()

    return types.void(array, index, lanes), lower
