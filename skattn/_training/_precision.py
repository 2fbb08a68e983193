"""The precision in which networks compute on CUDA devices."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar

import torch
from torch import nn

_DTYPES = {"float32": None, "bfloat16": torch.bfloat16}
_DEVICES = frozenset({"cuda"})
"""Types of devices with kernels in 16-bit types."""
_CHOICE: ContextVar[torch.dtype | None] = ContextVar("skattn_precision", default=None)


@contextmanager
def use_precision(name: str) -> Iterator[None]:
    """Select the precision of fits and predictions on CUDA devices in a ``with`` block.

    ``"bfloat16"`` is automatic mixed precision: matrix products and attention are
    computed in bfloat16 (about three decimal digits, the range of float32); weights,
    their updates, normalisation, sums and losses remain in float32. It applies to the
    fits of all estimators, and to predictions of classifiers, regressors and embedders;
    predictions of pairs, answers to a knowledge graph and generated graphs are computed
    in float32. Single layers were 1.1 to 2 times as fast as in float32
    (:doc:`/measured`); whole fits have not been measured. ``torch.autocast`` around a
    fit or a prediction has no effect: use this context instead.

    Parameters
    ----------
    name : {"float32", "bfloat16"}
        The precision, on CUDA devices. Other devices compute in float32.

    Yields
    ------
    None
        Nothing.

    Raises
    ------
    ValueError
        If the name is unknown, when the block is entered.

    Notes
    -----
    TF32 in float32 products is a setting of torch, which is not changed here;
    ``torch.set_float32_matmul_precision("high")`` allows it.

    References
    ----------
    Micikevicius et al., "Mixed Precision Training", ICLR 2018; Kalamkar et al., "A
    Study of BFLOAT16 for Deep Learning Training", 2019.

    Examples
    --------
    >>> import skattn
    >>> graph, y = skattn.datasets.make_communities(40, 2, random_state=0)
    >>> model = skattn.GraphAttentionClassifier(max_epochs=2, random_state=0)
    >>> with skattn.use_precision("bfloat16"):
    ...     model = model.fit(graph, y)
    """
    if name not in _DTYPES:
        raise ValueError(f"precision must be one of {list(_DTYPES)}, got {name!r}.")
    token = _CHOICE.set(_DTYPES[name])
    try:
        yield
    finally:
        _CHOICE.reset(token)


def chosen_precision(module: nn.Module) -> AbstractContextManager[object]:
    """Return a context of the chosen precision, for the forward pass of a module."""
    dtype = _CHOICE.get()
    if dtype is None:
        return nullcontext()
    device = next(module.parameters()).device
    if device.type not in _DEVICES:
        return nullcontext()
    return torch.autocast(device.type, dtype=dtype)
