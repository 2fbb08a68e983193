"""Enumeration of the nodes that the walks of some questions reach."""

from __future__ import annotations

from torch import Tensor

from skattn.ops._backends import Spec, implementation
from skattn.ops._scores import check_shape
from skattn.ops._walk import Facts, Questions, Reached, Walk

__all__ = ["expand"]


def expand(
    facts: Facts,
    questions: Questions,
    reached: Reached,
    row_ptr: Tensor,
    scores: Tensor,
    *,
    budget: int = 0,
) -> Walk:
    """Extend the walks of some questions by one step.

    Every sending row reaches the receivers of its node's edges, except over hidden
    facts: a node that only these lead to gets no row. With a budget, a question's best
    rows send, as many as have no more edges in all.

    Parameters
    ----------
    facts : Facts
        Edges of the knowledge graph.
    questions : Questions
        Questions and the facts hidden from them.
    reached : Reached
        Nodes reached so far; extended in place.
    row_ptr : Tensor of shape (n_questions + 1,), int64
        Rows of each question so far.
    scores : Tensor of shape (n_rows,)
        Scores by which a budget selects rows; rows of equal score send together. A row
        with more edges than the budget sends only if no other row does.
    budget : int, default=0
        Maximum number of edges of a question in this step; 0 for no limit.

    Returns
    -------
    Walk
        The step, for :func:`~skattn.ops.path_attention`.

    Examples
    --------
    >>> import torch
    >>> from skattn.ops import Facts, Questions, Reached, expand
    >>> chain = torch.tensor([0, 1]), torch.tensor([0, 0]), torch.tensor([1, 2])
    >>> facts = Facts.from_triples(*chain, sizes=(3, 1))  # 0 -> 1 -> 2
    >>> questions = Questions.visible(torch.tensor([0]), torch.tensor([0]))
    >>> reached = Reached.start(facts, questions)
    >>> walk = expand(facts, questions, reached, torch.tensor([0, 1]), torch.zeros(1))
    >>> walk.out_ptr, reached.node_of[0, :2]
    (tensor([0, 2]), tensor([0, 1], dtype=torch.int32))
    """
    check_shape("scores", scores, (int(row_ptr[-1]),))
    spec = Spec.of("expand", scores.detach(), facts.indptr)
    walk: Walk = implementation(spec)(  # type: ignore[assignment]
        facts, questions, reached, row_ptr, scores.detach(), budget
    )
    return walk
