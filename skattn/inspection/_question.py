"""Answers of an estimator and the candidates that they may depend on."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from skattn._batch._candidates import Candidates
from skattn._batch._copies import Kept, WithoutEach
from skattn._training import predict
from skattn.graph._arguments import check_choice
from skattn.inspection._baseline import removed_row
from skattn.inspection._steps import Steps

Of = Literal["edges", "nodes", "features"]
"""What is removed: edges, the features of nodes, or columns of features."""

ANSWERS_AT_ONCE, SIZE_AT_ONCE = 256, 1 << 19
"""Number of answers of which gradients are computed at once, and the nodes and edges
that they depend on, if no single answer depends on more."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Question:
    """Answers and the candidates that they may depend on."""

    steps: Steps
    """The estimator, and the steps before it."""
    X: Any
    """The input, as passed by the user."""
    prepared: Any
    """The prepared input."""
    removal: Any
    """`Removal` of the estimator and the input."""
    of: Of
    """What is removed."""
    row: NDArray[np.float32] | None
    """(n_columns,) features of a removed node, for the estimator; None for edges."""
    candidates: Sequence[Candidates]
    """The candidates of each answer."""
    classes: Any
    """Classes or outputs that the user asked about; None for the predicted ones."""
    is_complete: bool
    """Whether the outputs of the prepared batches are the answers."""

    @cached_property
    def outputs(self) -> NDArray[np.float32]:
        """Outputs of the network, (n_answers, n_outputs)."""
        model, prepared = self.steps.estimator, self.prepared
        if self.is_complete:
            return predict(model.net_, prepared.source)
        found: NDArray[np.float32] = model._outputs(prepared.X, None)
        return found

    @cached_property
    def answers(self) -> Any:
        """`Answers` of the estimator: which outputs are explained."""
        return self.steps.estimator._answers(self.outputs, self.classes)

    @cached_property
    def full(self) -> Floats:
        """(n_answers,) the answers with all candidates."""
        found: Floats = self.answers.of_rows(self.outputs)
        return found

    def without_each(self, chosen: list[NDArray[np.int64]]) -> list[Floats]:
        """Compute the answers of the graph, without each candidate, and without any.

        `chosen` are the numbers of the candidates of each answer that are removed.
        """
        pairs = zip(self.candidates, chosen, strict=True)
        kept = [WithoutEach(len(each), numbers) for each, numbers in pairs]
        found = self.removal.outputs(self.candidates, kept)
        if "outputs" not in self.__dict__:  # saves their prediction
            self.__dict__["outputs"] = np.stack([rows[0] for rows in found])
        return self._answers_of(found)

    def values(self, kept: Sequence[Kept]) -> list[Floats]:
        """Compute the answers of copies that keep some candidates."""
        return self._answers_of(self.removal.outputs(self.candidates, kept))

    def _answers_of(self, outputs: list[NDArray[np.float32]]) -> list[Floats]:
        return [
            self.answers.of(torch.from_numpy(found), number).numpy()
            for number, found in enumerate(outputs)
        ]

    def gradients(
        self,
        level: float = 1.0,
        rows: NDArray[np.int64] | None = None,
        *,
        partial: bool = False,
    ) -> list[Floats]:
        """Compute the gradients of some answers at gates of one level.

        `rows` are the numbers of the answers; None for all. `partial` is as for
        `Removal.gated`.
        """
        numbers = range(len(self.candidates)) if rows is None else rows.tolist()
        return [
            gradient
            for batch in self._batches(numbers)
            for gradient in self._gradients(batch, level, partial)
        ]

    def _batches(self, numbers: Iterable[int]) -> Iterator[list[int]]:
        """Yield numbers of answers, the gradients of which are computed at once."""
        batch: list[int] = []
        size = 0
        for number in numbers:
            more = self.candidates[number].size
            if batch and (len(batch) == ANSWERS_AT_ONCE or size + more > SIZE_AT_ONCE):
                yield batch
                batch, size = [], 0
            batch.append(number)
            size += more
        if batch:
            yield batch

    def _gradients(
        self,
        numbers: list[int],
        level: float,
        partial: bool,  # noqa: FBT001
    ) -> list[Floats]:
        chosen = [self.candidates[number] for number in numbers]
        gated = self.removal.gated(chosen, partial=partial)
        gates = torch.full((int(gated.ptr[-1]),), level, requires_grad=True)
        outputs = gated(gates)
        answers = [
            self.answers.of(outputs[[k]], number) for k, number in enumerate(numbers)
        ]
        (gradient,) = torch.autograd.grad(
            torch.cat(answers).sum(), gates, allow_unused=True, materialize_grads=True
        )
        return np.split(gradient.double().numpy(), gated.ptr[1:-1])


def ask(
    estimator: Any,
    X: Any,
    *,
    classes: Any,
    of: str,
    adjacency: Any,
    baseline: Any = "mean",
    row: NDArray[np.float32] | None = None,
    whole: bool = False,
) -> Question:
    """Prepare the input, and list the answers and their candidates.

    `row` is the baseline in the units of the estimator, if that is known. `whole`
    prepares the whole graph, for methods that follow attention weights.
    """
    check_choice(of, ("auto", *get_args(Of)), "of")
    steps = Steps.of(estimator)
    model = steps.estimator
    prepare = steps.prepare if whole else steps.prepare_part
    prepared = prepare(X, adjacency)
    kind: Any = of
    if of == "auto":
        kind = "nodes" if prepared.has_many_graphs and model.n_features_in_ else "edges"
    _check_classes(model, prepared, classes)
    removal = model._removal(prepared, kind)
    if kind == "features" and not prepared.has_many_graphs:
        removal = _in_users_columns(removal, steps)
    if row is None and kind != "edges":
        row = removed_row(steps, prepared, baseline)
    candidates = removal.candidates(kind, baseline=row)
    _check_candidates(candidates, kind)
    is_complete = prepared.has_many_graphs or adjacency is not None or whole
    return Question(
        steps, X, prepared, removal, kind, row, candidates, classes, is_complete
    )


def _check_classes(model: Any, prepared: Any, classes: Any) -> None:
    """Raise ValueError for unknown classes, before the answers are computed."""
    n_answers = len(prepared.view.targets)
    model._answers(np.zeros((n_answers, model.net_.objective.n_outputs)), classes)


def _in_users_columns(removal: Any, steps: Steps) -> Any:
    """Return the removal of all columns at once that are made of one of the user."""
    sources = steps.sources()
    if sources is None:
        return removal
    if removal.feature_of is not None:  # of categories
        sources = sources[removal.feature_of]
    return replace(removal, feature_of=sources)


def _check_candidates(candidates: Sequence[Candidates], of: Of) -> None:
    if sum(map(len, candidates)):
        return
    if of == "edges":
        raise ValueError(
            "of='edges' needs an answer that depends on a neighbour, but no edge leads "
            "to these nodes, or no layer attends. Use of='features'."
        )
    raise ValueError(f"of={of!r} needs something to remove, but X has no {of}.")
