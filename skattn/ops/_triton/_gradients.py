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

Upstream = dict[str, Tensor | None]
"""Tensors that the passes over the edges share, by their names in kernels."""


def attention_gradients(
    call: AttentionCall, out: Tensor, lse: Tensor, dout: Tensor, needs: Tensors
) -> Tensors:
    """Compute the gradients of the inputs; None where not needed."""
    inputs, sizes = call.inputs, call.sizes
    stat, doffset = _row_statistics(call, out, lse, dout)
    if sizes["K"]:
        means = dout.split([sizes["C"], sizes["K"]], -1)
        dout, dmeans = (part.contiguous() for part in means)
    else:
        dmeans = None
    upstream = {"stat": stat, "dout": dout, "dfeature_means": dmeans}
    upstream |= _per_edge(call)
    dkey, dvalue, dfeatures = _sender_gradients(call, upstream)
    of_keys = of_values = None
    if needs.key_vectors or needs.value_vectors:
        of_keys, of_values = _type_gradients(call, upstream)
    dquery = dattention = None
    if needs.query or needs.attention:
        dquery, dattention = _receiver_gradients(call, upstream)
    bias = inputs.bias
    return Tensors(
        query=dquery,
        key=dvalue if inputs.value is None else dkey,
        attention=dattention,
        value=None if inputs.value is None else dvalue,
        bias=None if bias is None else upstream["dscore"].to(bias.dtype),
        edge_features=dfeatures,
        offset=doffset,
        key_vectors=of_keys,
        value_vectors=of_values,
    )


def _per_edge(call: AttentionCall) -> dict[str, Tensor | None]:
    """Allocate the tensors that the pass by sender writes for the other passes.

    They are gradients of the logits and, of typed edges, attention weights after
    dropout, (n_edges, H) each.
    """
    shape = call.plan.by_receiver.others.shape[0], call.sizes["H"]
    is_typed = call.options.types is not None
    return {"dscore": call.new(*shape), "kept": call.new(*shape) if is_typed else None}


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
    call: AttentionCall, upstream: Upstream
) -> tuple[Tensor | None, Tensor, Tensor | None]:
    """Return the gradients of key, value and edge features, and write those of logits.

    If key and value are one tensor, the gradient of the value is that of both.
    """
    rows, inputs, sizes = call.plan.by_sender, call.inputs, call.sizes
    features = inputs.edge_features
    dkey = None if inputs.value is None else torch.empty_like(inputs.key)
    dvalue = torch.empty_like(call.value)
    dfeatures = None if features is None else torch.empty_like(features)
    has_types = call.options.types is not None
    direction = "by_sender_of_types" if has_types else "by_sender"
    arguments = {
        **rows.arguments,
        **call.arguments,
        **call.options_of(direction, max(sizes["CP"], sizes["DP"])),
        **upstream,
        "dkey": dkey,
        "dvalue": dvalue,
        "dedge_features": dfeatures,
        "part_key": _parts(call, rows, dkey),
        "part_value": _parts(call, rows, dvalue),
    }
    launch(kernels.sender_gradients, (rows.n_items,), arguments)
    add_pieces(rows, arguments["part_value"], dvalue)
    add_pieces(rows, arguments["part_key"], dkey)
    return dkey, dvalue, dfeatures


def _type_gradients(
    call: AttentionCall, upstream: Upstream
) -> tuple[Tensor, Tensor | None]:
    """Return the gradients of the vectors of types, of one or of keys and values."""
    types, inputs, sizes = call.options.types, call.inputs, call.sizes
    assert types is not None
    of_key, of_value = inputs.key_vectors, inputs.value_vectors
    is_shared = inputs.value is None
    dkey = None if is_shared else torch.empty_like(of_key)
    dvalue = torch.empty_like(of_key if is_shared else of_value)
    rows = call.plan.by_type(types, len(of_key))
    arguments = {
        **rows.arguments,
        **call.arguments,
        **call.options_of("by_sender", max(sizes["CP"], sizes["DP"])),
        **upstream,
        "senders": call.plan.by_receiver.others,
        "dkey_vectors": dkey,
        "dvalue_vectors": dvalue,
        "part_key": _parts(call, rows, dkey),
        "part_value": _parts(call, rows, dvalue),
    }
    launch(kernels.type_gradients, (rows.n_items,), arguments)
    add_pieces(rows, arguments["part_value"], dvalue)
    add_pieces(rows, arguments["part_key"], dkey)
    return (dvalue, None) if dkey is None else (dkey, dvalue)


def _parts(call: AttentionCall, rows: Rows, out: Tensor | None) -> Tensor | None:
    """Allocate the sums of the pieces of rows."""
    return None if out is None else call.new(rows.n_pieces, *out.shape[1:])


def _receiver_gradients(
    call: AttentionCall, upstream: Upstream
) -> tuple[Tensor, Tensor | None]:
    """Return the gradients of the query and of the attention vectors."""
    rows, inputs, sizes = call.plan.by_receiver, call.inputs, call.sizes
    query, attention = inputs.query, inputs.attention
    keeps_sums = attention is not None
    n_programs = cdiv(rows.n_items, _ITEMS_PER_PROGRAM if keeps_sums else 1)
    dquery = torch.empty_like(query)
    part = _parts(call, rows, dquery)
    dattention = call.new(n_programs, *attention.shape) if keeps_sums else None
    arguments = {
        **rows.arguments,
        **call.arguments,
        **call.options_of("by_receiver", sizes["DP"]),
        **upstream,
        "dquery": dquery,
        "part_query": part,
        "dattention": dattention,
    }
    launch(kernels.receiver_gradients, (n_programs,), arguments)
    add_pieces(rows, part, dquery)
    return dquery, _sum_programs(dattention, attention)


def add_pieces(rows: Rows, part: Tensor | None, out: Tensor | None) -> None:
    """Write the rows that are cut as sums over their pieces."""
    if part is None:
        return
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
