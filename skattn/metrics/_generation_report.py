"""Report on generated graphs, beside the same numbers of real graphs."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from skattn.graph import Graph
from skattn.graph._arguments import check_choice
from skattn.graph._undirected import are_connected
from skattn.metrics._graph_mmd import (
    KERNELS,
    METRICS,
    SIGMAS,
    kernel_rows,
    squared_mmd,
)
from skattn.metrics._graph_statistics import STATISTICS
from skattn.metrics._isomorphism import isomorphism_classes
from skattn.metrics._labelled_graphs import LabelledGraphs
from skattn.metrics._novelty import first_of_each
from skattn.metrics._simple_graphs import SimpleGraphs, nonempty_graphs

N_DRAWS = 10
"""Number of draws of real graphs."""
AVERAGED = ("degree", "clustering", "orbit")
"""Statistics whose mean publications report."""


@dataclass(frozen=True, eq=False)
class GenerationReport:
    """Quality of generated graphs, and the same numbers of real graphs.

    Made by :func:`generation_report`; ``print(report)`` shows the table. Keys are
    "degree", "clustering", "orbit" and "spectrum" (MMD²), "average" (of the first
    three), the shares of all graphs "connected", "valid" and "valid_unique_novel", and
    the shares of the valid graphs "unique" and "novel". Numbers that need ``train`` are
    NaN without it; without ``valid`` and ``identity`` the share "valid" is NaN, and all
    graphs count as valid.
    """

    samples: dict[str, float]
    """Numbers of the samples: MMD² to the reference, and shares of the samples."""
    real: dict[str, float]
    """The same of real graphs: the mean MMD² of draws of the training set to the
    reference, and shares of the reference."""
    real_std: dict[str, float]
    """Standard deviation of the MMD² over the draws."""
    kernel: str
    """Kernel of the MMD²."""
    n_samples: int
    """Number of samples."""
    n_reference: int
    """Number of reference graphs."""
    n_train: int
    """Number of training graphs, 0 without any."""

    def to_frame(self) -> Any:
        """Return the report as a table.

        Returns
        -------
        DataFrame
            Columns "samples", "real" and "real_std", one row per key.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        import pandas as pd

        columns = ("samples", "real", "real_std")
        return pd.DataFrame({name: getattr(self, name) for name in columns})

    def __str__(self) -> str:
        lines = [
            f"{self.n_samples} samples, {self.n_reference} reference graphs, "
            f"{self.n_train} training graphs; MMD² with the kernel {self.kernel!r}",
            f"{'':20}{'samples':>10}{'real graphs':>14}",
        ]
        for key, value in self.samples.items():
            real, deviation = self.real[key], self.real_std[key]
            noise = "" if np.isnan(deviation) else f" ± {deviation:.4f}"
            lines.append(f"{key:20}{_text(value):>10}{_text(real):>14}{noise}")
        return "\n".join(lines)


def generation_report(
    samples: Any,
    reference: Any,
    train: Any = None,
    *,
    kernel: str = "emd",
    valid: Callable[[Graph], bool] | None = None,
    identity: Callable[[list[Graph]], Iterable[Any]] | None = None,
    random_state: int | np.random.RandomState | None = None,
) -> GenerationReport:
    """Compare generated graphs with real ones, and real graphs with each other.

    The values of real graphs are needed to read those of samples: the MMD² of two lists
    from one distribution is positive, and a held-out graph may be isomorphic to a
    training graph. Read more in the :doc:`user guide </guide/generated_graphs>`.

    Parameters
    ----------
    samples : list of Graph
        Undirected graphs that were generated.
    reference : list of Graph
        Held-out real graphs with the same columns; at least 100 if possible.
    train : list of Graph, optional
        Real graphs that the generator was fitted to. Without it, novelty and the MMD²
        of real graphs are NaN.
    kernel : {"emd", "tv", "rbf"}, default="emd"
        Kernel of :func:`graph_mmd`, with the published bandwidths.
    valid : callable, optional
        Function from a graph to whether it is valid, such as a tree.
    identity : callable, optional
        Function from a list of graphs to a hashable object per graph, None for an
        invalid one, such as :func:`skattn.graph.smiles_from_graphs`. Graphs are equal
        if these are. By default they are equal if they are isomorphic, with their
        features as labels; the two Kekulé structures of a molecule then differ.
    random_state : int, RandomState instance or None, default=None
        Random state of the draws of real graphs.

    Returns
    -------
    GenerationReport
        The numbers of the samples and of real graphs. Those of MMD² are of ten draws of
        as many training graphs as there are samples, or all of them if there are fewer.

    Raises
    ------
    TypeError
        If an argument is not a list of graphs, or a function not callable.
    ValueError
        If a list is empty, a graph has no node or is directed, the columns of graphs
        differ, or the kernel is unknown.

    See Also
    --------
    graph_mmd : The distances; which publication uses which kernel.
    is_unique, is_novel : Uniqueness and novelty of each graph.
    skattn.AttentionGraphGenerator : Generator of graphs.

    References
    ----------
    R. Thompson, B. Knyazev, E. Ghalebi, J. Kim, G. Taylor, "On evaluation metrics for
    graph generative models", ICLR 2022 (values of real graphs).

    K. Martinkus, A. Loukas, N. Perraudin, R. Wattenhofer, "SPECTRE", ICML 2022 (valid,
    unique and novel).

    Examples
    --------
    >>> from skattn.datasets import make_trees
    >>> from skattn.metrics import generation_report
    >>> graphs, _ = make_trees(90, 8, random_state=0)
    >>> report = generation_report(
    ...     graphs[:20], graphs[20:50], graphs[50:], random_state=0
    ... )
    >>> report.samples["connected"], report.samples["clustering"]
    (1.0, 0.0)
    """
    check_choice(kernel, KERNELS, "kernel")
    _check_callable(valid, "valid", "a graph")
    _check_callable(identity, "identity", "a list of graphs")
    given = {"samples": samples, "reference": reference}
    if train is not None:
        given["train"] = train
    lists = {name: nonempty_graphs(some, name) for name, some in given.items()}
    every = [graph for some in lists.values() for graph in some]
    n_samples, n_reference = len(lists["samples"]), len(lists["reference"])
    parts = np.split(np.arange(len(every)), np.cumsum([n_samples, n_reference]))
    simple = SimpleGraphs.of(**lists)
    of_samples, of_real, deviations = _discrepancies(
        simple, parts, kernel, check_random_state(random_state)
    )
    classes = _classes(every, identity)
    is_valid = classes >= 0
    if valid is not None:
        is_valid &= [bool(valid(graph)) for graph in every]
    connected = are_connected(simple.adjacency, simple.node_ptr)
    known = classes[parts[2]]
    is_known = valid is not None or identity is not None
    for numbers, part in zip((of_samples, of_real), parts, strict=False):
        numbers["connected"] = float(connected[part].mean())
        numbers["valid"] = float(is_valid[part].mean()) if is_known else np.nan
        numbers |= _shares(classes[part], is_valid[part], known)
    deviations |= dict.fromkeys(of_samples.keys() - deviations.keys(), np.nan)
    counts = n_samples, n_reference, len(parts[2])
    return GenerationReport(of_samples, of_real, deviations, kernel, *counts)


