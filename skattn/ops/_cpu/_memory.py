"""Loads, stores and prefetches of the kernels.

Tables are plain addresses: without the reference counts, bounds checks and index
wrapping of arrays, kernels compile in half the time and calls unpack no arguments.
`Offsets` are the start offsets of four rows of a table.
"""

# ruff: noqa: ARG002  (signatures fixed by numba)
# mypy: disable-error-code="misc"

from __future__ import annotations

import operator
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import lower_builtin

from skattn._compat_numba import AbstractTemplate, infer_global, signature
from skattn.ops._cpu._lanes import (
    INT,
    INTEGERS,
    LONG,
    ROWS,
    VECTOR,
    before,
    broadcast,
    call,
    function,
    join,
    lanes,
    new_type,
    parts,
    tile,
    words,
)
from skattn.ops._cpu._layout import LANES

__all__ = [
    "after",
    "doubles",
    "floats",
    "head_offsets",
    "ints",
    "load",
    "load_first",
    "load_rows",
    "load_words",
    "longs",
    "low_words",
    "offsets_of",
    "prefetch",
    "same_offset",
    "store",
    "store_first",
    "store_long",
    "store_quad",
]  # fmt: skip

_LONGS = ir.VectorType(LONG, LANES)
_offsets = new_type("Offsets", ir.ArrayType(LONG, ROWS))


def _numbers(kind: Any, register: Any) -> Any:
    """Make an intrinsic that casts an address to a pointer to numbers."""
    at = function(types.CPointer(kind), types.int64)
    return at(lambda b, address: b.inttoptr(address, register.as_pointer()))


floats = _numbers(types.float32, ir.FloatType())
doubles = _numbers(types.float64, ir.DoubleType())
ints, longs = _numbers(types.int32, INT), _numbers(types.int64, LONG)


def _at(builder: Any, pointer: Any, index: Any, kind: Any) -> Any:
    return builder.bitcast(builder.gep(pointer, [index]), kind.as_pointer())


def _read(builder: Any, pointer: Any, index: Any, kind: Any = VECTOR) -> Any:
    numbers = builder.load(_at(builder, pointer, index, kind))
    numbers.align = 4
    return numbers


def _write(builder: Any, pointer: Any, index: Any, numbers: Any) -> None:
    builder.store(numbers, _at(builder, pointer, index, numbers.type)).align = 4


@function(lambda pointer, _: pointer, None, types.int64)
def after(b: Any, pointer: Any, n: Any) -> Any:
    """Advance a pointer by n numbers."""
    return b.gep(pointer, [n])


@function(lanes, None, types.int64)
def load(b: Any, pointer: Any, index: Any) -> Any:
    """Load the lanes that start at an index."""
    return _read(b, pointer, index)


@function(lanes, None, types.int64, types.int64)
def load_first(b: Any, pointer: Any, index: Any, n: Any) -> Any:
    """Load the first n lanes at an index, the others 0; n may exceed eight."""
    where, zero = _at(b, pointer, index, VECTOR), ir.Constant(VECTOR, [0.0] * LANES)
    rest = ir.Constant(INT, 4), before(b, n), zero
    return call(b, "llvm.masked.load.v8f32.p0", VECTOR, where, *rest)


@function(types.void, None, types.int64, None)
def store(b: Any, pointer: Any, index: Any, x: Any) -> None:
    """Store lanes, a quad or words at an index."""
    _write(b, pointer, index, x)


@function(types.void, None, types.int64, None, types.int64)
def store_first(b: Any, pointer: Any, index: Any, x: Any, n: Any) -> None:
    """Store the first n lanes at an index; n may exceed eight."""
    with b.if_else(b.icmp_signed(">=", n, ir.Constant(LONG, LANES))) as (whole, part):
        with whole:
            _write(b, pointer, index, x)
        with part:
            where = _at(b, pointer, index, VECTOR)
            rest = ir.Constant(INT, 4), before(b, n)
            call(b, "llvm.masked.store.v8f32.p0", ir.VoidType(), x, where, *rest)


@function(types.void, None, types.int64, types.int64)
def store_long(b: Any, pointer: Any, index: Any, number: Any) -> None:
    """Store one integer in the eight elements from an index on."""
    _write(b, pointer, index, broadcast(b, number, _LONGS))


@function(words, None, types.int64)
def load_words(b: Any, pointer: Any, index: Any) -> Any:
    """Load the eight words that start at an index."""
    return _read(b, pointer, index, INTEGERS)


@function(words, None, types.int64)
def low_words(b: Any, pointer: Any, index: Any) -> Any:
    """Load the low words of the eight longs that start at an index."""
    return b.trunc(_read(b, pointer, index, _LONGS), INTEGERS)


@function(types.void, None, types.int64)
def prefetch(b: Any, pointer: Any, index: Any) -> None:
    """Prefetch the cache line of an index into L2."""
    flags = [ir.Constant(INT, flag) for flag in (0, 2, 1)]  # to read, into L2, data
    source = _at(b, pointer, index, ir.IntType(8))
    call(b, "llvm.prefetch.p0", ir.VoidType(), source, *flags)


# ---- four rows -----------------------------------------------------------------------


@infer_global(operator.add)
class _AddOffsets(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        return signature(_offsets, *args) if set(args) == {_offsets} else None


@lower_builtin(operator.add, type(_offsets), type(_offsets))
def _add_offsets(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
    pairs = zip(*(parts(builder, arg) for arg in args), strict=True)
    return join(builder, [builder.add(x, y) for x, y in pairs])


@function(_offsets, types.int64)
def same_offset(b: Any, offset: Any) -> Any:
    """Return the same offset four times."""
    return join(b, [offset] * ROWS)


@function(_offsets, types.int64, types.int64, types.int64)
def head_offsets(b: Any, start: Any, stop: Any, stride: Any) -> Any:
    """Return the offsets of four rows from `start` on, capped at `stop` - 1."""
    last = b.sub(stop, ir.Constant(LONG, 1))
    numbers = [b.add(start, ir.Constant(LONG, q)) for q in range(ROWS)]
    inside = [b.select(b.icmp_signed("<", k, last), k, last) for k in numbers]
    return join(b, [b.mul(k, stride) for k in inside])


@function(_offsets, None, types.int64)
def offsets_of(b: Any, numbers: Any, stride: Any) -> Any:
    """Return the offsets of four rows, given their numbers."""
    found = [b.load(b.gep(numbers, [ir.Constant(LONG, q)])) for q in range(ROWS)]
    return join(b, [b.mul(number, stride) for number in found])


@function(tile, None, None, types.int64)
def load_rows(b: Any, table: Any, offsets: Any, index: Any) -> Any:
    """Load a tile of four vectors, one from each of four rows of a table."""
    start = b.gep(table, [index])
    return join(b, [_read(b, start, offset) for offset in parts(b, offsets)])


@function(types.void, None, types.int64, types.int64, None)
def store_quad(b: Any, pointer: Any, index: Any, step: Any, quad: Any) -> None:
    """Store four numbers from an index on, `step` elements apart."""
    with b.if_else(b.icmp_signed("==", step, ir.Constant(LONG, 1))) as (near, far):
        with near:
            _write(b, pointer, index, quad)
        with far:
            for q in range(ROWS):
                number = b.extract_element(quad, ir.Constant(INT, q))
                b.store(number, b.gep(pointer, [index]))
                index = b.add(index, step)
