"""Files of a fitted estimator: parameters, net and learned attributes."""

from dataclasses import fields

import torch

from skattn._training import default_modes, named_device, net_from_state, net_state
from skattn.estimators._file_checks import check_record
from skattn.graph._packing import Part
from skattn.graph._record_file import MALFORMED, damaged, read_record, write_record

TORCH_PARTS = {
    "device": Part(torch.device, lambda device: [str(device)], torch.device),
    "tensor": Part(
        torch.Tensor, lambda tensor: [tensor.cpu().numpy()], torch.from_numpy
    ),
}
"""Decomposition of torch's classes, and its inverse."""


def record_part(cls):
    """Return the decomposition of a dataclass into its fields, checked when read."""
    names = [f.name for f in fields(cls)]
    return Part(
        cls,
        lambda record: [getattr(record, name) for name in names],
        lambda *parts: check_record(cls(**dict(zip(names, parts, strict=True)))),
    )


def write_fitted(estimator, params, learned, path, parts):
    """Write a fitted estimator; an existing file is replaced by the complete one."""
    state = {
        "params": params,
        "net": net_state(learned["net_"]),
        "learned": {k: v for k, v in learned.items() if k != "net_"},
    }
    write_record(path, type(estimator).__name__, state, parts)


@default_modes()
def read_fitted(cls, path, device, parts, check):
    """Read an estimator of class ``cls``; ``check(estimator, state)`` raises errors."""
    if device is not None:
        named_device(device)
    state, _ = read_record(path, cls.__name__, parts)
    try:
        estimator = cls(**state["params"])
        check(estimator, state)
        learned = state["learned"] | {"net_": net_from_state(**state["net"])}
    except MALFORMED as error:
        raise damaged(path, cls.__name__, error) from error
    if device is not None:
        estimator.set_params(device=device)
    vars(estimator).update(learned)
    return estimator
