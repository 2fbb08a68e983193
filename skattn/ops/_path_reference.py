"""Walks of questions and their gated sums in plain torch, see `_reference`."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from skattn.ops._walk import Facts, Questions, Reached, Walk

__all__ = [
    "PathEdges",
    "WalkEdges",
    "expand",
    "path_attention",
    "path_edges",
    "walk_edges",
]


@dataclass(frozen=True, eq=False)
class WalkEdges:
    """Edges of a step of the walks, hidden facts left out; all (n_edges,) int64."""

    questions: Tensor
    """Question of each edge."""
    rows: Tensor
    """Sending row."""
    senders: Tensor
    """Node of the sending row."""
    receivers: Tensor
    """Node at the other end."""
    relations: Tensor
    """Relation."""


def walk_edges(walk: Walk) -> WalkEdges:
    """Return the visible edges of a step, by question, sending row and edge number."""
    facts, counts = walk.facts, walk.n_senders
    owner = torch.arange(len(counts), device=counts.device).repeat_interleave(counts)
    first = counts.cumsum(0) - counts
    place = torch.arange(len(owner), device=owner.device) - first[owner]
    rows = walk.senders[walk.row_ptr[owner] + place]
    nodes = walk.reached.node_of[owner, rows - walk.row_ptr[owner]].long()
    degrees = facts.indptr[nodes + 1] - facts.indptr[nodes]
    of = torch.arange(len(rows), device=rows.device).repeat_interleave(degrees)
    within = torch.arange(len(of), device=of.device)
    within = within - (degrees.cumsum(0) - degrees)[of]
    numbers = facts.indptr[nodes[of]] + within
    edges = WalkEdges(
        owner[of],
        rows[of],
        nodes[of],
        facts.receivers[numbers].long(),
        facts.relations[numbers].long(),
    )
    visible = ~_is_hidden(walk.questions, facts, edges)
    return WalkEdges(*(x[visible] for x in vars(edges).values()))


def _is_hidden(questions: Questions, facts: Facts, edges: WalkEdges) -> Tensor:
    """Return whether each edge is a hidden fact or the inverse of one, bool."""
    n, b = facts.n_entities, edges.questions
    owner = torch.arange(len(questions), device=b.device)
    owner = owner.repeat_interleave(questions.hidden_ptr.diff())
    pairs = owner * n + questions.hidden
    sources, relations = questions.sources[b], questions.relations[b]
    forward = (edges.senders == sources) & torch.isin(b * n + edges.receivers, pairs)
    backward = (edges.receivers == sources) & torch.isin(b * n + edges.senders, pairs)
    if questions.hide_pairs:
        return forward | backward
    inverses = facts.inverses[relations]
    return forward & (edges.relations == relations) | backward & (
        edges.relations == inverses
    )


def expand(
    facts: Facts,
    questions: Questions,
    reached: Reached,
    row_ptr: Tensor,
    scores: Tensor,
    budget: int,
) -> Walk:
    """See ``skattn.ops.expand``."""
    owner = torch.arange(len(questions), device=row_ptr.device)
    owner = owner.repeat_interleave(row_ptr.diff())
    place = torch.arange(len(owner), device=owner.device) - row_ptr[owner]
    nodes = reached.node_of[owner, place].long()
    degrees = facts.indptr[nodes + 1] - facts.indptr[nodes]
    sends = _select(degrees, owner, scores, budget)
    order = torch.argsort((owner << 1) + (~sends).long(), stable=True)  # senders first
    n_senders = torch.zeros_like(questions.sources).index_add(0, owner, sends.long())
    walk = Walk(facts, questions, reached, order, n_senders, row_ptr, row_ptr)
    edges = walk_edges(walk)
    counts = _reach(reached, row_ptr.diff(), edges)
    out_ptr = torch.cat([row_ptr[:1], counts.cumsum(0)])
    return Walk(facts, questions, reached, order, n_senders, row_ptr, out_ptr)


def _select(degrees: Tensor, owner: Tensor, scores: Tensor, budget: int) -> Tensor:
    """Return which rows send: the best of each question within a budget of edges."""
    n = int(owner[-1]) + 1 if len(owner) else 0
    totals = degrees.new_zeros(n).index_add(0, owner, degrees)
    if not budget or not (totals > budget).any():
        return torch.ones_like(owner, dtype=torch.bool)
    allowed = degrees <= budget
    order = torch.argsort(scores, descending=True, stable=True)
    order = order[torch.argsort(owner[order], stable=True)]
    cost = torch.where(allowed, degrees, 0)[order]
    base = cost.new_zeros(n).index_add(0, owner[order], cost).cumsum(0)
    base = torch.cat([base.new_zeros(1), base[:-1]])
    spent = cost.cumsum(0) - base[owner[order]]
    is_new = torch.ones_like(order, dtype=torch.bool)
    is_new[1:] = (owner[order].diff() != 0) | (scores[order].diff() != 0)
    tie = is_new.cumsum(0) - 1
    last = spent.new_zeros(len(tie)).scatter_reduce(0, tie, spent, "amax")
    fits = torch.empty_like(allowed)
    fits[order] = last[tie] <= budget
    best = scores.new_full((n,), -torch.inf).scatter_reduce(0, owner, scores, "amax")
    sends = (fits & allowed) | (totals <= budget)[owner]
    has_any = totals.new_zeros(n).index_add(0, owner, sends.long()) > 0
    return sends | (~has_any[owner] & (scores == best[owner]))


def _reach(reached: Reached, counts: Tensor, edges: WalkEdges) -> Tensor:
    """Give a row to every new receiver, in the order of edges; return the counts."""
    n = reached.row_of.shape[1]
    keys = edges.questions * n + edges.receivers
    keys = keys[reached.row_of.view(-1)[keys] < 0]
    found, which = torch.unique(keys, return_inverse=True)
    position = torch.arange(len(keys), device=keys.device)
    first = torch.full_like(found, len(keys))
    first = first.scatter_reduce(0, which, position, "amin")
    found = found[torch.argsort(first)]
    owner = found // n
    new = torch.zeros_like(counts).index_add(0, owner, torch.ones_like(owner))
    place = torch.arange(len(found), device=found.device) - (new.cumsum(0) - new)[owner]
    rows = counts[owner] + place
    reached.row_of.view(-1)[found] = rows.to(torch.int32)
    reached.node_of[owner, rows] = (found % n).to(torch.int32)
    return counts + new


@dataclass(frozen=True, eq=False)
class PathEdges(WalkEdges):
    """Edges of a step of the walks, and their messages."""

    out_rows: Tensor
    """(n_edges,) int64: row of the receiver after the step."""
    weights: Tensor
    """(n_edges,): attention weights, the gates."""
    messages: Tensor
    """(n_edges, dim): messages before their gates."""


def path_edges(
    walk: Walk,
    *,
    table_of: Tensor,
    key: Tensor,
    value: Tensor,
    gate_table: Tensor,
    value_table: Tensor,
    attention: Tensor,
    offset: Tensor,
) -> PathEdges:
    """Compute the gates and messages of every edge of a step.

    The arguments are those of :func:`~skattn.ops.path_attention`, which sums
    ``weights * messages`` by row. For explanations: all edges are materialised.

    Parameters
    ----------
    walk : Walk
        The step, from :func:`~skattn.ops.expand`.
    table_of, key, value, gate_table, value_table, attention, offset : Tensor
        As for :func:`~skattn.ops.path_attention`.

    Returns
    -------
    PathEdges
        The edges that are not hidden.
    """
    edges = walk_edges(walk)
    table = table_of[edges.questions]
    gates = torch.relu(key[edges.rows] + gate_table[table, edges.relations])
    weights = torch.sigmoid((gates * attention).sum(1) + offset)
    shared = torch.zeros_like(table) if len(value_table) == 1 else table
    messages = value[edges.rows] * value_table[shared, edges.relations]
    place = walk.reached.row_of[edges.questions, edges.receivers].long()
    out_rows = walk.out_ptr[edges.questions] + place
    return PathEdges(
        **vars(edges), out_rows=out_rows, weights=weights, messages=messages
    )


def path_attention(
    walk: Walk,
    table_of: Tensor,
    key: Tensor,
    value: Tensor,
    gate_table: Tensor,
    value_table: Tensor,
    attention: Tensor,
    offset: Tensor,
) -> Tensor:
    """See ``skattn.ops.path_attention``."""
    edges = path_edges(
        walk,
        table_of=table_of,
        key=key,
        value=value,
        gate_table=gate_table,
        value_table=value_table,
        attention=attention,
        offset=offset,
    )
    out = value.new_zeros(int(walk.out_ptr[-1]), value.shape[1])
    return out.index_add(0, edges.out_rows, edges.weights[:, None] * edges.messages)
