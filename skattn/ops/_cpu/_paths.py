"""Walks over a knowledge graph on the CPU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from skattn.ops._autograd import once_differentiable
from skattn.ops._cpu._layout import LANES, in_lanes
from skattn.ops._cpu._path_kernels import expand_questions, path_gradients, sum_paths
from skattn.ops._cpu._records import PathGradients, PathTables, WalkTables
from skattn.ops._threads import run_blocks
from skattn.ops._walk import Facts, Questions, Reached, Walk

__all__ = ["expand", "path_attention"]

_MAX_BLOCKS = 8
"""Blocks of questions that threads share: each needs sums of the tables' gradients.
Their number does not depend on the threads, so that results are equal bit for bit."""


def expand(
    facts: Facts,
    questions: Questions,
    reached: Reached,
    row_ptr: Tensor,
    scores: Tensor,
    budget: int,
) -> Walk:
    """See `skattn.ops.expand`."""
    senders = torch.empty(len(scores), dtype=torch.int64)
    n_senders, counts = torch.empty_like(questions.sources), row_ptr.diff()
    walk = Walk(facts, questions, reached, senders, n_senders, row_ptr, row_ptr)
    tables, scores = _tables(walk), scores.contiguous()
    arguments = tables, scores.data_ptr(), budget, counts.data_ptr()
    _run(len(questions), lambda _, *rows: expand_questions(*rows, *arguments))
    out_ptr = torch.cat([row_ptr[:1], counts.cumsum(0)])
    return Walk(facts, questions, reached, senders, n_senders, row_ptr, out_ptr)


def path_attention(walk: Walk, table_of: Tensor, *tensors: Tensor) -> Tensor:
    """See `skattn.ops.path_attention`."""
    out: Tensor = _PathAttention.apply(walk, table_of.contiguous(), *tensors)
    return out


class _PathAttention(torch.autograd.Function):
    """Gradients: a second walk over the same edges."""

    @staticmethod
    def forward(ctx: Any, walk: Walk, table_of: Tensor, *tensors: Tensor) -> Tensor:
        padded = [in_lanes(x) for x in tensors[:5]] + [tensors[5]]
        ctx.save_for_backward(table_of, *padded)
        ctx.walk, ctx.widths = walk, (tensors[0].shape[1], tensors[1].shape[1])
        out = padded[1].new_zeros(int(walk.out_ptr[-1]), padded[1].shape[1])
        arguments = _tables(walk), _path_tables(table_of, *padded), out.data_ptr()
        _run(len(table_of), lambda _, *rows: sum_paths(*rows, *arguments))
        return out[:, : ctx.widths[1]]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dout: Tensor) -> Any:
        table_of, key, value, gates, factors, attention, offset = ctx.saved_tensors
        dout, n = in_lanes(dout), len(table_of)
        n_blocks = min(n, _MAX_BLOCKS)
        dkey, dvalue = torch.zeros_like(key), torch.zeros_like(value)
        sums = [x.new_zeros(n_blocks, *x.shape) for x in (gates, factors)]
        sums.append(attention.new_zeros(n_blocks, len(attention) + LANES))
        saved = key, value, gates, factors, attention, offset
        tables = _tables(ctx.walk), _path_tables(table_of, *saved), dout.data_ptr()

        def run(block: int, first: int, stop: int) -> None:
            own = (x[block].data_ptr() for x in sums)
            gradients = PathGradients(dkey.data_ptr(), dvalue.data_ptr(), *own)
            path_gradients(first, stop, *tables, tuple(gradients))

        _run(n, run)
        dgates, dfactors, dattention = (x.sum(0) for x in sums)
        A, C = ctx.widths
        return (
            *(None, None, dkey[:, :A], dvalue[:, :C], dgates[..., :A]),
            *(dfactors[..., :C], dattention[:A], dattention[-LANES]),
        )


def _run(n_questions: int, work: Callable[[int, int, int], Any]) -> None:
    """Call ``work(block, first, stop)`` for blocks of questions, in threads."""
    n_blocks = min(n_questions, _MAX_BLOCKS)
    cuts = [n_questions * b // n_blocks for b in range(n_blocks)] + [n_questions]
    if torch.get_num_threads() == 1:
        for b in range(n_blocks):
            work(b, cuts[b], cuts[b + 1])
        return
    run_blocks(n_blocks, lambda b: work(b, cuts[b], cuts[b + 1]))


def _tables(walk: Walk) -> tuple[int, ...]:
    """Return the record of a walk's tables; the walk keeps them alive."""
    facts, questions, reached = walk.facts, walk.questions, walk.reached
    return tuple(
        WalkTables(
            indptr=facts.indptr.data_ptr(),
            receivers=facts.receivers.data_ptr(),
            edge_relations=facts.relations.data_ptr(),
            inverses=facts.inverses.data_ptr(),
            sources=questions.sources.data_ptr(),
            relations=questions.relations.data_ptr(),
            hidden_ptr=questions.hidden_ptr.data_ptr(),
            hidden=questions.hidden.data_ptr(),
            hide_pairs=questions.hide_pairs,
            row_of=reached.row_of.data_ptr(),
            node_of=reached.node_of.data_ptr(),
            n_entities=facts.n_entities,
            senders=walk.senders.data_ptr(),
            n_senders=walk.n_senders.data_ptr(),
            row_ptr=walk.row_ptr.data_ptr(),
            out_ptr=walk.out_ptr.data_ptr(),
        )
    )


def _path_tables(
    table_of: Tensor,
    key: Tensor,
    value: Tensor,
    gate_table: Tensor,
    value_table: Tensor,
    attention: Tensor,
    offset: Tensor,
) -> tuple[int, ...]:
    return tuple(
        PathTables(
            key=key.data_ptr(),
            value=value.data_ptr(),
            table_of=table_of.data_ptr(),
            gate_table=gate_table.data_ptr(),
            value_table=value_table.data_ptr(),
            attention=attention.data_ptr(),
            offset=offset.data_ptr(),
            gate_dim=key.shape[1],
            dim=value.shape[1],
            gate_stride=gate_table[0].numel(),
            value_stride=value_table[0].numel() if len(value_table) > 1 else 0,
        )
    )
