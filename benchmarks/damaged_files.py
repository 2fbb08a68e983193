"""Damaged and forged files of models and graphs: exceptions, answers and memory.

``python -m benchmarks.damaged_files`` changes random bytes of files, 5,000 times for
every kind: bits are flipped, bytes overwritten, blocks zeroed, exchanged, repeated or
removed, and the file cut. A load must raise ValueError or OSError, or the answers must
equal those of the undamaged file. Then each number, text and array shape of the headers
is made huge, negative and odd, one at a time, in a file with valid checksums. A load
must raise ValueError or OSError or succeed, within a second of CPU time and the memory
of ten times the file beyond the load of the undamaged one: a model of a few kB is some
twenty torch modules, of 2 kB each. Memory is that of Python's allocations and that of
the process, in which torch's count. Each kind is a process of its own, so that a crash
is counted.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
import tracemalloc
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp

from skattn import (
    AttentionEmbedder,
    AttentionReasoner,
    EncoderConfig,
    Graph,
    GraphAttentionClassifier,
    GraphAttentionRegressor,
)
from skattn.estimators._knowledge import Factorization
from skattn.graph import Question
from skattn.nn import ComplEx

N_NODES = 40
FACTOR = 10
"""Bytes that a load of a forged file may take, per byte of the file."""
MARGIN = 1 << 20
"""Bytes by which the memory of a process varies between equal loads."""
SECONDS = 1.0
"""CPU time that a load of a forged file may take."""
STATUS = Path("/proc/self/status")
HUGE = (10**18, 10**7, 10**8, 2**31 - 1, 2**63 - 1, 2**64, 10**40)
FLAGS = (0, 10**18, None)
ODD = (-1, -(2**63), 0, 1, 7, 1.5, -0.5, 1e308, float("nan"), True, None, "x", [], {})


class Case(NamedTuple):
    """A kind of file."""

    load: Callable[[Path], Any]
    answer: Callable[[Any], list[np.ndarray]]
    """Function from a loaded object to the arrays that damage must not change."""


# ---- files -----------------------------------------------------------------------


def adjacency() -> sp.csr_array:
    """Return a ring with chords and weights."""
    nodes = np.arange(N_NODES)
    ends = np.concatenate([(nodes + 1), (nodes + 7), (nodes * 3 + 2)]) % N_NODES
    weights = 1 + np.arange(3 * N_NODES) % 5
    parts = (weights.astype(np.float32), (np.tile(nodes, 3), ends))
    return sp.csr_array(sp.coo_array(parts, (N_NODES, N_NODES)))


def features() -> np.ndarray:
    """Return normal features."""
    return np.random.default_rng(0).normal(size=(N_NODES, 3)).astype(np.float32)


def small(cls: type, **params: Any) -> Any:
    """Return an estimator that trains quickly."""
    short = {"max_epochs": 2, "hidden_dim": 8, "n_heads": 2, "n_layers": 2}
    return cls(random_state=0, device="cpu", **short | params)


def reasoner(factorization: bool) -> AttentionReasoner:  # noqa: FBT001
    """Return a reasoner over a few facts by name, with or without ComplEx."""
    rng = np.random.default_rng(0)
    facts = np.unique(rng.integers(0, (9, 2, 9), (30, 3)), axis=0)
    names = np.array([f"entity {k}" for k in range(9)])
    X = np.column_stack([names[facts[:, 0]], np.array(["r", "s"])[facts[:, 1]]])
    model = AttentionReasoner(
        n_layers=2, hidden_dim=8, max_epochs=2, factorization=factorization,
        random_state=0, device="cpu"
    ).fit(X, names[facts[:, 2]])  # fmt: skip
    if factorization:  # also where the best weight is 0
        module = ComplEx(len(model.classes_), 2 * len(model.relations_), rank=3)
        model._factorization_ = Factorization(module, 0.5)
    return model


def write_files(folder: Path) -> None:
    """Write a file of every kind."""
    X, A = features(), adjacency()
    y = (X[:, 0] > 0).astype(int)
    labels = pd.Index([f"node {k}" for k in range(N_NODES)], name="key")
    frame = pd.DataFrame(X, columns=list("abc"), index=labels)
    words = np.array(["no", "yes"], dtype=object)[y]
    recipe = EncoderConfig(hops=(1, 2), positional="degree", jumping="concat")
    graphs = [Graph(np.ones((k, k)), X[:k], edge_features=X[:1].repeat(k * k, 0))
              for k in (2, 3, 4, 5)]  # fmt: skip
    models = {
        "table": small(GraphAttentionClassifier).fit(X, y),
        "sparse table": small(GraphAttentionRegressor).fit(sp.csr_array(abs(X)), X),
        "named rows": small(
            GraphAttentionClassifier, label_inputs=True, graph=Graph(A, nodes=labels)
        ).fit(frame[:30], words[:30]),
        "nodes": small(GraphAttentionClassifier, encoder=recipe).fit(Graph(A, X), y),
        "graphs": small(AttentionEmbedder).fit(graphs),
    }
    models |= {"facts": reasoner(False), "facts, ComplEx": reasoner(True)}
    for name, model in models.items():
        model.save(folder / name)
    targets = [3, 1, 20]
    Graph(A, X, nodes=labels)[targets].save(folder / "array")
    Graph(A, sp.csr_array(np.where(X > 0, X, 0))).save(folder / "sparse")
    entries = sp.coo_array(A)
    Graph(entries, frame, edge_features=features()[:1].repeat(A.nnz, 0)).save(
        folder / "frame"
    )
    mixed = frame.assign(d=np.arange(N_NODES), e=y.astype(bool))
    numbers = pd.RangeIndex(5, 5 + N_NODES)
    Graph(A, mixed.set_axis(numbers), nodes=numbers).save(folder / "mixed frame")


def predictions(model: Any) -> list[np.ndarray]:
    """Return the answers of a model for input of its kind."""
    X, context = features(), model._context_
    kind = context.kind
    if kind == "graphs":
        return [model.transform([Graph(np.ones((3, 3)), X[:3],
                                       edge_features=X[:1].repeat(9, 0))])]  # fmt: skip
    if kind == "graph":
        return [model.predict_proba(Graph(adjacency(), X))]
    if kind == "named":
        labels = pd.Index([f"node {k}" for k in range(N_NODES)], name="key")
        frame = pd.DataFrame(X, columns=list("abc"), index=labels)
        return [model.predict(frame[20:]).astype(str), model.predict_proba(frame[20:])]
    if isinstance(model, GraphAttentionRegressor):
        return [model.predict(sp.csr_array(abs(X[:5] + 1)))]
    return [model.predict_proba(X[:5] + 1)]


def truths(model: AttentionReasoner) -> list[np.ndarray]:
    """Return the answers of a reasoner to rows and to a question of two hops."""
    X = [("entity 0", "r"), ("entity 4", "^s")]
    further = Question("entity 0", "r", "s")
    return [model.predict_proba(X), model.predict_truth(further), model.predict(X)]


def parts(graph: Graph) -> list[np.ndarray]:
    """Return all arrays of a graph."""
    A, X = graph.adjacency, graph.X
    found = [A.data, A.indices, A.indptr, graph.targets]
    found += [graph.edge_features] if graph.edge_features is not None else []
    found += [graph.nodes.to_numpy()] if graph.nodes is not None else []
    if sp.issparse(X):
        found += [X.data, X.indices, X.indptr]
    elif hasattr(X, "columns"):
        found += [X.to_numpy(float), X.columns.to_numpy(), X.index.to_numpy()]
    else:
        found.append(X)
    return [np.array(array) for array in found]


CASES = {
    "table": Case(GraphAttentionClassifier.load, predictions),
    "sparse table": Case(GraphAttentionRegressor.load, predictions),
    "named rows": Case(GraphAttentionClassifier.load, predictions),
    "nodes": Case(GraphAttentionClassifier.load, predictions),
    "graphs": Case(AttentionEmbedder.load, predictions),
    "facts": Case(AttentionReasoner.load, truths),
    "facts, ComplEx": Case(AttentionReasoner.load, truths),
    **{
        name: Case(partial(Graph.load, mmap=False), parts)
        for name in ("array", "sparse", "frame", "mixed frame")
    },
    **{
        f"{name}, mapped": Case(Graph.load, parts)
        for name in ("array", "sparse", "frame", "mixed frame")
    },
}


# ---- damage ----------------------------------------------------------------------


def damaged(content: bytes, rng: np.random.Generator) -> bytes:
    """Return other bytes of the same file."""
    found = np.frombuffer(content, np.uint8).copy()
    first, second = np.sort(rng.integers(0, len(found), 2))
    length = int(rng.choice([1, 4, 8, 64, 500]))
    kind = rng.integers(0, 8)
    if kind == 0:
        found[first] ^= 1 << rng.integers(0, 8)
    elif kind == 1:
        found[first : first + length] = rng.integers(
            0, 256, len(found[first:][:length])
        )
    elif kind == 2:
        found[first : first + length] = 0
    elif kind == 3:
        found = found[:first]
    elif kind == 4:
        found = np.delete(found, slice(first, first + length))
    elif kind == 5:
        found = np.insert(found, second, found[first : first + length])
    elif kind == 6:
        block = found[first : first + length].copy()
        found[second : second + length] = block[: len(found[second:][:length])]
    else:
        places = rng.integers(0, len(found), length)
        found[places] ^= rng.integers(1, 256, length, dtype=np.uint8)
    return found.tobytes()


def same(ours: list[np.ndarray], theirs: list[np.ndarray]) -> bool:
    """Return whether answers are equal."""
    return len(ours) == len(theirs) and all(map(np.array_equal, ours, theirs))


def damage(name: str, path: Path, n_times: int, seed: int) -> Counter[str]:
    """Count the outcomes of loads of damaged files."""
    case, counts = CASES[name], Counter[str]()
    content, rng = path.read_bytes(), np.random.default_rng(seed)
    expected = case.answer(case.load(path))
    for _ in range(n_times):
        path.write_bytes(damaged(content, rng))
        try:
            loaded = case.load(path)
            counts["equal" if same(case.answer(loaded), expected) else "WRONG"] += 1
        except (ValueError, OSError) as error:
            counts[type(error).__name__] += 1
        except Exception as error:  # noqa: BLE001
            counts[f"OTHER {type(error).__name__}: {error!s:.80}"] += 1
    path.write_bytes(content)
    return counts


# ---- forgery ---------------------------------------------------------------------


def forgeries(value: Any) -> list[tuple[tuple[Any, ...], Any]]:
    """Return the places of numbers, texts and constants in JSON, and forged ones."""
    return [
        (place, other)
        for place in _places(value)
        for other in (FLAGS if isinstance(_at(value, place), bool) else (*HUGE, *ODD))
    ]


def forged(text: str, place: tuple[Any, ...], other: Any) -> Any:
    """Return a JSON value with another entry at a place."""
    value = json.loads(text)
    _at(value, place[:-1])[place[-1]] = other
    return value


def _places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    keys = value if isinstance(value, dict) else range(len(value))
    for key in keys:
        if isinstance(value[key], dict | list):
            yield from _places(value[key], (*place, key))
        else:
            yield (*place, key)


def _at(value: Any, place: tuple[Any, ...]) -> Any:
    for key in place:
        value = value[key]
    return value


def with_text(content: bytes, text: dict[str, Any]) -> bytes:
    """Return a file with another header and valid checksums."""
    start = np.frombuffer(content[:40], "<i8")[2:].copy()
    packed = json.dumps(text).encode()
    start[1:] = len(packed), zlib.crc32(packed)
    return content[:16] + start.tobytes() + content[40 : start[0]] + packed


def header(content: bytes) -> str:
    """Return the header of a file, JSON."""
    at = int(np.frombuffer(content[16:24], "<i8")[0])
    return content[at:].decode()


def forge(name: str, path: Path, n_times: int, seed: int) -> Counter[str]:
    """Count the outcomes of loads of forged files, and take the most memory."""
    case, counts = CASES[name], Counter[str]()
    content = path.read_bytes()
    text = header(content)
    every = forgeries(json.loads(text))
    if len(every) > n_times:
        chosen = np.random.default_rng(seed).choice(len(every), n_times, replace=False)
        every = [every[k] for k in chosen]
    for _ in range(3):  # the first fill caches
        case.load(path)
    _, usual = cost(partial(case.load, path))
    most, slowest = Cost(0, 0, 0.0), ""
    for place, other in every:
        path.write_bytes(with_text(content, forged(text, place, other)))
        outcome, taken = cost(partial(case.load, path))
        counts[outcome] += 1
        if taken.resident > MARGIN:  # the first use of a library counts once
            _, taken = cost(partial(case.load, path))
        if taken.seconds > most.seconds:
            slowest = f"{place} = {other!r:.20}"
        most = Cost(*map(max, most, taken))
    path.write_bytes(content)
    limit = FACTOR * len(content)
    if most.traced > usual.traced + limit or most.resident > limit + MARGIN:
        counts["MEMORY"] += 1
    if most.seconds > SECONDS:
        counts[f"SLOW {slowest}"] += 1
    counts[f"({len(content)} bytes, undamaged {usual}, at most {most})"] = 1
    return counts


class Cost(NamedTuple):
    """Memory and time of a load."""

    traced: int
    """Most bytes that Python and numpy held."""
    resident: int
    """Bytes by which the memory of the process grew at most, 0 if unknown."""
    seconds: float
    """CPU time."""

    def __str__(self) -> str:
        return f"{self.traced} B, process {self.resident} B, {self.seconds:.2f} s"


def cost(load: Callable[[], Any]) -> tuple[str, Cost]:
    """Return the outcome of a load, and its cost."""
    if STATUS.exists():
        STATUS.with_name("clear_refs").write_text("5")  # of the most memory so far
    before, start = memory("VmRSS"), time.process_time()
    tracemalloc.start()
    outcome = outcome_of(load)
    seconds, most = time.process_time() - start, memory("VmHWM")
    traced = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return outcome, Cost(traced, max(most - before, 0), seconds)


def outcome_of(load: Callable[[], Any]) -> str:
    """Return "loaded" or the name of the exception."""
    try:
        load()
    except (ValueError, OSError) as error:
        return type(error).__name__
    except Exception as error:  # noqa: BLE001
        return f"OTHER {type(error).__name__}: {error!s:.80}"
    return "loaded"


def memory(name: str) -> int:
    """Return an entry of the status of this process in bytes, 0 if there is none."""
    if not STATUS.exists():
        return 0
    found = re.search(rf"{name}:\s*(\d+) kB", STATUS.read_text())
    return 1024 * int(found[1]) if found else 0


# ---- processes -------------------------------------------------------------------


def run(action: str, name: str, folder: str, n_times: int, seed: int) -> str:
    """Return the outcomes of a process of its own."""
    command = [sys.executable, "-m", "benchmarks.damaged_files", "--action", action]
    command += ["--case", name, "--folder", folder]
    command += ["--times", str(n_times), "--seed", str(seed)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        return f"CRASH {answer.returncode} {answer.stderr[-300:]}"
    return answer.stdout.strip()


def failures(lines: list[str]) -> list[str]:
    """Return the lines that report a failure."""
    return [line for line in lines if re.search("CRASH|WRONG|OTHER|MEMORY|SLOW", line)]


def main() -> None:
    """Print the outcomes of every kind of file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--action", choices=["damage", "forge"])
    parser.add_argument("--case", choices=list(CASES))
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--temporary", help="folder of the files, such as /dev/shm")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    if given.case is not None:
        path = given.folder / given.case.removesuffix(", mapped")
        act = {"damage": damage, "forge": forge}[given.action]
        counts = act(given.case, path, given.times, given.seed)
        print(", ".join(f"{outcome} {n}" for outcome, n in counts.items()))
        return
    lines = []
    with TemporaryDirectory(dir=given.temporary) as folder:
        write_files(Path(folder))
        for action in [given.action] if given.action else ["damage", "forge"]:
            print(f"{action}, seed {given.seed}, {given.times} of each", flush=True)
            for name in CASES:
                lines.append(run(action, name, folder, given.times, given.seed))
                print(f"  {name:20} {lines[-1]}", flush=True)
    bad = failures(lines)
    print(f"{len(bad)} kinds failed")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
