"""Torch devices by name."""

import torch

from skattn.graph._warning import warn


def resolve_device(device: str | torch.device, *, strict: bool) -> torch.device:
    """Return the torch device of a name.

    Parameters
    ----------
    device : {"auto", "cpu", "cuda", "mps"}, "cuda:N" or torch.device
        ``"auto"`` is the first available one of CUDA, Apple's MPS and the CPU.
    strict : bool
        Whether an unavailable device is an error; if not, warn and return the CPU.

    Returns
    -------
    torch.device
        An available device.

    Raises
    ------
    ValueError
        If there is no such device, or if it is not available and ``strict``.
    """
    wanted = named_device(device)
    if wanted is None:
        return next(torch.device(d) for d in ("cuda", "mps", "cpu") if _is_available(d))
    if _is_available(wanted):
        return wanted
    message = (
        f"device={str(wanted)!r} is not available: torch finds {_available_devices()}. "
        'Use device="auto" for the first available one.'
    )
    if strict:
        raise ValueError(message)
    warn(message + " The CPU is used.")
    return torch.device("cpu")


def named_device(device: str | torch.device) -> torch.device | None:
    """Return the torch device of a name, available or not; None for "auto".

    Raises
    ------
    ValueError
        If there is no such device.
    """
    if isinstance(device, str) and device == "auto":
        return None
    try:
        return torch.device(device)
    except RuntimeError:
        raise ValueError(
            'device must be "auto", "cpu", "cuda", "cuda:N", "mps" or a torch.device, '
            f"got {device!r}."
        ) from None


def _is_available(device: str | torch.device) -> bool:
    device = torch.device(device)
    if device.type == "cuda":
        return (device.index or 0) < torch.cuda.device_count()
    if device.type == "mps":
        return torch.backends.mps.is_available()
    return device.type == "cpu"


def _available_devices() -> str:
    found = ["cpu", *(f"cuda:{k}" for k in range(torch.cuda.device_count()))]
    return ", ".join([*found, "mps"] if _is_available("mps") else found)
