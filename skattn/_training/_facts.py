"""Facts of a fit, compared between processes by their digests."""

import hashlib
import json
from dataclasses import fields, is_dataclass
from enum import Enum
from numbers import Number
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch

_LARGE_ARRAY = 1 << 24
"""Bytes from which only some blocks of an array are compared."""
_N_BLOCKS = 256
_BLOCK = 1 << 14
"""Number of blocks of a large array, and bytes of each."""
_SHOWN = 60
"""Characters of a value that an error shows."""


def facts_of_parameters(estimator: Any) -> dict[str, str]:
    """Return the parameters of an estimator as text, by name, and its class."""
    facts = {"its class": type(estimator).__name__}
    for name, value in estimator.get_params(deep=True).items():
        if name not in ("random_state", "device", "verbose"):
            facts[name] = _shown(value)
    return facts


def fact(value: Any) -> str:
    """Return a digest of all numbers and text that a value holds."""
    seen = hashlib.sha256()
    _add(seen, value)
    return seen.hexdigest()[:16]


def digest_of(facts: dict[str, str]) -> list[int]:
    """Return a digest of facts as four numbers."""
    digest = hashlib.sha256(json.dumps(facts).encode()).digest()
    return np.frombuffer(digest, np.int64).tolist()


def to_text(facts: dict[str, str], n_bytes: int) -> torch.Tensor:
    """Encode facts as a tensor of n_bytes bytes, without those that do not fit."""
    kept = dict(facts)
    while len(text := json.dumps(kept).encode()) > n_bytes:
        kept.popitem()
    return torch.tensor(list(text.ljust(n_bytes)), dtype=torch.uint8)


def from_text(text: torch.Tensor) -> dict[str, str]:
    """Decode the facts of :func:`to_text`."""
    facts: dict[str, str] = json.loads(bytes(text.tolist()))
    return facts


def compare(facts: list[dict[str, str]]) -> str:
    """Return the message of an error for processes of different facts."""
    first = facts[0]
    rank = next(k for k, own in enumerate(facts) if own != first)
    own = facts[rank]
    different = [
        f"{name} ({own.get(name)} and {first.get(name)})"
        for name in dict.fromkeys([*first, *own])
        if own.get(name) != first.get(name)
    ]
    return (
        "all processes must fit the same estimator to the same data, but those of "
        f"process {rank} and process 0 differ in {', '.join(different)}. Load the same "
        "data in the same order, and set the same parameters, in all of them."
    )


def _shown(value: Any) -> str:
    """Return plain values as text, arrays by their digest, others by their class."""
    if isinstance(value, Number | str | bytes | None):
        return repr(value)[:_SHOWN]
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_shown, value))}]"[:_SHOWN]
    if isinstance(value, dict):
        items = (f"{key!r}: {_shown(entry)}" for key, entry in value.items())
        return f"{{{', '.join(items)}}}"[:_SHOWN]
    if isinstance(value, np.ndarray | torch.Tensor):
        return f"array {fact(value)}"
    return getattr(value, "__qualname__", type(value).__qualname__)


def _add(seen: Any, value: Any) -> None:
    """Add a value to a digest, recursively."""
    parts = _parts(value)
    if isinstance(parts, np.ndarray):
        _add_array(seen, parts)
        return
    if isinstance(parts, str):
        seen.update(parts.encode())
        return
    seen.update(str(len(parts)).encode())
    for part in parts:
        _add(seen, part)


def _parts(value: Any) -> np.ndarray | str | list[Any]:
    """Return the content of a value: an array, text, or a list of values."""
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, Number | str | bytes | Enum | None):
        return repr(value)
    if isinstance(value, list | tuple):
        return list(value)
    if isinstance(value, dict):
        names = sorted((name for name in value if name != "device"), key=str)
        return [entry for name in names for entry in (str(name), value[name])]
    return _parts_of_object(value)


def _parts_of_object(value: Any) -> np.ndarray | str | list[Any]:
    if isinstance(value, torch.Tensor):
        array: np.ndarray = value.detach().cpu().numpy()
        return array
    if sp.issparse(value):
        matrix = value.tocsr()
        return [matrix.shape, matrix.indptr, matrix.indices, matrix.data]
    if is_dataclass(value) and not isinstance(value, type):
        return _parts({f.name: getattr(value, f.name) for f in fields(value)})
    if hasattr(value, "to_numpy"):
        return [value.to_numpy()]
    if type(value).__module__.partition(".")[0] == "skattn":
        return _parts({k: v for k, v in vars(value).items() if not k.startswith("_")})
    return str(getattr(value, "__qualname__", type(value).__qualname__))


def _add_array(seen: Any, array: np.ndarray) -> None:
    seen.update(f"{array.shape} {array.dtype}".encode())
    if array.dtype.hasobject:
        seen.update(repr(array.tolist()).encode())
        return
    if array.nbytes <= _LARGE_ARRAY:
        seen.update(np.ascontiguousarray(array).tobytes())
        return
    rows = max(_BLOCK * len(array) // array.nbytes, 1)
    for start in np.linspace(0, len(array) - rows, _N_BLOCKS).astype(int):
        seen.update(np.ascontiguousarray(array[start : start + rows]).tobytes())
