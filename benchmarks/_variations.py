"""Random variations of arguments: other containers and dtypes, damage, other objects.

A variation is a function of a value and a generator that returns another value. Those
of `SAME` keep the content, so that answers must not change.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import polars as pl
import scipy.sparse as sp
import torch

from skattn import Graph

Variation = Callable[[Any, np.random.Generator], Any]

NUMBERS = (np.nan, np.inf, -np.inf, 1e300, -1e300, 1e-300, 3.5e38, 1e38, 2.0**63, -1, 0,
           0.5, 1e-45, -0.0)  # fmt: skip
"""Numbers that are written into arrays."""
ENTRIES = (*NUMBERS, None, "a", "1", b"a", 1j, pd.NA, pd.NaT, [1], {}, 10**400, (1, 2),
           Decimal("0.5"), Fraction(1, 3), datetime(2020, 1, 1), np.datetime64("NaT"),
           np.ma.masked, True, np.array([1.0, 2.0]), object)  # fmt: skip
"""Objects that are written into arrays of objects and lists."""
DTYPES = ("?", "i1", "u1", "u8", "f2", "f4", "g", "F", "D", "U8", "S8", "M8[D]",
          "m8[s]", "O", "V8", ">f8", "<i8")  # fmt: skip
OTHERS = (None, "a", b"ab", "", 0, 1, -1, 3, 2**70, 1.5, np.nan, np.inf, 1j, True, (),
          [], {}, {"a": 1}, {1}, [None], [[]], [[[]]], [1], ["a", "b"], [1, "a"],
          [[1], [2, 3]], object(), object, len, pd.NA, pd.NaT, np.float64(2),
          np.int8(3), np.str_("a"), np.array(3.0), np.array([]), np.empty((0, 3)),
          np.empty((3, 0)), np.zeros((2, 2, 2, 2)), np.zeros(2, "f4, i4"),
          np.ma.masked, np.datetime64("NaT"), datetime(2020, 1, 1), pd.DataFrame(),
          pd.Series(dtype=float), pl.DataFrame(), sp.csr_array((3, 3)),
          sp.csr_array((0, 0)), torch.eye(3), Graph([[1.0]]), nx.path_graph(3),
          range(3), slice(None), Ellipsis, NotImplemented)  # fmt: skip
"""Objects in place of an argument."""


# ---- containers ------------------------------------------------------------------


def _frame(value: Any, rng: np.random.Generator) -> Any:
    names = [f"x{k}" for k in range(np.shape(value)[1])]
    kind = rng.integers(4)
    if kind == 0:
        return pl.DataFrame(np.asarray(value), schema=names)
    dtype = (float, "Float64", np.float32)[kind - 1]
    return pd.DataFrame(value, columns=names).astype(dtype)


def _column(value: Any, rng: np.random.Generator) -> Any:
    kind = rng.integers(5)
    if kind == 0:
        return pl.Series(value)
    if kind == 1:
        return pd.array(value)
    return pd.Series(value, dtype=(None, object, "category")[kind - 2])


def _sparse(value: Any, rng: np.random.Generator) -> Any:
    array = rng.choice(["csr", "csc", "coo", "bsr", "lil", "dok", "dia"])
    make = sp.csr_matrix if rng.random() < 0.3 else sp.csr_array
    return make(value).asformat(array)


def _layout(value: Any, rng: np.random.Generator) -> Any:
    array = np.asarray(value)
    kind = rng.integers(6)
    if kind == 0:
        return np.asfortranarray(array)
    if kind == 1:
        return np.repeat(array, 2, 0)[::2]
    if kind == 2:
        return array[::-1].copy()[::-1]
    if kind == 3:
        return np.ma.masked_array(array)
    if kind == 4 and array.ndim == 2:
        return np.matrix(array)
    array = array.copy()
    array.flags.writeable = False
    return array


def _dtype(value: Any, rng: np.random.Generator) -> Any:
    return np.asarray(value).astype(rng.choice(["f4", "g", ">f8", "O", "f8"]))


def _listed(value: Any, rng: np.random.Generator) -> Any:
    rows = np.asarray(value)
    return list(rows) if rng.random() < 0.3 else (tuple, list)[rng.integers(2)](
        rows.tolist()
    )  # fmt: skip


def _tensor(value: Any, _: np.random.Generator) -> Any:
    return torch.tensor(np.asarray(value))


SAME: dict[int, tuple[Variation, ...]] = {
    1: (_column, _layout, _dtype, _listed, _tensor),
    2: (_frame, _sparse, _layout, _dtype, _listed, _tensor),
    3: (_layout, _dtype, _listed, _tensor),
}
"""Variations that keep the content, by the number of dimensions."""


# ---- damage ----------------------------------------------------------------------


def _poked(value: Any, rng: np.random.Generator) -> Any:
    array = np.array(value)
    if rng.random() < 0.5:
        array = array.astype(object)
        entry: Any = ENTRIES[rng.integers(len(ENTRIES))]
    else:
        array = array.astype(rng.choice(["f8", "f4"]))
        entry = NUMBERS[rng.integers(len(NUMBERS))]
    at = tuple(int(rng.integers(n)) for n in array.shape)
    if isinstance(entry, np.ndarray | list | tuple | dict):
        holder = np.empty((), dtype=object)
        holder[()] = entry
        entry = holder
    with np.errstate(all="ignore"):
        array[at] = entry
    return array.tolist() if rng.random() < 0.3 else array


def _cast(value: Any, rng: np.random.Generator) -> Any:
    with np.errstate(all="ignore"):
        return np.asarray(value).astype(rng.choice(DTYPES))


def _scaled(value: Any, rng: np.random.Generator) -> Any:
    with np.errstate(all="ignore"):
        return np.asarray(value) * float(rng.choice(NUMBERS))


def _masked(value: Any, rng: np.random.Generator) -> Any:
    array = np.asarray(value)
    return np.ma.masked_array(array, rng.random(array.shape) < rng.choice([0.1, 1]))


def _shaped(value: Any, rng: np.random.Generator) -> Any:
    array = np.asarray(value)
    changes = (
        lambda: array[:-1], lambda: array[:0], lambda: array[:1], lambda: array.T,
        lambda: array[0], lambda: array[None], lambda: array[:, None],
        lambda: array[..., None], lambda: array[..., :0], lambda: array[..., :1],
        lambda: array.ravel(), lambda: array.flat[0], lambda: array[1:],
        lambda: np.concatenate([array] * 2), lambda: np.concatenate([array] * 2, -1),
        lambda: array[::-1],
    )  # fmt: skip
    return changes[rng.integers(len(changes))]()


def _shuffled_frame(value: Any, rng: np.random.Generator) -> Any:
    array = np.asarray(value)
    if array.ndim == 1:
        return pd.Series(array, index=rng.permutation(len(array)), name="key")
    labels = [list("abcdefghijkl"), range(5, 17), [0.5] * 12, [None, *"bcdefghijkl"]]
    index = pd.Index(
        labels[rng.integers(4)][: len(array)], name=rng.choice(["key", "x0"])
    )
    frame = pd.DataFrame(array, columns=[f"x{k}" for k in range(array.shape[1])])
    if len(index) == len(frame):
        frame.index = index
    if rng.random() < 0.3:
        frame = frame.rename(columns={"x0": (0, "x1", None)[rng.integers(3)]})
    if rng.random() < 0.2:
        frame = frame.assign(extra=pd.Categorical(["a"] * len(frame)))
    return frame


DAMAGE: tuple[Variation, ...] = (
    _poked, _poked, _poked, _cast, _scaled, _masked, _shaped, _shaped, _shuffled_frame,
)  # fmt: skip


# ---- choice ----------------------------------------------------------------------


def varied(value: Any, rng: np.random.Generator) -> tuple[Any, bool]:
    """Return another value for an argument, and whether its content is the same."""
    draw = rng.random()
    if draw < 0.15:
        return OTHERS[rng.integers(len(OTHERS))], False
    if isinstance(value, list) and value and not np.isscalar(value[0]):
        return _with_varied_entry(value, rng)
    if not isinstance(value, np.ndarray):
        return OTHERS[rng.integers(len(OTHERS))], False
    try:
        if draw < 0.5 and value.ndim in SAME:
            choices = SAME[value.ndim]
            return choices[rng.integers(len(choices))](value, rng), True
        for _ in range(1 + int(rng.random() < 0.2)):
            value = DAMAGE[rng.integers(len(DAMAGE))](value, rng)
        if rng.random() < 0.1:
            value = SAME[2][rng.integers(len(SAME[2]))](value, rng)
    except Exception:  # noqa: BLE001 (this value has no such variation)
        return OTHERS[rng.integers(len(OTHERS))], False
    return value, False


def _with_varied_entry(
    value: list[Any], rng: np.random.Generator
) -> tuple[list[Any], bool]:
    """Return a list with another entry, or of another container."""
    if rng.random() < 0.2:
        made = np.empty(len(value), dtype=object)
        made[:] = value
        return (made if rng.random() < 0.5 else tuple(value)), True
    at = int(rng.integers(len(value)))
    entry, same = varied(value[at], rng)
    return [*value[:at], entry, *value[at + 1 :]], same
