"""Random arguments: right answers, or ValueError and TypeError with our messages.

``python -m benchmarks.fuzz`` calls public functions 20,000 times with arguments of
other containers, dtypes and shapes, damaged arrays, other objects and other parameters.
Input k depends on the seed and on k alone: ``--first`` continues a run. Each outcome
must be

* an answer: finite, probabilities between 0 and 1, and equal to the answer for plain
  arrays if the content of the arguments is the same;
* or a ValueError or TypeError (IndexError for positions, MemoryError for sizes) with a
  message of ours: a ``raise`` statement of skattn or of scikit-learn's validation of
  input (`CHECKS`) raised it, not code of numpy, scipy, torch, pandas, polars, narwhals
  or skorch. Errors of a user's transformer inside one of ours are the user's.

In both cases no RuntimeWarning is issued, and the caller's arguments have the same
checksums as before.
"""

from __future__ import annotations

import argparse
import linecache
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import joblib
import networkx as nx
import numpy as np
import pandas as pd
import scipy.sparse as sp

from benchmarks._fuzz_calls import CALLS, PARAMS
from benchmarks._variations import OTHERS, varied
from skattn import Graph

CHECKS = ("sklearn/utils/validation.py", "sklearn/utils/_param_validation.py",
          "sklearn/utils/multiclass.py", "sklearn/utils/_encode.py",
          "sklearn/utils/class_weight.py", "sklearn/model_selection/_split.py",
          "sklearn/utils/_random.py", "sklearn/base.py")  # fmt: skip
"""Files of scikit-learn that validate input."""


def drawn(number: int, seed: int) -> tuple[int, dict[str, Any], dict[str, Any], bool]:
    """Return the call, arguments and parameters of an input, and if all is the same."""
    rng = np.random.default_rng([seed, number])
    which = int(rng.integers(len(CALLS)))
    call = CALLS[which]
    arguments, params, same = deepcopy(call.arguments), {}, True
    names = list(arguments)
    for name in rng.choice(names, min(len(names), rng.integers(1, 3)), replace=False):
        arguments[str(name)], kept = varied(arguments[str(name)], rng)
        same &= kept and not reorders_entries(arguments)
    if call.params and rng.random() < 0.4:
        for name in rng.choice(call.params, rng.integers(1, 3), replace=False):
            values = PARAMS[name] if rng.random() < 0.75 else OTHERS
            params[str(name)] = deepcopy(values[rng.integers(len(values))])
    if sp.issparse(arguments.get("X")):  # "auto" standardises dense features alone
        params["standardize"] = False
    return which, arguments, params, same


def reorders_entries(arguments: dict[str, Any]) -> bool:
    """Return whether a matrix has entries in another order than edge features."""
    formats = [getattr(each, "format", None) for each in arguments.values()]
    has_features = not {"E", "edge_features"}.isdisjoint(arguments)
    return has_features and not {"csc", "bsr", "dia", "dok"}.isdisjoint(formats)


def judged(number: int, seed: int) -> tuple[str, str]:
    """Return the outcome of an input, and a text that describes it."""
    which, arguments, params, same = drawn(number, seed)
    before = checksum([arguments, params])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        outcome, text = outcome_of(which, arguments, params, same=same)
    wrong = [str(w.message) for w in caught if issubclass(w.category, RuntimeWarning)]
    if wrong:
        outcome, text = "RUNTIME WARNING", wrong[0]
    if checksum([arguments, params]) != before:
        outcome = "CHANGED"
    return outcome, text


def outcome_of(
    which: int, arguments: dict[str, Any], params: dict[str, Any], *, same: bool
) -> tuple[str, str]:
    """Return the outcome of a call, in capitals if it is wrong, and a text."""
    try:
        found = CALLS[which].run(**arguments, params=params)
    except Exception as error:  # noqa: BLE001
        text = f"{type(error).__name__}: {error!s:.300}"
        return ("refused" if is_ours(error) else "FOREIGN"), text + place(error)
    if not all(map(is_finite, found)):
        return "NOT FINITE", str(found)[:300]
    if not same or "random_state" in params:
        return "answered", ""
    expected = plain_answers(which, params)
    return ("same" if expected is None or agree(found, expected) else "WRONG"), ""


def plain_answers(which: int, params: dict[str, Any]) -> list[Any] | None:
    """Return the answers for plain arrays, None if they are refused."""
    if params or which not in PLAIN:
        try:
            found = CALLS[which].run(**deepcopy(CALLS[which].arguments), params=params)
        except Exception:  # noqa: BLE001
            found = None
        if params:
            return found
        PLAIN[which] = found
    return PLAIN[which]


