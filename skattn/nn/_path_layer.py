"""Layer of a path reasoner: relational message passing for a batch of questions."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor, nn

from skattn.nn._init import Resettable, glorot_
from skattn.nn._linear import Linear
from skattn.nn._rows import new_seed
from skattn.ops import Walk, dropout, path_attention


@dataclass(frozen=True, kw_only=True)
class PathSpec:
    """Sizes of a path reasoner.

    Examples
    --------
    >>> from skattn.nn import PathSpec
    >>> PathSpec(n_relations=4).hidden_dim
    32
    """

    n_relations: int
    """Number of relations, inverses included."""
    n_layers: int = 3
    """Number of layers, the length of the longest path."""
    hidden_dim: int = 32
    """Width of the rows."""
    gate_dim: int = 8
    """Width of the hidden layer of the attention weights."""
    dropout: float = 0.1
    """Dropout on the update of the rows."""
    edge_budget: int = 0
    """Maximum number of edges of a question in one step; 0 for no limit."""
    question_messages: bool = False
    """Whether the relations' factors of messages depend on the question."""


@dataclass(frozen=True, eq=False)
class QuestionCodes:
    """Embeddings of the relations that are questions, one per distinct relation."""

    distinct: Tensor
    """(n_tables, hidden_dim)."""
    table_of: Tensor
    """(n_questions,) int64: row of each question's relation."""

    def of_rows(self, owners: Tensor) -> Tensor:
        """Return the embedding of the question of each row."""
        return self.distinct[self.table_of[owners]]


@dataclass(frozen=True, eq=False)
class PathStep:
    """Tensors of one step, from which the contribution of each edge can be computed."""

    walk: Walk
    key: Tensor
    """(n_rows, gate_dim)."""
    value: Tensor
    """(n_rows, hidden_dim)."""
    table_of: Tensor
    """(n_questions,) int64."""
    gate_table: Tensor
    """(n_tables, n_relations, gate_dim)."""
    value_table: Tensor
    """(n_tables or 1, n_relations, hidden_dim)."""
    attention: Tensor
    """(gate_dim,)."""
    offset: Tensor
    """()."""
    out: Tensor
    """(n_out, hidden_dim): the sums."""

    def inputs(self) -> dict[str, Tensor]:
        """Return the arguments of the operation beside the walk.

        Returns
        -------
        dict of str to Tensor
            Keyword arguments of :func:`~skattn.ops.path_attention`.
        """
        return {k: v for k, v in vars(self).items() if k not in ("walk", "out")}


class PathLayer(Resettable):
    """Relational message passing: weighted sums over edges, then an update of rows.

    Parameters
    ----------
    spec : PathSpec
        Sizes.
    """

    def __init__(self, spec: PathSpec) -> None:
        super().__init__()
        width, gate, n = spec.hidden_dim, spec.gate_dim, spec.n_relations
        self.dropout = spec.dropout
        self.relations = nn.Parameter(torch.empty(n, width))
        self.shift = None
        if spec.question_messages:
            self.shift = nn.Parameter(torch.empty(width, n * width))
        self.key = Linear(width, gate, bias=False)
        self.gate_relation = Linear(width, gate, bias=False)
        self.gate_question = Linear(width, gate)
        self.gate_both = Linear(width, gate, bias=False)
        self.attention = nn.Parameter(torch.empty(gate))
        self.offset = nn.Parameter(torch.empty(()))
        self.update = Linear(2 * width, width)
        self.norm = nn.LayerNorm(width)
        self.reset_parameters()

    def reset_parameters(self, generator: Generator | None = None) -> None:
        """Draw all weights; relations and attention are normal."""
        super().reset_parameters(generator)
        with torch.no_grad():
            self.relations.normal_(generator=generator)
            self.attention.normal_(generator=generator)
            self.attention.mul_(len(self.attention) ** -0.5)
            self.offset.zero_()
        if self.shift is not None:
            glorot_(self.shift, 2 * len(self.shift), generator)

    def forward(
        self,
        walk: Walk,
        h: Tensor,
        codes: QuestionCodes,
        generator: Generator | None = None,
    ) -> tuple[Tensor, PathStep]:
        """Compute the rows after a step, and the tensors of the step.

        Parameters
        ----------
        walk : Walk
            The step.
        h : Tensor of shape (n_rows, hidden_dim)
            Rows before it.
        codes : QuestionCodes
            The questions.
        generator : torch.Generator, optional
            Generator of the dropout mask.

        Returns
        -------
        h : Tensor of shape (n_out, hidden_dim)
            Rows after it.
        step : PathStep
            Its tensors.
        """
        q, r = codes.distinct, self.relations
        gates = (
            self.gate_relation(r)[None]
            + self.gate_question(q)[:, None]
            + _map_pairs(self.gate_both, r[None] * q[:, None])
        )
        factors = r[None]
        if self.shift is not None:
            factors = factors + torch.mm(q, self.shift).view(len(q), *r.shape)
        inputs = {
            "key": self.key(h),
            "value": h,
            "table_of": codes.table_of,
            "gate_table": gates,
            "value_table": factors,
            "attention": self.attention,
            "offset": self.offset,
        }
        out = path_attention(walk, **inputs)
        before = h.new_zeros(out.shape).index_copy(0, walk.kept(), h)
        new = torch.relu(self.norm(self.update(torch.cat([before, out], 1))))
        if self.training and self.dropout:
            new = dropout(new, self.dropout, new_seed(generator))
        return new + before, PathStep(walk, **inputs, out=out)


def _map_pairs(linear: Linear, x: Tensor) -> Tensor:
    """Apply a linear map to the last of three axes."""
    mapped: Tensor = linear(x.reshape(-1, x.shape[-1])).view(*x.shape[:2], -1)
    return mapped
