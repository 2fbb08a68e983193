import torch

from skattn._training import _available, available_bytes

GB = 1 << 30


def test_the_cpu_has_the_memory_of_the_machine(monkeypatch):
    monkeypatch.setattr(_available, "available_memory", lambda: 7 * GB)
    assert available_bytes(torch.device("cpu")) == 7 * GB
    assert available_bytes(torch.device("mps")) is None


def test_available_memory_of_cuda_includes_torchs_unused_memory(monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (5 * GB, 8 * GB))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda _: 2 * GB)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda _: GB)
    assert available_bytes(torch.device("cuda")) == 6 * GB