PLAIN: dict[int, list[Any] | None] = {}
"""Answers of calls with plain arrays."""


def agree(found: list[Any], expected: list[Any]) -> bool:
    """Return whether answers are equal up to rounding to float32."""
    pairs = zip(found, expected, strict=False)
    return len(found) == len(expected) and all(
        np.shape(a) == np.shape(b) and np.allclose(dense(a), dense(b), 1e-3, 1e-4)
        for a, b in pairs
        if a is not None and b is not None
    )


def dense(value: Any) -> Any:
    """Return a sparse matrix as an array, other values unchanged."""
    return value.toarray() if sp.issparse(value) else value


def is_finite(found: Any) -> bool:
    """Return whether an answer has no NaN or infinity."""
    values = found.data if sp.issparse(found) else np.asarray(found)
    return values.dtype.kind != "f" or bool(np.isfinite(values).all())


def is_ours(error: Exception) -> bool:
    """Return whether a raise statement of skattn or a check of scikit-learn raised."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    line = linecache.getline(frame.filename, frame.lineno or 0).strip()
    ours = "/skattn/" in frame.filename or frame.filename.endswith(CHECKS)
    kinds = (ValueError, TypeError, IndexError, MemoryError)
    if is_of_user(traceback.extract_tb(error.__traceback__)):
        return True
    return isinstance(error, kinds) and ours and line.startswith("raise")


def is_of_user(frames: Any) -> bool:
    """Return whether the transformer of a user raised, inside one of ours."""
    inner = [f for f in frames if "/skattn/" in f.filename][-1:]
    return bool(inner) and inner[0].filename.endswith("_inner_transformer.py")


def place(error: Exception) -> str:
    """Return the file and line that raised, and the last of skattn."""
    frames = traceback.extract_tb(error.__traceback__)
    inner = [f for f in frames if "/skattn/" in f.filename][-1:]
    return "".join(
        f" | {'/'.join(f.filename.split('/')[-2:])}:{f.lineno}"
        for f in [frames[-1], *inner]
    )


def checksum(value: Any) -> Any:
    """Return a checksum of an argument and its parts; caches do not count."""
    inside = _inside(value)
    if inside is not None:
        return [checksum(each) for each in inside]
    try:
        return joblib.hash(value)
    except Exception:  # noqa: BLE001 (no pickle)
        return None


def _inside(value: Any) -> list[Any] | None:
    """Return the contents of an argument, None for plain values and arrays."""
    if sp.issparse(value):
        entries = value.tocoo()
        return [value.format, value.shape, entries.data, entries.row, entries.col]
    for kind, contents in CONTENTS.items():
        if isinstance(value, kind):
            return contents(value)
    return None


CONTENTS: dict[Any, Callable[[Any], list[Any] | None]] = {
    nx.Graph: lambda g: [*g.nodes(data=True), *g.edges(data=True)],
    dict: lambda d: [d[name] for name in d if name != "random_state"],  # is drawn from
    Graph: lambda g: [g.adjacency, g.X, g.edge_features, g.targets],
    (list, tuple): list,
    pd.DataFrame: lambda f: [f.to_numpy(object), list(f.columns), list(f.index)],
    pd.Series: lambda s: [s.to_numpy(object), list(s.index)],
    pd.api.extensions.ExtensionArray: lambda a: [a.to_numpy(object)],
    np.ndarray: lambda a: list(a.flat) if a.dtype == object else None,
}
"""Functions of objects that keep caches, or whose parts do."""


def main() -> None:
    """Print the outcomes, and describe each wrong one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--first", type=int, default=0, help="number of the first input"
    )
    parser.add_argument("--show", action="store_true", help="print refusals too")
    given = parser.parse_args()
    counts: Counter[str] = Counter()
    start = time.perf_counter()
    for number in range(given.first, given.first + given.times):
        outcome, text = judged(number, given.seed)
        counts[outcome] += 1
        if outcome.isupper() or given.show:
            print(f"{number}: {outcome} {text}".replace("\n", " "), flush=True)
        if (number + 1) % 1000 == 0:
            print(f"{number + 1} inputs, {time.perf_counter() - start:.0f} s: "
                  f"{dict(counts)}", flush=True)  # fmt: skip
    print(f"seed {given.seed}, {given.times} inputs from {given.first}: {dict(counts)}")
    sys.exit(any(map(str.isupper, counts)))


if __name__ == "__main__":
    main()
