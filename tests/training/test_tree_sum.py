import pytest
import torch

from skattn._training._tree_sum import (
    even_ranges,
    subtrees_within,
    sum_of_subtrees,
    tree_sum,
)


def test_halves_are_added_first():
    """In float32, 1 is lost beside 1e8."""
    a, b, c = (torch.tensor([x]) for x in (1.0, 1e8, -1e8))
    assert tree_sum([a, b, c]) == 0  # (a + b) + c
    assert tree_sum([b, c, a]) == 1  # (b + c) + a
    assert tree_sum([a, a, b, c]) == 2  # (a + a) + (b + c)
    assert tree_sum([a]) == 1


def test_a_part_of_the_leaves_is_covered_by_the_largest_subtrees():
    tree = range(6)  # ((0, 1), 2), ((3, 4), 5)
    assert subtrees_within(range(6), tree) == [tree]
    assert subtrees_within(range(3), tree) == [range(3)]
    assert subtrees_within(range(2), tree) == [range(2)]
    assert subtrees_within(range(1, 5), tree) == [
        range(1, 2),
        range(2, 3),
        range(3, 5),
    ]
    assert subtrees_within(range(4, 4), tree) == []


def test_ranges_are_as_equal_as_they_can_be():
    assert even_ranges(7, 3) == [range(3), range(3, 5), range(5, 7)]
    assert even_ranges(1, 2) == [range(1), range(1, 1)]


@pytest.mark.parametrize("n", [1, 2, 5, 16])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 7])
def test_sums_do_not_depend_on_the_number_of_ranges(n, count):
    generator = torch.Generator().manual_seed(n)
    values = [torch.randn(100, generator=generator) for _ in range(n)]
    sums = {
        tree: tree_sum(values[tree.start : tree.stop])
        for part in even_ranges(n, count)
        for tree in subtrees_within(part, range(n))
    }
    assert sum_of_subtrees(range(n), sums).equal(tree_sum(values))
