"""Loss and gradients of microbatches as vectors that can be added and exchanged."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from skattn._training._microbatches import Microbatches
from skattn._training._processes import Place, Processes
from skattn._training._tree_sum import (
    even_ranges,
    subtrees_within,
    sum_of_subtrees,
    tree_sum,
)


@dataclass(frozen=True, eq=False)
class Gradients:
    """Layout of a vector: the loss, whether each weight has a gradient, gradients."""

    weights: list[nn.Parameter]
    """The weights."""

    @property
    def length(self) -> int:
        """Length of a vector."""
        return 1 + len(self.weights) + sum(weight.numel() for weight in self.weights)

    def pack(self, loss: Tensor, grads: Sequence[Tensor | None]) -> Tensor:
        """Return the vector of a loss and of gradients, some of them None."""
        is_known = torch.tensor([float(grad is not None) for grad in grads])
        known = [
            torch.zeros_like(weight) if grad is None else grad
            for weight, grad in zip(self.weights, grads, strict=True)
        ]
        rows = [grad.reshape(-1) for grad in known]
        return torch.cat([loss.detach().view(1), is_known.to(loss.device), *rows])

    def add(self, vector: Tensor) -> Tensor:
        """Add a vector's gradients to those of the weights; return its loss."""
        n, sizes = len(self.weights), [weight.numel() for weight in self.weights]
        loss, is_known, *grads = vector.split([1, n, *sizes])
        each = zip(self.weights, is_known.tolist(), grads, strict=True)
        for weight, known, grad in each:
            if known:
                found = grad.view_as(weight)
                weight.grad = found if weight.grad is None else weight.grad + found
        return loss[0]


def sum_over_processes(
    processes: Processes,
    layout: Gradients,
    batch: Microbatches,
    found: list[tuple[Tensor, Tensor]],
    n_outputs: int,
) -> tuple[Tensor, Tensor]:
    """Sum the vectors of all microbatches, and collect their outputs.

    Parameters
    ----------
    processes : Processes
        The processes; process r has the microbatches of range r of `even_ranges`.
    layout : Gradients
        Layout of the vectors.
    batch : Microbatches
        The microbatches.
    found : list of tuple of (Tensor, Tensor)
        Vector and outputs (n_targets, n_outputs) of each microbatch of this process.
    n_outputs : int
        Width of the outputs.

    Returns
    -------
    vector, outputs : Tensor
        The sum, by the tree over all microbatches, and the outputs of all.
    """
    n_parts, device = len(batch.numbers), layout.weights[0].device
    ranges = even_ranges(n_parts, processes.count)
    trees = [subtrees_within(part, range(n_parts)) for part in ranges]
    rows = [sum(len(batch.numbers[k]) for k in part) for part in ranges]
    sizes = [
        1 + len(own) * layout.length + n * n_outputs
        for own, n in zip(trees, rows, strict=True)
    ]
    first = ranges[processes.rank].start
    sums = [
        tree_sum(
            [vector for vector, _ in found[tree.start - first : tree.stop - first]]
        )
        for tree in trees[processes.rank]
    ]
    outputs = [out.reshape(-1) for _, out in found]
    own = torch.cat([torch.zeros(1), *(x.cpu() for x in (*sums, *outputs))])
    processes.meet(Place.STEP, length=sum(sizes))
    messages = processes.exchange(own, sizes)
    subtrees: dict[range, Tensor] = {}
    answers = []
    for tree, n, message in zip(trees, rows, messages, strict=True):
        lengths = [1, *[layout.length] * len(tree), n * n_outputs]
        _, *vectors_of, answer = message.split(lengths)
        subtrees |= dict(zip(tree, vectors_of, strict=True))
        answers.append(answer.view(n, n_outputs))
    total = sum_of_subtrees(range(n_parts), subtrees)
    return total.to(device), torch.cat(answers).to(device)
