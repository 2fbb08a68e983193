"""Walks from the source of every question over the facts of a knowledge graph."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Facts", "Questions", "Reached", "Walk"]


@dataclass(frozen=True, eq=False)
class Facts:
    """Facts of a knowledge graph and their inverses, as CSR by sender.

    A fact (head, relation, tail) is an edge from the head to the tail; its inverse, an
    edge from the tail to the head, must be present too.
    """

    indptr: Tensor
    """(n_entities + 1,) int64: edges of each sender."""
    receivers: Tensor
    """(n_edges,) int32: receiver of each edge."""
    relations: Tensor
    """(n_edges,) int32: relation of each edge."""
    inverses: Tensor
    """(n_relations,) int64: inverse of each relation."""

    @property
    def n_entities(self) -> int:
        """Number of entities."""
        return len(self.indptr) - 1

    @property
    def n_relations(self) -> int:
        """Number of relations, inverses included."""
        return len(self.inverses)

    @classmethod
    def from_triples(
        cls, heads: Tensor, relations: Tensor, tails: Tensor, *, sizes: tuple[int, int]
    ) -> Facts:
        """Make the edges of some facts and their inverses.

        Parameters
        ----------
        heads, relations, tails : Tensor of shape (n_facts,), int64
            The facts. The inverse of relation ``r`` becomes ``r + n``.
        sizes : tuple of (int, int)
            Number of entities, and number ``n`` of relations without inverses.

        Returns
        -------
        Facts
            The edges, sorted by sender, receiver and relation.
        """
        n_entities, n = sizes
        senders = torch.cat([heads, tails])
        receivers = torch.cat([tails, heads])
        kinds = torch.cat([relations, relations + n])
        order = torch.argsort((senders * n_entities + receivers) * 2 * n + kinds)
        degrees = torch.bincount(senders, minlength=n_entities)
        indptr = torch.cat([degrees.new_zeros(1), degrees.cumsum(0)])
        numbers = torch.arange(2 * n, device=heads.device)
        return cls(
            indptr,
            receivers[order].to(torch.int32),
            kinds[order].to(torch.int32),
            torch.cat([numbers[n:], numbers[:n]]),
        )


@dataclass(frozen=True, eq=False)
class Questions:
    """Questions (source, relation), and answers with facts that are hidden from each.

    Its length is the number of questions.
    """

    sources: Tensor
    """(n_questions,) int64: entity from which the walk starts."""
    relations: Tensor
    """(n_questions,) int64: relation of the question."""
    hidden_ptr: Tensor
    """(n_questions + 1,) int64: hidden answers of each question."""
    hidden: Tensor
    """(n_hidden,) int32: answers whose facts are hidden, with their inverses."""
    hide_pairs: bool = False
    """Whether to hide all facts between the source and a hidden answer, instead of
    those of the question's relation."""

    def __len__(self) -> int:
        return len(self.sources)

    @classmethod
    def visible(cls, sources: Tensor, relations: Tensor) -> Questions:
        """Make questions from which no fact is hidden.

        Parameters
        ----------
        sources, relations : Tensor of shape (n_questions,), int64
            The questions.

        Returns
        -------
        Questions
            The questions.
        """
        ptr = sources.new_zeros(len(sources) + 1)
        return cls(sources, relations, ptr, sources.new_zeros(0, dtype=torch.int32))


@dataclass(frozen=True, eq=False)
class Reached:
    """Nodes that the walk of each question has reached.

    :func:`~skattn.ops.expand` adds to it in place. A node keeps its row, so that
    earlier steps of the walk stay valid.
    """

    row_of: Tensor
    """(n_questions, n_entities) int32: row of each node in its question, -1 without."""
    node_of: Tensor
    """(n_questions, n_entities) int32: node of each row; the first rows are in use."""

    @classmethod
    def start(cls, facts: Facts, questions: Questions) -> Reached:
        """Make the start of the walks: the source of each question, in row 0.

        Parameters
        ----------
        facts : Facts
            Edges of the knowledge graph.
        questions : Questions
            Questions.

        Returns
        -------
        Reached
            The sources.
        """
        shape = len(questions), facts.n_entities
        sources = questions.sources
        row_of = torch.full(shape, -1, dtype=torch.int32, device=sources.device)
        row_of[torch.arange(len(sources), device=sources.device), sources] = 0
        node_of = torch.empty(shape, dtype=torch.int32, device=sources.device)
        node_of[:, 0] = sources
        return cls(row_of, node_of)


@dataclass(frozen=True, eq=False)
class Walk:
    """One step of the walks: rows that send, and rows before and after the step.

    Rows of a question are consecutive, in the order in which they were reached.
    """

    facts: Facts
    """The edges."""
    questions: Questions
    """The questions."""
    reached: Reached
    """Nodes of the rows."""
    senders: Tensor
    """(n_rows,) int64: sending rows; those of question ``b`` are the first
    ``n_senders[b]`` from ``row_ptr[b]`` on."""
    n_senders: Tensor
    """(n_questions,) int64: number of sending rows of each question."""
    row_ptr: Tensor
    """(n_questions + 1,) int64: rows of each question before the step."""
    out_ptr: Tensor
    """(n_questions + 1,) int64: rows of each question after the step."""

    @property
    def n_rows(self) -> int:
        """Number of rows before the step."""
        return len(self.senders)

    def owners(self) -> Tensor:
        """Return the question of each row after the step.

        Returns
        -------
        Tensor of shape (n_out,), int64
            Numbers of questions.
        """
        numbers = torch.arange(len(self.questions), device=self.out_ptr.device)
        return numbers.repeat_interleave(self.out_ptr.diff())

    def kept(self) -> Tensor:
        """Return the position after the step of each row before it.

        Returns
        -------
        Tensor of shape (n_rows,), int64
            Positions.
        """
        shift = (self.out_ptr - self.row_ptr)[:-1].repeat_interleave(
            self.row_ptr.diff(), output_size=self.n_rows
        )
        return torch.arange(self.n_rows, device=shift.device) + shift
