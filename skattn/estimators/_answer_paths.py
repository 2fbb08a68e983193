"""Paths that contributed most to an answer: gradient times attention weight."""

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count, islice
from typing import Any

import numpy as np
import torch

from skattn.estimators._knowledge import Knowledge, questions_of, to_device
from skattn.ops import PathEdges, path_edges

_MAX_EXPANSIONS = 2000
"""Partial paths that are extended in a search, at most."""

Edge = tuple[int, int, int]
"""Edge (head, relation, tail) by number."""
Path = list[tuple[Any, Any, Any]]
"""Edges (head, relation, tail) by name."""


@dataclass(frozen=True, eq=False)
class StepGains:
    """Contribution of every edge of a step to an answer, sorted by sender."""

    senders: np.ndarray
    """(n_edges,)."""
    receivers: np.ndarray
    """(n_edges,)."""
    relations: np.ndarray
    """(n_edges,)."""
    weights: np.ndarray
    """(n_edges,): attention weights."""
    gains: np.ndarray
    """(n_edges,): gradient of the answer's log-probability times attention weight."""

    @classmethod
    def of(cls, edges: PathEdges, slopes: torch.Tensor) -> "StepGains":
        """Multiply the attention weight of each edge by the gradient of its sum."""
        gains = edges.weights * (slopes[edges.out_rows] * edges.messages).sum(1)
        ends = edges.senders, edges.receivers, edges.relations
        columns = (*ends, edges.weights, gains)
        arrays = [column.detach().cpu().numpy() for column in columns]
        order = np.argsort(arrays[0], kind="stable")
        return cls(*(array[order] for array in arrays))

    def leaving(self, entity: int) -> slice:
        """Return the edges of a sender."""
        low, high = np.searchsorted(self.senders, [entity, entity + 1])
        return slice(low, high)


def answer_paths(
    module, knowledge: Knowledge, question, answers, n_paths: int, device
) -> list[list[Path]]:
    """Return the paths with the greatest contribution to each answer of a question.

    Parameters
    ----------
    module : PathReasoner
        The network.
    knowledge : Knowledge
        Facts.
    question : tuple of (int, int)
        Source and relation.
    answers : array of int
        Entities.
    n_paths : int
        Number of paths of each answer, at most.
    device : torch.device
        Device of the network.

    Returns
    -------
    list of list of list of tuple
        Paths of each answer, best first: edges (head, relation, tail) by name, along
        which no entity is visited twice.
    """
    if not n_paths:
        return [[] for _ in answers]
    found = []
    for answer, steps in zip(
        answers, answer_steps(module, knowledge, question, answers, device), strict=True
    ):
        best = best_paths(steps, question[0], int(answer), knowledge.n_entities)
        found.append([_named(path, knowledge) for path in islice(best, n_paths)])
    return found


def answer_steps(
    module, knowledge: Knowledge, question, answers, device
) -> list[list[StepGains]]:
    """Return the contributions of all edges to each answer of a question, by step.

    The arguments are those of :func:`answer_paths`.
    """
    facts = to_device(knowledge.facts, device)
    asked = questions_of(np.array([[*question, -1]]), device)
    module.eval()
    with torch.enable_grad():
        scores = module(facts, asked)
        logits = scores.dense().log_softmax(1)[0]
        sums = [step.out for step in scores.steps]
        edges = [path_edges(step.walk, **step.inputs()) for step in scores.steps]
        found = []
        for answer in answers:
            slopes = torch.autograd.grad(logits[int(answer)], sums, retain_graph=True)
            pairs = zip(edges, slopes, strict=True)
            found.append([StepGains.of(*pair) for pair in pairs])
    return found


def best_paths(
    steps: list[StepGains], source: int, answer: int, n_entities: int
) -> Iterator[list[Edge]]:
    """Yield distinct paths from source to answer by falling sum of gains.

    Best-first search; the sum of the best rest, by dynamic programming from the answer
    back, is its bound. A path may wait at an entity for a step.
    """
    rests = _best_rests(steps, answer, n_entities)
    order = count()
    seen: set[tuple[Edge, ...]] = set()
    queue: list[Any] = [(-rests[0][source], next(order), 0, 0.0, source, ())]
    for _ in range(_MAX_EXPANSIONS):
        if not queue:
            return
        bound, _, layer, total, entity, path = heappop(queue)
        if bound == np.inf:
            return
        if layer == len(steps):
            if path and path not in seen:
                seen.add(path)
                yield list(path)
            continue
        rest = rests[layer + 1]
        heappush(
            queue,
            (-total - rest[entity], next(order), layer + 1, total, entity, path),
        )
        visited = {source} | {edge[2] for edge in path}
        step = steps[layer]
        part = step.leaving(entity)
        for v, r, gain in zip(
            step.receivers[part].tolist(),
            step.relations[part].tolist(),
            step.gains[part].tolist(),
            strict=True,
        ):
            loops = v in visited and not (v == answer == source)
            if loops or rest[v] == -np.inf:
                continue
            longer = (*path, (entity, r, v))
            sums = total + gain
            heappush(queue, (-sums - rest[v], next(order), layer + 1, sums, v, longer))


def _best_rests(steps, answer, n_entities):
    """Return the greatest sum of gains from each entity to the answer, by layer."""
    rest = np.full(n_entities, -np.inf)
    rest[answer] = 0.0
    rests = [rest]
    for step in reversed(steps):
        rest = rests[-1].copy()
        np.maximum.at(rest, step.senders, step.gains + rests[-1][step.receivers])
        rests.append(rest)
    return rests[::-1]


def _named(path, knowledge) -> Path:
    entities, name = knowledge.vocabulary.entities, knowledge.vocabulary.relation_name
    return [(entities[u].item(), name(r), entities[v].item()) for u, r, v in path]
