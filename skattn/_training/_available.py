"""Available memory of a device."""

import torch

from skattn.graph._available_memory import available_memory


def available_bytes(device: torch.device) -> int | None:
    """Return the bytes of a device that are available to this process, if known.

    CUDA: free memory of the driver and unused memory of torch. CPU (Linux): the least
    of the system's MemAvailable and the rest of each control group's limit (container,
    batch job).
    """
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return free + kept
    if device.type == "cpu":
        return available_memory()
    return None
