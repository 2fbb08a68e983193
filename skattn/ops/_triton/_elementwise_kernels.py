"""Element-wise kernels; a program computes one block of elements."""

# mypy: ignore-errors

from __future__ import annotations

import triton
import triton.language as tl

from skattn.ops._triton._hash_kernels import is_kept

__all__ = ["drop", "elu", "elu_gradient"]


@triton.jit
def _block(BLOCK: tl.constexpr):
    return tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)


@triton.jit(do_not_specialize=["n"])
def drop(x, out, dropout_words, n, grow, BLOCK: tl.constexpr):
    """Write the kept elements of `x` times `grow`, zeros for the others."""
    k = _block(BLOCK)
    kept = is_kept(k & 0xFFFFFFFF, k >> 32, dropout_words)
    scaled = tl.load(x + k, mask=k < n, other=0.0).to(tl.float32) * grow
    y = tl.where(kept, scaled, 0.0)
    tl.store(out + k, y.to(out.dtype.element_ty), mask=k < n)


@triton.jit(do_not_specialize=["n"])
def elu(x, out, n, BLOCK: tl.constexpr):
    """Write the exponential linear unit of `x`."""
    k = _block(BLOCK)
    y = tl.load(x + k, mask=k < n, other=0.0).to(tl.float32)
    y = tl.where(y > 0, y, tl.exp(tl.minimum(y, 0.0)) - 1)
    tl.store(out + k, y.to(out.dtype.element_ty), mask=k < n)


@triton.jit(do_not_specialize=["n"])
def elu_gradient(y, dout, out, n, BLOCK: tl.constexpr):
    """Write the gradient of the input from that of the result `y`."""
    k = _block(BLOCK)
    slope = tl.minimum(tl.load(y + k, mask=k < n, other=0.0).to(tl.float32), 0.0) + 1
    dx = tl.load(dout + k, mask=k < n, other=0.0).to(tl.float32) * slope
    tl.store(out + k, dx.to(out.dtype.element_ty), mask=k < n)
