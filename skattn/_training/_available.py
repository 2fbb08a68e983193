"""Available memory of a device."""

import torch

from skattn.graph._available_memory import available_memory


def available_bytes(device: torch.device) -> int | None:
    """Return the memory of a device that is available to this process.

    Parameters
    ----------
    device : torch.device
        The device.

    Returns
    -------
    int or None
        Bytes. On Linux's CPU the system's MemAvailable or, if that is less, the rest
        of a control group's limit (a container, a batch job); on CUDA the driver's free
        memory and torch's unused one. None where it is not known.
    """
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return free + kept
    if device.type == "cpu":
        return available_memory()
    return None
