"""SIMD types for numba: vectors of eight float32.

`Lanes` are eight numbers, a `Tile` four rows of them, a `Quad` one number per row of a
tile, `Words` eight 32-bit integers. They support + and *, also with scalars. Explicit
vectors avoid the alias checks and remainder loops of automatic vectorisation.
"""

# ruff: noqa: ARG002  (signatures fixed by numba)
# mypy: disable-error-code="misc"

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic, lower_builtin, models, register_model

from skattn._compat_numba import AbstractTemplate, infer_global, signature
from skattn.ops._cpu._layout import LANES
from skattn.ops._random import MIX_STEPS

__all__ = [
    "ROWS", "dropout_scale", "first", "floor", "function", "hashed", "lanes", "larger",
    "logarithm_parts", "new_type", "plus", "power_of_two", "quad", "select_above",
    "splat", "sum_lanes", "sum_rows", "swap1", "swap2", "swap4", "tile", "words",
    "words_from", "xor", "zeros",
]  # fmt: skip

ROWS = 4  # of a tile
INT, LONG, FLOAT = ir.IntType(32), ir.IntType(64), ir.FloatType()
VECTOR, FOUR = ir.VectorType(FLOAT, LANES), ir.VectorType(FLOAT, ROWS)
INTEGERS = ir.VectorType(INT, LANES)
_FLAGS = ("contract", "nsz")  # no nnan: NaN must stay NaN


def new_type(name: str, kind: Any) -> Any:
    """Register a numba type that is held in one register."""

    class Type(types.Type):
        def __init__(self) -> None:
            super().__init__(name=name)

    @register_model(Type)
    class Model(models.PrimitiveModel):
        def __init__(self, manager: Any, numba_type: Any) -> None:
            super().__init__(manager, numba_type, kind)

    return Type()


lanes = new_type("Lanes", VECTOR)
tile = new_type("Tile", ir.ArrayType(VECTOR, ROWS))
quad = new_type("Quad", FOUR)
words = new_type("Words", INTEGERS)


def function(result: Any, *wants: Any) -> Callable[[Callable[..., Any]], Any]:
    """Convert a function that emits LLVM instructions to a numba intrinsic.

    `wants` has, per argument, the type to cast it to, or None; `result` is a type, or a
    function from the argument types to it.
    """

    def decorate(build: Callable[..., Any]) -> Any:
        def lower(ctx: Any, builder: Any, signature: Any, args: Any) -> Any:
            given = [
                arg if want is None else ctx.cast(builder, arg, kind, want)
                for arg, kind, want in zip(args, signature.args, wants, strict=True)
            ]
            value = build(builder, *given)
            return ctx.get_dummy_value() if result is types.void else value

        def sign(*kinds: Any) -> Any:
            found = result if isinstance(result, types.Type) else result(*kinds)
            return found(*kinds), lower

        return intrinsic(_ARITIES[len(wants)](sign))

    return decorate


_ARITIES: dict[int, Callable[..., Any]] = {  # numba needs named parameters
    0: lambda sign: lambda _context: sign(),
    1: lambda sign: lambda _context, a: sign(a),
    2: lambda sign: lambda _context, a, b: sign(a, b),
    3: lambda sign: lambda _context, a, b, c: sign(a, b, c),
    4: lambda sign: lambda _context, a, b, c, d: sign(a, b, c, d),
}

# ---- registers -----------------------------------------------------------------------


def _constant(x: float) -> Any:
    return ir.Constant(VECTOR, [x] * LANES)


