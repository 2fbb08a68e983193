"""Private API of torch, collected in one file so that an upgrade breaks no other."""

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

__all__ = [
    "TorchDispatchMode",
    "add_to_each_",
    "fused_adam_",
    "library_path",
    "storage_key",
    "tree_leaves",
]

add_to_each_ = torch._foreach_add_
"""Function that adds a number to each tensor of a list."""
fused_adam_ = torch._fused_adam_
"""Update step of torch.optim.Adam, fused."""


def library_path() -> str:
    """Return the path of the shared library that torch runs on."""
    path: str = torch._C.__file__
    return path


def storage_key(storage: torch.UntypedStorage) -> int:
    """Return a number shared by all views of the same live memory."""
    key: int = storage._cdata
    return key
