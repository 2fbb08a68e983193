"""
Generate graphs of communities
==============================

:class:`~skattn.AttentionGraphGenerator` learns the distribution of a list of graphs,
draws new ones, and bounds the log-probability of given ones.
"""

# %%
# Data
# ----
# Graphs of two communities of 5 to 7 nodes: dense inside, with one edge between them.

import matplotlib.pyplot as plt
import numpy as np

from skattn import AttentionGraphGenerator, Graph
from skattn.inspection import GraphSamplesDisplay
from skattn.metrics import generation_report

rng = np.random.default_rng(0)


def make_two_communities():
    """Draw a graph; both communities are drawn anew."""
    first, second = rng.integers(5, 8, size=2)
    n = first + second
    is_first = np.arange(n) < first
    p = np.where(is_first[:, None] == is_first, 0.8, 0.0)
    upper = np.triu(rng.random((n, n)) < p, 1)
    upper[rng.integers(first), first + rng.integers(second)] = True
    return Graph((upper | upper.T).astype(float))


graphs = [make_two_communities() for _ in range(250)]
train, test = graphs[:200], graphs[200:]

# %%
# Fit
# ---
# The defaults train longer; this takes some seconds. Likelihoods are in nats per graph.
# A model of independent edges, with the number of nodes given, is the baseline.

generator = AttentionGraphGenerator(
    n_layers=2, hidden_dim=32, max_epochs=25, learning_rate=0.006, random_state=0
)
generator.fit(train)

density = np.mean([g.n_edges / (g.n_nodes * (g.n_nodes - 1)) for g in train])


def independent_edges(graph):
    """Compute the log-probability of a graph with edges of this density."""
    n_pairs, n_edges = graph.n_nodes * (graph.n_nodes - 1) / 2, graph.n_edges / 2
    return n_edges * np.log(density) + (n_pairs - n_edges) * np.log(1 - density)


print(f"generator: {generator.score(test):.1f}")
print(f"independent edges: {np.mean([independent_edges(g) for g in test]):.1f}")

# %%
# Samples
# -------
# Training graphs, and samples of the generator.

GraphSamplesDisplay.from_graphs(train[:8]).plot(title="Training graphs")
plt.show()

# %%

samples = generator.sample(100, random_state=0)
GraphSamplesDisplay.from_graphs(samples[:8]).plot(title="Samples")
plt.show()

# %%
# Evaluation
# ----------
# Squared maximum mean discrepancies to the test graphs (the smaller the better), and
# shares of the samples; beside them those of real graphs. Two training graphs are not
# connected, so samples need not be connected.

print(generation_report(samples, test, train, random_state=0))

# %%
# Completing a graph
# ------------------
# ``start`` continues a graph: here one community, to which another is added.

community = train[0].subgraph(np.arange(5))
longer = generator.sample(3, start=community, random_state=0)
print([graph.n_nodes for graph in longer])
