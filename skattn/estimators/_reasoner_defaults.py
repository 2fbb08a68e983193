"""Values of a reasoner's parameters that can be "auto"."""

from dataclasses import dataclass
from typing import Any

DENSE_DEGREE = 20
"""Mean number of edges of an entity from which a graph is dense."""
FEW_EDGES = 1 << 15
"""Number of edges, inverses included, up to which questions need no budget."""
BUDGET = 2000
"""Edges of a question in one step, on graphs with more edges."""
FEW_RELATIONS = 200
"""Number of relations, inverses included, up to which messages depend on the question:
their weights grow with it."""
N_QUESTIONS = 30_000, 0.75
"""Training questions in all: a number, or a share of the distinct ones if that is more;
as far as `EPOCHS` allows."""
QUESTIONS_PER_EPOCH = 2000
"""Maximum number of questions of an epoch."""
EPOCHS = (10, 50)
"""Minimum and maximum number of epochs."""
FACTORIZATION_SIZE = 10**8
"""Number of entities times number of facts up to which ComplEx is fitted as well."""


@dataclass(frozen=True)
class ReasonerSizes:
    """Sizes of the facts of a fit."""

    n_entities: int
    """Number of entities."""
    n_relations: int
    """Number of relations, inverses included."""
    n_edges: int
    """Number of facts, inverses included."""
    n_questions: int
    """Number of distinct questions (source, relation)."""

    @property
    def is_dense(self) -> bool:
        """Whether entities have many edges, so that short paths reach most others."""
        return self.n_edges >= DENSE_DEGREE * self.n_entities


@dataclass(frozen=True)
class ReasonerChoice:
    """Values that a fit uses."""

    n_layers: int
    """Number of layers of message passing."""
    edge_budget: int
    """Edges of a question in one step; 0 for no limit."""
    question_messages: bool
    """Whether messages depend on the question."""
    max_epochs: int
    """Number of epochs."""
    hide_pairs: bool
    """Whether all facts between the source and a hidden answer are hidden."""
    factorization: bool
    """Whether ComplEx joins the scores."""


def choose_reasoner(
    estimator, sizes: ReasonerSizes, *, pairs_are_new: bool
) -> ReasonerChoice:
    """Choose the values of the parameters that are "auto".

    `pairs_are_new` is whether validation facts link pairs that no training fact links.
    """
    per_epoch = max(min(sizes.n_questions, QUESTIONS_PER_EPOCH), 1)
    low, high = EPOCHS
    n_questions = max(N_QUESTIONS[0], int(N_QUESTIONS[1] * sizes.n_questions))
    auto: dict[str, Any] = {
        "n_layers": 3 if sizes.is_dense else 5,
        "edge_budget": 0 if sizes.n_edges <= FEW_EDGES else BUDGET,
        "question_messages": sizes.is_dense and sizes.n_relations <= FEW_RELATIONS,
        "max_epochs": min(max(n_questions // per_epoch, low), high),
        "hide": "pair" if pairs_are_new else "triple",
        "factorization": sizes.n_entities * sizes.n_edges <= FACTORIZATION_SIZE,
    }
    given = {name: getattr(estimator, name) for name in auto}
    if given["edge_budget"] is None:
        given["edge_budget"] = 0
    found = {k: auto[k] if v == "auto" else v for k, v in given.items()}
    return ReasonerChoice(hide_pairs=found.pop("hide") == "pair", **found)
