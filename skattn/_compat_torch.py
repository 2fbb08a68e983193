"""Private names of torch.

No other file imports them, so an upgrade can only break this one.
"""

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
"""Add a number to each tensor of a list, in place."""
fused_adam_ = torch._fused_adam_
"""Update the parameters in the fused kernel of torch.optim.Adam."""


def library_path() -> str:
    """Return the path of torch's shared library."""
    path: str = torch._C.__file__
    return path


def storage_key(storage: torch.UntypedStorage) -> int:
    """Return the id of a storage, equal for all views of it."""
    key: int = storage._cdata
    return key
