"""Generated graphs: likelihoods, validity and time at the defaults.

    python -m benchmarks.generation [trees er community enzymes grid esol qm9
                                     qm9-20000 rings scale]

`log p` is the mean of ``score_samples`` on test graphs, in nats, with its standard
error. Trees and random graphs have a known likelihood, which it must not exceed.
Molecules are elements, charges and Kekulé bonds; valid ones are those that RDKit
accepts as they are and that are connected, novel ones are not in the training set.
MMD² of degrees, clustering and orbits is that of 100 samples against the test graphs,
with the earth mover's distance; beside it that of random graphs of the training graphs'
sizes and density, of random graphs of their degrees (configuration model), and of the
training graphs themselves. `qm9-20000` trains on twice as many molecules. `rings` asks
for 0, 1, 2, and 3 or more independent rings, of 300 samples each. `scale` draws graphs
of 500 nodes after a short training. Seconds are CPU time of the process, all threads.
"""

import math
import resource
import sys
import time

import numpy as np

from benchmarks._data import load
from benchmarks._generation_data import (
    configuration_model,
    molecules,
    n_rings,
    preferential,
    random_graph,
    stored_graphs,
)
from skattn import AttentionGraphGenerator
from skattn.datasets import make_trees
from skattn.graph import smiles_from_graphs
from skattn.metrics import graph_mmd, is_novel

ROWS = (
    "trees", "er", "community", "enzymes", "grid", "esol", "qm9", "qm9-20000", "rings",
    "scale",
)  # fmt: skip
FILES = {
    "community": "gen-community-spectre",
    "enzymes": "gen-enzymes",
    "grid": "gen-grid",
}
STATISTICS = ("degree", "clustering", "orbit")
MOST_RINGS = 3
"""Number of rings that stands for itself and more."""
SEED = 0


def split(graphs, n_test):
    """Return training and test graphs of a random permutation."""
    order = np.random.default_rng(SEED).permutation(len(graphs))
    shuffled = [graphs[k] for k in order]
    return shuffled[n_test:], shuffled[:n_test]


def fitted(train, y=None, **parameters):
    """Fit a generator; return it and the CPU seconds, without compilation."""
    short = {"max_epochs": 1, "max_nodes": 2, "order": parameters.get("order", "bfs")}
    AttentionGraphGenerator(**short).fit(train[:2])
    start = time.process_time()
    generator = AttentionGraphGenerator(random_state=SEED, **parameters).fit(train, y)
    return generator, time.process_time() - start


def sampled(generator, n_samples):
    """Draw graphs; return them and the CPU milliseconds of each."""
    generator.sample(random_state=0)  # compiles
    start = time.process_time()
    graphs = generator.sample(n_samples, random_state=1)
    return graphs, 1000 * (time.process_time() - start) / n_samples


def report(name, seconds, scores, milliseconds, more=""):
    """Print a row."""
    error = scores.std() / math.sqrt(len(scores))
    print(
        f"{name:10} fit {seconds:4.0f} s  log p {scores.mean():8.3f} ± {error:.3f}  "
        f"{milliseconds:6.2f} ms per sample  {more}",
        flush=True,
    )


def trees(n_nodes=12):
    """Fit uniform trees, of known likelihood."""
    graphs, log_p = make_trees(500, n_nodes, random_state=SEED)
    generator, seconds = fitted(graphs[:400])
    made, milliseconds = sampled(generator, 200)
    share = np.mean([_is_tree(graph) for graph in made])
    scores = generator.score_samples(graphs[400:])
    more = f"exact {log_p[0]:.3f}, {100 * share:.1f} % trees"
    report("trees", seconds, scores, milliseconds, more)


def _is_tree(graph):
    """Return whether a connected graph is a tree; samples are connected here."""
    return graph.n_edges == 2 * (graph.n_nodes - 1)


def er(n_nodes=10, p=0.3):
    """Fit random graphs, of known likelihood."""
    rng = np.random.default_rng(SEED)
    graphs = [random_graph(n_nodes, p, rng) for _ in range(500)]
    generator, seconds = fitted(graphs[:400])
    _, milliseconds = sampled(generator, 200)
    n_edges = np.array([graph.n_edges / 2 for graph in graphs[400:]])
    n_pairs = n_nodes * (n_nodes - 1) / 2
    exact = n_edges * math.log(p) + (n_pairs - n_edges) * math.log(1 - p)
    scores = generator.score_samples(graphs[400:])
    gap = scores - exact
    more = f"minus exact {gap.mean():.3f} ± {gap.std() / math.sqrt(len(gap)):.3f}"
    report("er", seconds, scores, milliseconds, more)


def discrepancies(graphs, test):
    """Format MMD² of the statistics, and their mean."""
    found = [graph_mmd(graphs, test, statistic=name) for name in STATISTICS]
    return " ".join(f"{value:.4f}" for value in found) + f" mean {np.mean(found):.4f}"


