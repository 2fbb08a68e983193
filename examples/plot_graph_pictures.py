"""
Pictures of a graph and of an embedding
=======================================

:class:`~skattn.inspection.GraphDisplay` shows a graph as an interactive page or as a
static picture, and :class:`~skattn.inspection.EmbeddingDisplay` the embedding of its
nodes.
"""

# %%
# An interactive page
# -------------------
# A graph of six communities. ``to_html`` writes one file, which needs no network; at
# the end of a cell of a notebook the page is shown at once. Click on a node to see its
# neighbourhood, drag and zoom, or type a number into "Find node".

import matplotlib.pyplot as plt
import numpy as np

from skattn import AttentionEmbedder, GraphAttentionClassifier
from skattn.datasets import load_karate_club, make_communities
from skattn.inspection import EmbeddingDisplay, GraphDisplay

graph, y = make_communities(300, 6, p_within=0.15, p_between=0.002, random_state=0)
page = GraphDisplay.from_graph(graph, y=y).to_html()
print(f"the page has {len(page) / 1024:.0f} KiB")
GraphDisplay.from_graph(graph, y=y)

# %%
# Predictions in a graph
# ----------------------
# A classifier learns from four members of the karate club; the colours at the right are
# its probabilities for all members. The club has no features: each member gets an
# indicator.

club = load_karate_club()
members = club.graph.with_features(np.eye(34))
labelled = [0, 1, 32, 33]
model = GraphAttentionClassifier(random_state=0)
model.fit(members[labelled], club.target[labelled])
probability = model.predict_proba(members)[:, 1]
print(f"accuracy of all members: {model.score(members, club.target):.2f}")

figure, axes = plt.subplots(1, 2, figsize=(12, 5), layout="constrained")
parties = GraphDisplay.from_graph(club.graph, y=club.target)
parties.plot(axes[0], title="Parties of the karate club")
predicted = GraphDisplay.from_graph(club.graph, y=probability)
predicted.plot(axes[1], title="Predicted probability of party 1")
plt.show()

# %%
# An embedding
# ------------
# The embedder uses no labels. Its first two principal components separate the parties;
# as positions of the graph's picture they show the edges between them.

embedder = AttentionEmbedder(random_state=0).fit(members)
embedding = EmbeddingDisplay.from_estimator(embedder, members, club.target)

figure, axes = plt.subplots(1, 2, figsize=(12, 5), layout="constrained")
embedding.plot(axes[0])
GraphDisplay.from_graph(club.graph, y=club.target, positions=embedding.positions).plot(
    axes[1], title="The graph in its embedding"
)
plt.show()
