"""Metrics of generated graphs: CPU seconds, and the values of real graphs.

    python -m benchmarks.graph_metrics SET ...

Sets are "community-spectre", "enzymes", "grid" and "qm9" (10 000 molecules against
1000); by default all. The compiled functions are called once before they are measured.
"""

import sys
import time
from itertools import pairwise

import numpy as np

from benchmarks._data import load
from skattn import Graph
from skattn.graph import graphs_from_smiles, smiles_from_graphs
from skattn.metrics import (
    generation_report,
    graph_mmd,
    graph_statistics,
    is_novel,
    is_unique,
)

STATISTICS = ("degree", "clustering", "orbit", "spectrum")


def plain_graphs(name):
    """Read a set of graphs from a file that lists each edge once."""
    arrays = load(f"gen-{name}")
    node_ptr, ends = arrays["node_ptr"], np.stack([arrays["edge_u"], arrays["edge_v"]])
    of_edge = np.searchsorted(node_ptr, ends[0], side="right") - 1
    made = []
    for number, (start, stop) in enumerate(pairwise(node_ptr)):
        edges = (ends[:, of_edge == number] - start).T
        made.append(Graph.from_edges(edges, nodes=int(stop - start), directed=False))
    return made


def community_spectre():
    """Split the 100 graphs of two communities 80/20 by a permutation."""
    graphs = plain_graphs("community-spectre")
    order = np.random.default_rng(0).permutation(len(graphs))
    return [graphs[k] for k in order[20:]], [graphs[k] for k in order[:20]]


def first_fifth(name):
    """Split a set of GDSS: its first fifth is the test set."""
    graphs = plain_graphs(name)
    n_test = len(graphs) // 5
    return graphs[n_test:], graphs[:n_test]


def qm9():
    """Read 10 000 training molecules and 1000 test molecules."""
    arrays = load("qm9-smiles")
    parts = arrays["train"][:10_000].tolist(), arrays["test"][:1000].tolist()
    return [graphs_from_smiles(part, derived=False) for part in parts]


SETS = {
    "community-spectre": community_spectre,
    "enzymes": lambda: first_fifth("enzymes"),
    "grid": lambda: first_fifth("grid"),
    "qm9": qm9,
}


def seconds(function, *arguments, **options):
    """Return CPU seconds of a call, the least of three, and its result."""
    taken = []
    for _ in range(3):
        start = time.process_time()
        result = function(*arguments, **options)
        taken.append(time.process_time() - start)
    return min(taken), result


def measure(name):
    """Print times and values of one set."""
    train, test = SETS[name]()
    graphs = [*train, *test]
    n_nodes = [graph.n_nodes for graph in graphs]
    print(
        f"\n== {name}: {len(train)} + {len(test)} graphs, {min(n_nodes)} to "
        f"{max(n_nodes)} nodes, {sum(g.n_edges for g in graphs) // 2} edges"
    )
    for statistic in STATISTICS:
        of_all, _ = seconds(graph_statistics, graphs, statistic)
        both = [seconds(graph_mmd, test, train, statistic=statistic, kernel=kernel)
                for kernel in ("emd", "tv")]  # fmt: skip
        values = ", ".join(f"{value:.4f}" for _, value in both)
        times = ", ".join(f"{taken:.3f}" for taken, _ in both)
        print(
            f"{statistic:12} of all graphs {of_all:.3f} s; MMD² of test and training "
            f"graphs, emd and tv: {values} in {times} s"
        )
    taken, unique = seconds(is_unique, graphs)
    print(f"is_unique    {unique.mean():.3f} of all in {taken:.3f} s")
    taken, novel = seconds(is_novel, test, train)
    print(f"is_novel     {novel.mean():.3f} of the test graphs in {taken:.3f} s")
    options = {"identity": smiles_from_graphs} if name == "qm9" else {}
    half = len(train) // 2
    drawn = train[: min(len(test), half)]
    for kernel in ("emd", "tv"):
        taken, report = seconds(
            generation_report,
            drawn,
            test,
            train[half:],
            kernel=kernel,
            random_state=0,
            **options,
        )
        print(f"{report}\nin {taken:.3f} s; the samples are training graphs")


if __name__ == "__main__":
    graph_mmd([Graph([[0]])], [Graph([[0]])], statistic="orbit")
    is_novel([Graph([[0]])], [Graph([[0]])])
    for wanted in sys.argv[1:] or SETS:
        measure(wanted)