def independent(train, n_graphs):
    """Draw graphs of independent edges, of the training graphs' sizes and density."""
    rng = np.random.default_rng(SEED)
    pairs = sum(graph.n_nodes * (graph.n_nodes - 1) for graph in train)
    p = sum(graph.n_edges for graph in train) / pairs
    sizes = rng.choice([graph.n_nodes for graph in train], n_graphs)
    return [random_graph(int(size), p, rng) for size in sizes]


def configurations(train, n_graphs):
    """Draw graphs of the configuration model, with the degrees of training graphs."""
    rng = np.random.default_rng(SEED)
    numbers = rng.choice(len(train), n_graphs)
    return [configuration_model(train[number], rng) for number in numbers]


def plain(name):
    """Fit graphs of a file, a fifth of which is for the test."""
    graphs = stored_graphs(FILES[name])
    train, test = split(graphs, round(0.2 * len(graphs)))
    generator, seconds = fitted(train)
    made, milliseconds = sampled(generator, 100)
    sizes = [np.mean([graph.n_nodes for graph in each]) for each in (made, test)]
    more = f"nodes {sizes[0]:.1f}, test {sizes[1]:.1f}"
    report(name, seconds, generator.score_samples(test), milliseconds, more)
    compared = {
        "samples": made,
        "independent edges": independent(train, 100),
        "configuration model": configurations(train, 100),
        "training graphs": train,
    }
    for what, each in compared.items():
        print(f"{name:10} MMD² {what}: {discrepancies(each, test)}", flush=True)
    new = is_novel(made, train)
    print(
        f"{name:10} novel {np.mean(new):.2f}, test {np.mean(is_novel(test, train)):.2f}"
    )


def chemistry(name, train, test, n_samples=500):
    """Fit molecules, and count the valid, unique and novel samples."""
    generator, seconds = fitted(train, order="dfs")
    made, milliseconds = sampled(generator, n_samples)
    valid = connected_molecules(made)
    new = set(valid) - set(smiles_from_graphs(train))
    more = (
        f"valid and connected {100 * len(valid) / n_samples:.1f} %, unique "
        f"{len(set(valid)) / max(len(valid), 1):.3f}, valid, unique and novel "
        f"{100 * len(new) / n_samples:.1f} %"
    )
    report(name, seconds, generator.score_samples(test), milliseconds, more)


def connected_molecules(graphs):
    """Return the SMILES of the graphs that are molecules in one piece."""
    texts = smiles_from_graphs(graphs)
    return [text for text in texts if text is not None and "." not in text]


def rings(train, n_samples=300):
    """Fit molecules with their numbers of rings; draw samples for each number."""
    found = np.minimum([n_rings(graph) for graph in train], MOST_RINGS)
    generator, seconds = fitted(train, found, order="dfs")
    print(f"rings      fit {seconds:4.0f} s on {len(train)} molecules")
    for asked in range(MOST_RINGS + 1):
        made = generator.sample(n_samples, y=asked, random_state=1)
        got = np.minimum([n_rings(graph) for graph in made], MOST_RINGS)
        valid = len(connected_molecules(made)) / n_samples
        print(
            f"rings      asked {asked}: {100 * np.mean(got == asked):.1f} % as asked, "
            f"{100 * np.mean(found == asked):.1f} % of the training molecules; valid "
            f"and connected {100 * valid:.1f} %",
            flush=True,
        )


def scale(n_nodes=500, n_samples=32):
    """Draw large graphs after one epoch."""
    rng = np.random.default_rng(SEED)
    train = [preferential(n_nodes, 2, rng) for _ in range(32)]
    generator, seconds = fitted(train, max_epochs=4, max_nodes=n_nodes)
    starts = [graph.subgraph(np.arange(3)) for graph in train[:n_samples]]
    start = time.process_time()
    made = generator.sample(n_samples, start=starts, random_state=1)
    sample_seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    mean = np.mean([graph.n_nodes for graph in made])
    print(
        f"scale      fit {seconds:4.0f} s  {n_samples} samples of {mean:.0f} nodes in "
        f"{sample_seconds:.0f} s, peak of the process {peak:.2f} GB",
        flush=True,
    )


def run(name):
    """Run a row."""
    if name in ("trees", "er", "scale"):
        {"trees": trees, "er": er, "scale": scale}[name]()
    elif name in FILES:
        plain(name)
    elif name == "esol":
        chemistry(name, *split(molecules(load("esol-smiles")["smiles"]), 128))
    elif name in ("qm9", "qm9-20000"):
        arrays = load("qm9-smiles")
        n_train = 10_000 if name == "qm9" else 20_000
        train = molecules(arrays["train"][:n_train], neutral=True)
        chemistry(name, train, molecules(arrays["test"][:1000], neutral=True))
    elif name == "rings":
        rings(molecules(load("qm9-smiles")["train"][:5000], neutral=True))
    else:
        raise SystemExit(f"rows are {', '.join(ROWS)}, got {name!r}.")


def main(names):
    """Print a line per row."""
    for name in names or ROWS:
        run(name)


if __name__ == "__main__":
    main(sys.argv[1:])
