from dataclasses import replace

import torch

from skattn.ops import EdgeData

WEIGHTED = EdgeData(log_weight=torch.tensor([0.0, 1.0, 2.0]))
FULL = replace(WEIGHTED, features=torch.tensor([[3.0], [4.0], [5.0]]))


def test_a_function_is_applied_to_every_tensor():
    kept = FULL.map(lambda rows: rows[torch.tensor([2, 0])])
    assert kept.log_weight.tolist() == [2, 0]
    assert kept.features.tolist() == [[5], [3]]


def test_missing_fields_stay_missing():
    doubled = WEIGHTED.map(lambda rows: 2 * rows)
    assert doubled.log_weight.tolist() == [0, 2, 4]
    assert doubled.features is None
    assert EdgeData().map(lambda rows: 1 / 0).tensors == []


def test_tensors_are_the_fields_that_are_not_none():
    assert list(map(id, FULL.tensors)) == [id(FULL.log_weight), id(FULL.features)]
    assert [id(rows) for rows in WEIGHTED.tensors] == [id(WEIGHTED.log_weight)]