def _integers(*numbers: int) -> Any:
    return ir.Constant(INTEGERS, list(numbers) * (LANES // len(numbers)))


def broadcast(builder: Any, x: Any, kind: Any) -> Any:
    """Broadcast a number to all lanes."""
    empty = ir.Constant(kind, ir.Undefined)
    one = builder.insert_element(empty, x, ir.Constant(INT, 0))
    everywhere = ir.Constant(ir.VectorType(INT, kind.count), [0] * kind.count)
    return builder.shuffle_vector(one, empty, everywhere)


def before(builder: Any, n: Any) -> Any:
    """Return the mask of the first n lanes."""
    count = broadcast(builder, builder.trunc(n, INT), INTEGERS)
    return builder.icmp_signed("<", _integers(*range(LANES)), count)


def call(builder: Any, name: str, result: Any, *args: Any, **flags: Any) -> Any:
    """Call an LLVM function."""
    kind = ir.FunctionType(result, [arg.type for arg in args])
    known = builder.module.globals.get(name)
    return builder.call(known or ir.Function(builder.module, kind, name), args, **flags)


def parts(builder: Any, x: Any) -> list[Any]:
    """Return the four parts of a tile or of `Offsets`."""
    return [builder.extract_value(x, q) for q in range(ROWS)]


def join(builder: Any, rows: list[Any]) -> Any:
    """Join four parts to a tile or `Offsets`."""
    whole = ir.Constant(ir.ArrayType(rows[0].type, ROWS), ir.Undefined)
    for q, row in enumerate(rows):
        whole = builder.insert_value(whole, row, q)
    return whole


# ---- arithmetic, lane by lane --------------------------------------------------------


def _result(*kinds: Any) -> Any:
    """Return the type of an arithmetic result; None for other operands."""
    ours = {kind for kind in kinds if not isinstance(kind, types.Number)}
    for kind, allowed in ((tile, {tile, lanes}), (lanes, {lanes}), (quad, {quad})):
        if kind in ours:
            return kind if ours <= allowed else None
    return None


def _lower(build: Callable[..., Any]) -> Callable[..., Any]:
    """Apply `build`, a function of registers, to every row of a tile."""

    def lower(ctx: Any, builder: Any, signature: Any, args: Any) -> Any:
        result = signature.return_type

        def rows(kind: Any, arg: Any) -> list[Any]:
            if kind is tile:
                return parts(builder, arg)
            if isinstance(kind, types.Number):
                number = ctx.cast(builder, arg, kind, types.float32)
                arg = broadcast(builder, number, FOUR if result is quad else VECTOR)
            return [arg] * (ROWS if result is tile else 1)

        operands = [rows(*pair) for pair in zip(signature.args, args, strict=True)]
        values = [build(builder, *row) for row in zip(*operands, strict=True)]
        return join(builder, values) if result is tile else values[0]

    return lower


def _operate(build: Callable[..., Any], *symbols: Any) -> None:
    """Define operators of lanes, tiles and quads."""
    ours = (type(lanes), type(tile), type(quad))
    for symbol in symbols:

        @infer_global(symbol)
        class _Template(AbstractTemplate):
            def generic(self, args: Any, kws: Any) -> Any:
                result = _result(*args)
                return None if result is None else signature(result, *args)

        for pair in [(x, y) for x in ours for y in (*ours, types.Number)]:
            lower_builtin(symbol, *pair)(_lower(build))
            lower_builtin(symbol, *pair[::-1])(_lower(build))


def _lane_by_lane(n_arguments: int, build: Callable[..., Any]) -> Any:
    """Make an intrinsic that acts on every lane of lanes and tiles."""
    lower = _lower(build)
    return intrinsic(
        _ARITIES[n_arguments](lambda *kinds: (_result(*kinds)(*kinds), lower))
    )


_operate(lambda b, x, y: b.fadd(x, y, flags=_FLAGS), operator.add, operator.iadd)
_operate(lambda b, x, y: b.fsub(x, y, flags=_FLAGS), operator.sub, operator.isub)
_operate(lambda b, x, y: b.fmul(x, y, flags=_FLAGS), operator.mul)
_operate(lambda b, x, y: b.fdiv(x, y, flags=_FLAGS), operator.truediv)
# y where x > 0, else z
select_above = _lane_by_lane(
    3, lambda b, x, y, z: b.select(b.fcmp_ordered(">", x, _constant(0.0)), y, z)
)
# the larger of x and y; x where either is NaN
larger = _lane_by_lane(2, lambda b, x, y: b.select(b.fcmp_ordered("<", x, y), y, x))
floor = _lane_by_lane(1, lambda b, x: call(b, "llvm.floor.v8f32", VECTOR, x))


@function(lanes, None)
def power_of_two(b: Any, x: Any) -> Any:
    """Return 2 to the power of whole numbers between -126 and 127."""
    exponent = b.add(b.fptosi(x, INTEGERS), _integers(127))
    return b.bitcast(b.shl(exponent, _integers(23)), VECTOR)


@function(lambda _: types.UniTuple(lanes, 2), None)
def logarithm_parts(b: Any, x: Any) -> Any:
    """Return m and k with x = m * 2**k and m in [sqrt(1/2), sqrt(2))."""
    root = _integers(0x3F3504F3)  # sqrt(1/2)
    bits = b.sub(b.bitcast(x, INTEGERS), root)
    m = b.bitcast(b.add(b.and_(bits, _integers(0x7FFFFF)), root), VECTOR)
    k = b.sitofp(b.ashr(bits, _integers(23)), VECTOR)
    pair = ir.Constant(ir.ArrayType(VECTOR, 2), ir.Undefined)
    return b.insert_value(b.insert_value(pair, m, 0), k, 1)


# ---- into lanes, across them and out -------------------------------------------------


@function(lanes, types.float32)
def splat(b: Any, x: Any) -> Any:
    """Broadcast a number to all lanes."""
    return broadcast(b, x, VECTOR)


@function(tile)
def zeros(b: Any) -> Any:
    """Return a tile of zeros."""
    return join(b, [_constant(0.0)] * ROWS)


@function(lanes, types.int64, None, types.float32)
def first(b: Any, n: Any, x: Any, rest: Any) -> Any:
    """Return x in the first n lanes and a number in the others."""
    return b.select(before(b, n), x, broadcast(b, rest, VECTOR))


def _swapping(step: int) -> Any:
    partners = _integers(*(q ^ step for q in range(LANES)))
    return function(lanes, None)(lambda b, x: b.shuffle_vector(x, x, partners))


swap4, swap2, swap1 = map(_swapping, (4, 2, 1))  # exchange lanes at this distance


def _pair(*halves: list[int]) -> tuple[Any, ...]:
    return tuple(ir.Constant(ir.VectorType(INT, len(half)), half) for half in halves)


_INTERLEAVED = (
    _pair([0, 8, 1, 9, 4, 12, 5, 13], [2, 10, 3, 11, 6, 14, 7, 15]),
    _pair([0, 1, 8, 9, 4, 5, 12, 13], [2, 3, 10, 11, 6, 7, 14, 15]),
)
_HALVES = _pair([0, 1, 2, 3], [4, 5, 6, 7])


@function(quad, None)
def sum_rows(b: Any, x: Any) -> Any:
    """Return the sums of the four rows of a tile, by shuffles shared by all rows."""
    rows = parts(b, x)
    for pair in _INTERLEAVED:  # 4 registers, 2, 1
        rows = [
            b.fadd(*(b.shuffle_vector(y, z, p) for p in pair), flags=_FLAGS)
            for y, z in zip(rows[::2], rows[1::2], strict=True)
        ]
    halves = (b.shuffle_vector(rows[0], rows[0], p) for p in _HALVES)
    return b.fadd(*halves, flags=_FLAGS)


@function(types.float32, None)
def sum_lanes(b: Any, x: Any) -> Any:
    """Return the sum of all lanes."""
    name, start = "llvm.vector.reduce.fadd.v8f32", ir.Constant(FLOAT, 0.0)
    return call(b, name, FLOAT, start, x, fastmath=("reassoc", *_FLAGS))


# ---- words, modulo 2**32 -------------------------------------------------------------


@function(words, types.uint32, types.uint32)
def words_from(b: Any, start: Any, step: Any) -> Any:
    """Return start, start + step, and so on."""
    steps = b.mul(_integers(*range(LANES)), broadcast(b, step, INTEGERS))
    return b.add(steps, broadcast(b, start, INTEGERS))


@function(words, None, types.uint32)
def plus(b: Any, x: Any, number: Any) -> Any:
    """Return words + a number."""
    return b.add(x, broadcast(b, number, INTEGERS))


@function(words, None, types.uint32)
def xor(b: Any, x: Any, number: Any) -> Any:
    """Return words xor a number."""
    return b.xor(x, broadcast(b, number, INTEGERS))


@function(words, None, types.uint32)
def hashed(b: Any, x: Any, number: Any) -> Any:
    """Return the lowbias32 hash of words + a number."""
    x = b.add(x, broadcast(b, number, INTEGERS))
    for shift, factor in MIX_STEPS:
        x = b.mul(b.xor(x, b.lshr(x, _integers(shift))), _integers(factor))
    return b.xor(x, b.lshr(x, _integers(16)))


@function(lanes, None, types.uint32, types.float32)
def dropout_scale(b: Any, x: Any, threshold: Any, scale: Any) -> Any:
    """Return `scale` where a word is at least the threshold, else 0."""
    is_kept = b.icmp_unsigned(">=", x, broadcast(b, threshold, INTEGERS))
    return b.select(is_kept, broadcast(b, scale, VECTOR), _constant(0.0))
