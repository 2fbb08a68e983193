"""Scores from attention weights alone: their mean, and their flow along paths."""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skattn._batch._candidates import Candidates
from skattn.inspection._attention import view_matrices
from skattn.inspection._methods import Scored, exactly
from skattn.inspection._question import Question

RESIDUAL = 0.5
"""Share of a layer's flow that stays at the node (Abnar and Zuidema 2020)."""


def attention(question: Question) -> list[Scored]:
    """Average the attention weights of each edge over layers and heads."""
    found = []
    for candidates, layers in _with_layers(question):
        mean = sum(layers[1:], start=layers[0]) / len(layers)
        found.append(_on_candidates(candidates, mean))
    return found


def rollout(question: Question) -> list[Scored]:
    """Compute the part of the answer's flow that passes through each edge."""
    found = []
    for candidates, layers in _with_layers(question):
        reached = _start(candidates, layers[0].shape[0])
        flow = sp.csr_array(layers[0].shape)
        for weights in reversed(layers):
            through = sp.diags_array(reached * (1 - RESIDUAL)) @ weights
            flow = flow + through
            reached = RESIDUAL * reached + np.asarray(through.sum(axis=0)).ravel()
        found.append(_on_candidates(candidates, flow))
    return found


def _with_layers(
    question: Question,
) -> list[tuple[Candidates, list[sp.csr_array]]]:
    """Return the candidates of each answer and the mean of the heads of each layer."""
    graphs = [
        [sum(heads[1:], start=heads[0]) / len(heads) for heads in layers]
        for layers in view_matrices(question.steps.estimator, question.prepared)
    ]
    if not question.prepared.has_many_graphs:
        graphs *= len(question.candidates)
    return list(zip(question.candidates, graphs, strict=True))


def _start(candidates: Candidates, n_nodes: int) -> NDArray[np.float64]:
    """Return the share of each node in the answer: all of one node, or equal ones."""
    answer = candidates.answer
    if answer.target is None:
        return np.full(n_nodes, 1 / n_nodes)
    share = np.zeros(n_nodes)
    share[answer.nodes[answer.target]] = 1
    return share


def _on_candidates(candidates: Candidates, matrix: sp.csr_array) -> Scored:
    """Add up the entries of each candidate's edges."""
    if not len(candidates):
        return exactly(np.zeros(0))
    adjacency = candidates.answer.graph.adjacency
    receivers = np.repeat(np.arange(adjacency.shape[0]), np.diff(adjacency.indptr))
    of_candidate = candidates.owner >= 0
    nodes = candidates.answer.nodes
    ends = nodes[receivers[of_candidate]], nodes[adjacency.indices[of_candidate]]
    values = np.asarray(sp.csr_array(matrix)[ends], np.float64)
    owner = candidates.owner[of_candidate]
    first = np.unique(np.stack([owner, *ends]), axis=1, return_index=True)[1]
    scores = np.bincount(owner[first], values[first], len(candidates))
    return exactly(scores.astype(np.float64))
