"""Gated sums over the edges of a walk."""

from __future__ import annotations

from torch import Tensor

from skattn.ops._backends import Spec, implementation
from skattn.ops._scores import check_shape
from skattn.ops._walk import Walk

__all__ = ["path_attention"]


def path_attention(
    walk: Walk,
    key: Tensor,
    value: Tensor,
    *,
    table_of: Tensor,
    gate_table: Tensor,
    value_table: Tensor,
    attention: Tensor,
    offset: Tensor,
) -> Tensor:
    """Sum the gated messages of every edge of a step of the walks.

    ``out[v] = Σ_e gate(e) · value[u] · value_table[q, r]`` over the edges ``e`` of
    relation ``r`` from sending rows ``u`` to row ``v``, with ``gate(e) =
    sigmoid(attention · relu(key[u] + gate_table[q, r]) + offset)`` and the table ``q``
    of the question. Hidden facts are left out, by the same predicate as in
    :func:`~skattn.ops.expand`. Differentiable with respect to every tensor. The
    compiled kernels (float32 on the CPU) store nothing per edge.

    Parameters
    ----------
    walk : Walk
        The step, from :func:`~skattn.ops.expand`.
    key : Tensor of shape (n_rows, gate_dim)
        Part of the rows in the gates.
    value : Tensor of shape (n_rows, dim)
        Values of the rows.
    table_of : Tensor of shape (n_questions,), int64
        Table of each question.
    gate_table : Tensor of shape (n_tables, n_relations, gate_dim)
        Part of the relations in the gates.
    value_table : Tensor of shape (n_tables, n_relations, dim)
        Factors of the values; one table serves all questions if the first axis is 1.
    attention : Tensor of shape (gate_dim,)
        Weights of the gates.
    offset : Tensor of shape ()
        Offset of the gates.

    Returns
    -------
    Tensor of shape (n_out, dim)
        One row per row after the step; zeros where no message arrives.

    Raises
    ------
    ValueError
        If shapes do not match.

    References
    ----------
    Zhu et al., "Neural Bellman-Ford Networks", NeurIPS 2021; Zhang and Yao, "Knowledge
    Graph Reasoning with Relational Digraph", WWW 2022 (the gates).

    Examples
    --------
    >>> import torch
    >>> from skattn.ops import Facts, Questions, Reached, expand, path_attention
    >>> fact = torch.tensor([0]), torch.tensor([0]), torch.tensor([1])
    >>> facts = Facts.from_triples(*fact, sizes=(2, 1))  # 0 -> 1, and its inverse
    >>> questions = Questions.visible(torch.tensor([0]), torch.tensor([0]))
    >>> reached = Reached.start(facts, questions)
    >>> walk = expand(facts, questions, reached, torch.tensor([0, 1]), torch.zeros(1))
    >>> path_attention(
    ...     walk, torch.zeros(1, 1), torch.tensor([[4.0]]),
    ...     table_of=torch.tensor([0]), gate_table=torch.zeros(1, 2, 1),
    ...     value_table=torch.full((1, 2, 1), 3.0), attention=torch.ones(1),
    ...     offset=torch.tensor(0.0),
    ... )
    tensor([[0.],
            [6.]])
    """  # fmt: skip
    n, gate_dim, dim = walk.n_rows, key.shape[-1], value.shape[-1]
    n_tables, n_relations = gate_table.shape[0], walk.facts.n_relations
    n_values = min(len(value_table), n_tables) or 1
    check_shape("key", key, (n, gate_dim))
    check_shape("value", value, (n, dim))
    check_shape("gate_table", gate_table, (n_tables, n_relations, gate_dim))
    check_shape("value_table", value_table, (n_values, n_relations, dim))
    check_shape("attention", attention, (gate_dim,))
    tensors = key, value, gate_table, value_table, attention, offset
    spec = Spec.of("path_attention", walk.facts.indptr, *tensors, head_dim=dim)
    return implementation(spec)(walk, table_of, *tensors)
