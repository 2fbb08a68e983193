"""The backward pass of edge attention."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from skattn.ops._attention_tensors import Tensors
from skattn.ops._triton import _backward_kernels as kernels
from skattn.ops._triton._call import AttentionCall
from skattn.ops._triton._launch import cdiv, launch, padded
from skattn.ops._triton._plan import Rows

__all__ = ["add_pieces", "attention_gradients"]

_ITEMS_PER_PROGRAM = 16
"""Items of a program that keeps sums over them: fewer need more memory."""
_MAX_COLUMNS = 1024


def attention_gradients(
    call: AttentionCall, out: Tensor, lse: Tensor, dout: Tensor, needs: Tensors
) -> Tensors:
    """Compute the gradients of the inputs; None where not needed."""
    inputs, n_heads = call.inputs, call.sizes["H"]
    stat, doffset = _row_statistics(call, out, lse, dout)
    dscore = call.new(call.plan.by_receiver.others.shape[0], n_heads)
    dkey, dvalue, dfeatures = _sender_gradients(call, stat, dout, dscore)
    dquery = dattention = None
    if needs.query or needs.attention:
        dquery, dattention = _receiver_gradients(call, dscore)
    return Tensors(
        query=dquery,
        key=dvalue if inputs.value is None else dkey,
        attention=dattention,
        value=None if inputs.value is None else dvalue,
        bias=None if inputs.bias is None else dscore.to(inputs.bias.dtype),
        edge_features=dfeatures,
        offset=doffset,
    )


def _row_statistics(
    call: AttentionCall, out: Tensor, lse: Tensor, dout: Tensor
) -> tuple[Tensor, Tensor | None]:
    """Return (log-sum-exps, dout . (out - offset)) and the gradient of the offset."""
    sizes, offset = call.sizes, call.inputs.offset
    n_rows, n_heads = lse.shape
    options = call.options_of("forward", sizes["CP"])
    n_programs = cdiv(cdiv(n_rows, options["EDGES"]), _ITEMS_PER_PROGRAM)
    stat = call.new(n_rows, 2 * n_heads)
    doffset = None if offset is None else call.new(n_programs, *offset.shape)
    written = {"out": out, "lse": lse, "dout": dout, "stat": stat, "doffset": doffset}
    arguments = {**call.arguments, **options, **written, "n_rows": n_rows}
    launch(kernels.row_statistics, (n_programs,), arguments)
    return stat, _sum_programs(doffset, offset)


def _sender_gradients(
    call: AttentionCall, stat: Tensor, dout: Tensor, dscore: Tensor
) -> tuple[Tensor | None, Tensor, Tensor | None]:
    """Return the gradients of key, value and edge features, and write those of logits.

    If key and value are one tensor, the gradient of the value is that of both.
    """
    rows, inputs, sizes = call.plan.by_sender, call.inputs, call.sizes
    features, is_shared = inputs.edge_features, inputs.value is None
    dkey = None if is_shared else torch.empty_like(inputs.key)
    dvalue = torch.empty_like(call.value)
    part_key = None if is_shared else call.new(rows.n_pieces, *inputs.key.shape[1:])
    part_value = call.new(rows.n_pieces, *call.value.shape[1:])
    dfeatures = None if features is None else torch.empty_like(features)
    dfeature_means = None
    if features is not None:
        dout, dfeature_means = (
            part.contiguous() for part in dout.split([sizes["C"], sizes["K"]], -1)
        )
    arguments = {
        **rows.arguments,
        **call.arguments,
        **call.options_of("by_sender", max(sizes["CP"], sizes["DP"])),
        "stat": stat,
        "dout": dout,
        "dfeature_means": dfeature_means,
        "dkey": dkey,
        "dvalue": dvalue,
        "dscore": dscore,
        "dedge_features": dfeatures,
        "part_key": part_key,
        "part_value": part_value,
    }
    launch(kernels.sender_gradients, (rows.n_items,), arguments)
    add_pieces(rows, part_value, dvalue)
    if dkey is not None and part_key is not None:
        add_pieces(rows, part_key, dkey)
    return dkey, dvalue, dfeatures


def _receiver_gradients(
    call: AttentionCall, dscore: Tensor
) -> tuple[Tensor, Tensor | None]:
    """Return the gradients of the query and of the attention vectors."""
    rows, inputs, sizes = call.plan.by_receiver, call.inputs, call.sizes
    query, attention = inputs.query, inputs.attention
    keeps_sums = attention is not None
    n_programs = cdiv(rows.n_items, _ITEMS_PER_PROGRAM if keeps_sums else 1)
    dquery = torch.empty_like(query)
    part = call.new(rows.n_pieces, *query.shape[1:])
    dattention = call.new(n_programs, *attention.shape) if keeps_sums else None
    arguments = {
        **rows.arguments,
        **call.arguments,
        **call.options_of("by_receiver", sizes["DP"]),
        "dscore": dscore,
        "dquery": dquery,
        "part_query": part,
        "dattention": dattention,
    }
    launch(kernels.receiver_gradients, (n_programs,), arguments)
    add_pieces(rows, part, dquery)
    return dquery, _sum_programs(dattention, attention)


def add_pieces(rows: Rows, part: Tensor, out: Tensor) -> None:
    """Write the rows that are cut as sums over their pieces."""
    width = part[0].numel() if rows.n_pieces else 0
    columns = min(padded(width), _MAX_COLUMNS)
    arguments: dict[str, Any] = {
        **rows.arguments,
        "part": part,
        "out": out,
        "WIDTH": width,
        "COLUMNS": columns,
        "num_warps": 4,
    }
    launch(kernels.add_pieces, (rows.n_pieces, cdiv(width, columns)), arguments)


def _sum_programs(sums: Tensor | None, like: Tensor | None) -> Tensor | None:
    if sums is None or like is None:
        return None
    return sums.sum(0).to(like.dtype)  # of float32, in an order that repeats
