"""Tensor factorization of the facts of a knowledge graph."""

from __future__ import annotations

import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import cross_entropy

from skattn.nn._init import Resettable

_START = 1e-3
"""Standard deviation of the initial embeddings, as in the paper's code."""


class ComplEx(Resettable):
    """Complex bilinear scores of facts, with embeddings of entities and relations.

    Parameters
    ----------
    n_entities : int
        Number of entities.
    n_relations : int
        Number of relations, inverses included.
    rank : int
        Number of complex numbers of an embedding.

    References
    ----------
    Trouillon et al., "Complex Embeddings for Simple Link Prediction", ICML 2016;
    Lacroix, Usunier and Obozinski, "Canonical Tensor Decomposition for Knowledge Base
    Completion", ICML 2018 (inverse relations, N3 penalty).

    Examples
    --------
    >>> import torch
    >>> from skattn.nn import ComplEx
    >>> model = ComplEx(n_entities=5, n_relations=2, rank=3)
    >>> model(torch.tensor([0]), torch.tensor([1])).shape
    torch.Size([1, 5])
    """

    def __init__(self, n_entities: int, n_relations: int, rank: int) -> None:
        super().__init__()
        self.entities = nn.Parameter(torch.empty(n_entities, 2 * rank))
        self.relations = nn.Parameter(torch.empty(n_relations, 2 * rank))
        self.reset_parameters()

    def reset_parameters(self, generator: Generator | None = None) -> None:
        """Draw small embeddings."""
        with torch.no_grad():
            for table in (self.entities, self.relations):
                table.normal_(std=_START, generator=generator)

    def forward(self, sources: Tensor, relations: Tensor) -> Tensor:
        """Compute the scores of all entities as answers.

        Parameters
        ----------
        sources, relations : Tensor of shape (n_questions,), int64
            The questions.

        Returns
        -------
        Tensor of shape (n_questions, n_entities)
            Scores before the softmax.
        """
        products = _multiply(self.entities[sources], self.relations[relations])
        return torch.mm(products, self.entities.T)

    def loss(
        self, sources: Tensor, relations: Tensor, answers: Tensor, penalty: float
    ) -> Tensor:
        """Compute the mean cross-entropy of answers plus the N3 penalty.

        Parameters
        ----------
        sources, relations, answers : Tensor of shape (n_facts,), int64
            Facts.
        penalty : float
            Weight of the cubed moduli of all embeddings of a fact.

        Returns
        -------
        Tensor of shape ()
            The loss.
        """
        ends, r = self.entities[sources], self.relations[relations]
        scores = torch.mm(_multiply(ends, r), self.entities.T)
        cubes = sum(_cubes(x) for x in (ends, r, self.entities[answers]))
        loss: Tensor = cross_entropy(scores, answers) + penalty * cubes / len(answers)
        return loss


def _multiply(x: Tensor, y: Tensor) -> Tensor:
    """Multiply complex rows, real parts before imaginary parts."""
    (a, b), (c, d) = x.chunk(2, 1), y.chunk(2, 1)
    return torch.cat([a * c - b * d, a * d + b * c], 1)


def _cubes(x: Tensor) -> Tensor:
    """Return the sum of the cubed moduli of complex rows."""
    a, b = x.chunk(2, 1)
    return (a * a + b * b).add(1e-12).pow(1.5).sum()
