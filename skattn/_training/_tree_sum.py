"""Sums by a fixed binary tree, for several threads and processes."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from torch import Tensor


def tree_sum(values: Sequence[Tensor]) -> Tensor:
    """Add tensors by the tree: the sum of the first half and that of the second.

    The order of floating-point additions depends on the number of tensors only.
    """
    leaves = {range(k, k + 1): value for k, value in enumerate(values)}
    return sum_of_subtrees(range(len(values)), leaves)


def sum_of_subtrees(tree: range, sums: Mapping[range, Tensor]) -> Tensor:
    """Add the sums of subtrees that cover a tree, in its order."""
    if tree in sums:
        return sums[tree]
    first, second = _halves(tree)
    return sum_of_subtrees(first, sums) + sum_of_subtrees(second, sums)


def subtrees_within(part: range, tree: range) -> list[range]:
    """Return the largest subtrees that cover a part of the leaves of a tree."""
    if not part or part.stop <= tree.start or tree.stop <= part.start:
        return []
    if part.start <= tree.start and tree.stop <= part.stop:
        return [tree]
    first, second = _halves(tree)
    return subtrees_within(part, first) + subtrees_within(part, second)


def even_ranges(n: int, count: int) -> list[range]:
    """Divide the numbers from 0 to n - 1 into ranges of nearly equal length."""
    sizes = [len(part) for part in np.array_split(np.arange(n), count)]
    stops = np.cumsum([0, *sizes]).tolist()
    return [range(low, high) for low, high in pairwise(stops)]


def _halves(tree: range) -> tuple[range, range]:
    middle = (len(tree) + 1) // 2
    return tree[:middle], tree[middle:]
