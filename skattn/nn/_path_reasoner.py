"""Network that answers questions by the paths of a knowledge graph."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import softplus

from skattn.nn._init import Resettable
from skattn.nn._linear import Linear
from skattn.nn._path_layer import PathLayer, PathSpec, PathStep, QuestionCodes
from skattn.ops import Facts, Questions, Reached, expand

_LOWEST = -1e30


@dataclass(frozen=True, eq=False)
class AnswerScores:
    """Scores of all entities as answers: of the rows, and one of all without a row."""

    rows: Tensor
    """(n_rows,): scores of the reached entities of every question."""
    unreached: Tensor
    """(n_questions,): score of each other entity."""
    owners: Tensor
    """(n_rows,) int64: question of each row."""
    row_ptr: Tensor
    """(n_questions + 1,) int64: rows of each question."""
    reached: Reached
    """Entities of the rows."""
    steps: tuple[PathStep, ...]
    """Tensors of the layers."""

    def at(self, owners: Tensor, entities: Tensor) -> tuple[Tensor, Tensor]:
        """Return the row of (question, entity) pairs, and whether there is one.

        Parameters
        ----------
        owners : Tensor of shape (n_pairs,), int64
            Questions.
        entities : Tensor of shape (n_pairs,)
            Entities.

        Returns
        -------
        rows : Tensor of shape (n_pairs,), int64
            Rows; the first of the question for an entity without one.
        has_row : Tensor of shape (n_pairs,), bool
            Whether the entity was reached.
        """
        place = self.reached.row_of[owners, entities.long()].long()
        return self.row_ptr[owners] + place.clamp(min=0), place >= 0

    def dense(self) -> Tensor:
        """Return the scores of all entities.

        Returns
        -------
        Tensor of shape (n_questions, n_entities)
            Scores before the softmax.
        """
        place = torch.arange(len(self.rows), device=self.rows.device)
        place = place - self.row_ptr[self.owners]
        entities = self.reached.node_of[self.owners, place].long()
        n_entities = self.reached.row_of.shape[1]
        scores = self.unreached[:, None].repeat(1, n_entities)
        return scores.index_put((self.owners, entities), self.rows)

    def loss(self, targets: Questions, known_ptr: Tensor, known: Tensor) -> Tensor:
        """Compute the mean cross-entropy of hidden answers.

        Parameters
        ----------
        targets : Questions
            The questions; their hidden answers are the targets.
        known_ptr : Tensor of shape (n_questions + 1,), int64
            Known answers of each question, targets included.
        known : Tensor of shape (n_known,), int32
            The known answers, which are not candidates beside a target.

        Returns
        -------
        Tensor of shape ()
            Mean over the targets of ``-log p(target)``, where ``p`` is the softmax over
            the target and all entities that are no known answer.
        """
        n = len(self.unreached)
        numbers = torch.arange(n, device=known.device)
        owners = numbers.repeat_interleave(known_ptr.diff())
        rows, has_row = self.at(owners, known)
        scores = self.rows.index_fill(0, rows[has_row], _LOWEST)
        n_known = torch.zeros_like(numbers).index_add(0, owners, (~has_row).long())
        n_others = self.reached.row_of.shape[1] - self.row_ptr.diff() - n_known
        top = scores.new_full((n,), _LOWEST).scatter_reduce(
            0, self.owners, scores.detach(), "amax"
        )
        top = torch.maximum(top, self.unreached.detach())
        total = n_others.clamp(min=0) * (self.unreached - top).exp()
        total = total.index_add(0, self.owners, (scores - top[self.owners]).exp())
        rest = total.clamp(min=1e-30).log() + top  # log-sum-exp of the other candidates
        owners = numbers.repeat_interleave(targets.hidden_ptr.diff())
        rows, has_row = self.at(owners, targets.hidden)
        of_targets = torch.where(has_row, self.rows[rows], self.unreached[owners])
        return softplus(rest[owners] - of_targets).mean()


class PathReasoner(Resettable):
    """Network that scores the answers of questions (source, relation) by paths.

    Messages of a question start at its source. Each layer passes them along the edges
    of the reached entities and sums them at the receivers; the attention weights, each
    between 0 and 1, and the messages depend on the relations of the edge and of the
    question, not on the names of entities, so that the network applies to facts about
    other entities.

    Parameters
    ----------
    spec : PathSpec
        Sizes.

    References
    ----------
    Zhu et al., "Neural Bellman-Ford Networks", NeurIPS 2021; Zhang and Yao, "Knowledge
    Graph Reasoning with Relational Digraph", WWW 2022; Zhu et al., "A*Net", NeurIPS
    2023 (pruned message passing).

    Examples
    --------
    >>> import torch
    >>> from skattn.nn import PathReasoner, PathSpec
    >>> from skattn.ops import Facts, Questions
    >>> chain = torch.tensor([0, 1]), torch.tensor([0, 0]), torch.tensor([1, 2])
    >>> facts = Facts.from_triples(*chain, sizes=(4, 1))  # 0 -> 1 -> 2
    >>> reasoner = PathReasoner(PathSpec(n_relations=2))
    >>> questions = Questions.visible(torch.tensor([0]), torch.tensor([0]))
    >>> reasoner(facts, questions).dense().shape
    torch.Size([1, 4])
    """

    def __init__(self, spec: PathSpec) -> None:
        super().__init__()
        width = spec.hidden_dim
        self.spec = spec
        self.questions = nn.Parameter(torch.empty(spec.n_relations, width))
        self.layers = nn.ModuleList(PathLayer(spec) for _ in range(spec.n_layers))
        self.mix = Linear(2 * width, width)
        self.score = Linear(width, 1)
        self.unreached = Linear(width, 1)
        self.reset_parameters()

    def reset_parameters(self, generator: Generator | None = None) -> None:
        """Draw all weights; embeddings of questions are normal."""
        super().reset_parameters(generator)
        with torch.no_grad():
            self.questions.normal_(generator=generator)

    def forward(
        self,
        facts: Facts,
        questions: Questions,
        generator: Generator | None = None,
    ) -> AnswerScores:
        """Compute the scores of all entities as answers of some questions.

        Parameters
        ----------
        facts : Facts
            Edges of the knowledge graph.
        questions : Questions
            Questions, and the answers whose facts are hidden from each.
        generator : torch.Generator, optional
            Generator of the dropout masks.

        Returns
        -------
        AnswerScores
            Scores before the softmax.
        """
        relations, table_of = questions.relations.unique(return_inverse=True)
        codes = QuestionCodes(self.questions[relations], table_of)
        reached = Reached.start(facts, questions)
        owners = torch.arange(len(questions), device=table_of.device)
        row_ptr = torch.arange(len(questions) + 1, device=table_of.device)
        h, steps = codes.of_rows(owners), []
        for layer in self.layers:
            ranks = self._ranks(h, codes, owners)
            budget = self.spec.edge_budget
            walk = expand(facts, questions, reached, row_ptr, ranks, budget=budget)
            h, step = layer(walk, h, codes, generator)
            steps.append(step)
            owners, row_ptr = walk.owners(), walk.out_ptr
        scores = self._scores(h, codes, owners)
        unreached = self.unreached(codes.of_rows(owners[row_ptr[:-1]]))[:, 0]
        return AnswerScores(scores, unreached, owners, row_ptr, reached, tuple(steps))

    def _scores(self, h: Tensor, codes: QuestionCodes, owners: Tensor) -> Tensor:
        mixed = self.mix(torch.cat([h, codes.of_rows(owners)], 1))
        scores: Tensor = self.score(torch.relu(mixed))[:, 0]
        return scores

    @torch.no_grad()
    def _ranks(self, h: Tensor, codes: QuestionCodes, owners: Tensor) -> Tensor:
        """Return the scores by which a budget selects rows; zeros without a budget."""
        if not self.spec.edge_budget:
            return h.new_zeros(len(h))
        return self._scores(h, codes, owners)
