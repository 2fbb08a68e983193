import warnings

import pytest
import torch

from skattn._training import resolve_device


@pytest.fixture
def machine(monkeypatch):
    """Return a function that sets the available CUDA and MPS devices."""

    def pretend(n_cuda=0, *, mps=False):
        monkeypatch.setattr(torch.cuda, "device_count", lambda: n_cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    pretend()
    return pretend


@pytest.mark.parametrize(
    ("n_cuda", "mps", "best"),
    [(0, False, "cpu"), (2, False, "cuda"), (2, True, "cuda"), (0, True, "mps")],
)
def test_auto_is_the_first_available_device(machine, n_cuda, mps, best):
    machine(n_cuda, mps=mps)
    assert resolve_device("auto", strict=True) == torch.device(best)


@pytest.mark.parametrize("device", ["cuda:1", torch.device("cuda", 1), "cuda", "cpu"])
def test_available_device_is_used(machine, device):
    machine(n_cuda=2)
    assert resolve_device(device, strict=True) == torch.device(device)


@pytest.mark.parametrize(
    ("device", "found"),
    [
        ("cuda", "finds cpu. "),
        ("cuda:0", "finds cpu. "),
        ("mps", "finds cpu. "),
        (torch.device("mps"), "finds cpu. "),
        ("meta", "finds cpu. "),
    ],
)
def test_unavailable_device_is_an_error_if_strict(machine, device, found):
    with pytest.raises(
        ValueError, match=f"device='{device}' is not available: torch {found}"
    ):
        resolve_device(device, strict=True)


def test_message_lists_the_available_devices(machine):
    machine(n_cuda=2, mps=True)
    message = 'finds cpu, cuda:0, cuda:1, mps. Use device="auto"'
    with pytest.raises(ValueError, match=message):
        resolve_device("cuda:2", strict=True)


def test_unavailable_device_is_a_warning_in_prediction(machine):
    with pytest.warns(UserWarning, match="device='cuda' is not available.*CPU is used"):
        assert resolve_device("cuda", strict=False) == torch.device("cpu")


def test_available_device_gives_no_warning(machine):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert resolve_device("cpu", strict=False) == torch.device("cpu")


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("name", ["gpu", "cuda:x", "", "cuda:-1", "AUTO"])
def test_unknown_device_name_is_an_error(machine, name, strict):
    with pytest.raises(ValueError, match=f'must be "auto", "cpu".*got {name!r}'):
        resolve_device(name, strict=strict)
