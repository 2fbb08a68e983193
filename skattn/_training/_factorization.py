"""Training of a tensor factorization."""

import torch

from skattn._training._threads import limit_threads
from skattn.nn import ComplEx

RANK = 128
PENALTY = 0.01
MAX_EPOCHS = 40
LEARNING_RATE = 0.1
"""Of Adagrad, as in the paper's code; see docs/measured.md for the others."""
BATCH_SIZE = 256


def train_factorization(
    triples: torch.Tensor, sizes: tuple[int, int], generator: torch.Generator
) -> ComplEx:
    """Fit ComplEx with the N3 penalty to facts and their inverses.

    Parameters
    ----------
    triples : Tensor of shape (n_facts, 3), int64
        Facts, inverses included.
    sizes : tuple of (int, int)
        Number of entities, and number of relations with inverses.
    generator : torch.Generator
        Source of all random numbers, on the CPU.

    Returns
    -------
    ComplEx
        The fitted model.
    """
    model = ComplEx(*sizes, RANK)
    model.reset_parameters(generator)
    model.to(triples.device)
    optimizer = torch.optim.Adagrad(model.parameters(), LEARNING_RATE)
    with limit_threads(BATCH_SIZE * sizes[0] * 2 * RANK):
        for _ in range(MAX_EPOCHS):
            order = torch.randperm(len(triples), generator=generator)
            for rows in order.to(triples.device).split(BATCH_SIZE):
                optimizer.zero_grad()
                sources, relations, answers = triples[rows].unbind(1)
                model.loss(sources, relations, answers, PENALTY).backward()
                optimizer.step()
    return model
