import torch

from skattn._training._live_bytes import HEAP_FACTOR, HEAP_LIMIT, LiveBytes


def test_tensors_that_live_at_the_same_time_are_added_up():
    n_bytes = 2 * HEAP_LIMIT
    first = torch.empty(n_bytes, dtype=torch.uint8, device="meta")
    live = LiveBytes(first)
    live.ignore([first])
    with live:
        second = first + 1
        third = second[: n_bytes // 2].clone()
        assert live.now == 1.5 * n_bytes
        del second
        assert live.now == 0.5 * n_bytes
        third.view(-1).add_(1)
        small = torch.empty(1000, dtype=torch.uint8, device="meta")
    assert live.peak == 1.5 * n_bytes
    assert live.now == 0.5 * n_bytes + HEAP_FACTOR * 1000
    del small, third
    assert live.now == 0