def _discrepancies(
    graphs: SimpleGraphs,
    parts: list[NDArray[np.int64]],
    kernel: str,
    rng: np.random.RandomState,
) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    """Return MMD² of samples, and its mean and deviation over draws of real graphs."""
    samples, reference, train = parts
    n_drawn = min(len(samples), len(train))
    draws = [rng.permutation(train)[:n_drawn] for _ in range(N_DRAWS if n_drawn else 0)]
    found, drawn = {}, np.full((len(STATISTICS), max(len(draws), 1)), np.nan)
    for row, (name, compute) in enumerate(STATISTICS.items()):
        rows = kernel_rows(compute(graphs), name, kernel)
        options = METRICS[name, kernel], SIGMAS[name]
        found[name] = squared_mmd(rows[samples], rows[reference], *options)
        for column, draw in enumerate(draws):
            drawn[row, column] = squared_mmd(rows[draw], rows[reference], *options)
    found["average"] = float(np.mean([found[name] for name in AVERAGED]))
    averaged = drawn[[list(STATISTICS).index(name) for name in AVERAGED]].mean(axis=0)
    drawn = np.vstack([drawn, averaged])
    means, deviations = drawn.mean(axis=1).tolist(), drawn.std(axis=1).tolist()
    keys = list(found)
    return (
        found,
        dict(zip(keys, means, strict=True)),
        dict(zip(keys, deviations, strict=True)),
    )


def _classes(
    graphs: list[Graph], identity: Callable[[list[Graph]], Iterable[Any]] | None
) -> NDArray[np.int64]:
    """Return a number per graph, the same for equal graphs, and -1 for invalid ones."""
    if identity is None:
        return isomorphism_classes(LabelledGraphs.of(graphs))
    known: dict[Any, int] = {None: -1}
    found = [known.setdefault(each, len(known)) for each in identity(graphs)]
    if len(found) != len(graphs):
        raise ValueError(
            f"identity must return one object per graph ({len(graphs)}), got "
            f"{len(found)}. Return None for an invalid graph."
        )
    return np.array(found, np.int64)


def _shares(
    classes: NDArray[np.int64], is_valid: NDArray[np.bool_], known: NDArray[np.int64]
) -> dict[str, float]:
    """Return the shares of unique and novel graphs, and of those that are all three."""
    classes = classes[is_valid]
    unique, novel = first_of_each(classes), ~np.isin(classes, known)
    n_valid = len(classes) or np.nan
    n_known = 1 if len(known) else np.nan
    return {
        "unique": float(unique.sum() / n_valid),
        "novel": float(n_known * novel.sum() / n_valid),
        "valid_unique_novel": float(n_known * (unique & novel).sum() / len(is_valid)),
    }


def _check_callable(value: Any, name: str, of: str) -> None:
    if value is not None and not callable(value):
        raise TypeError(
            f"{name} must be a function of {of} or None, got {type(value).__name__}."
        )


def _text(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.4f}"
