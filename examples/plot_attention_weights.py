"""
Attention weights of GAT and GATv2
==================================

In the dictionary lookup each query must copy the value of the key with its own number
(Brody et al. 2022). The ranking of senders in GAT is the same for all receivers, so it
cannot learn the task with one layer and one head; GATv2 can.
"""

# %%
# Fit both scores
# ---------------
# A dictionary has five queries and five keys; each query attends to all five keys of
# its dictionary. 75 dictionaries are training data, 25 are test data.
# :func:`~skattn.inspection.attention_weights` returns a sparse matrix per layer and
# head, receivers in rows and senders in columns.

import matplotlib.pyplot as plt

from skattn import GraphAttentionClassifier
from skattn.datasets import make_dictionary_lookup
from skattn.inspection import attention_weights

n_keys, n_dictionaries = 5, 100
graph, y = make_dictionary_lookup(n_keys, n_dictionaries, random_state=0)
cut = 75 * n_keys
queries = graph.targets[cut:]
own_keys = queries + n_keys  # the keys follow the queries, in their order
plain = {"n_layers": 1, "n_heads": 1, "residual": False, "norm": None, "dropout": 0.0}

learned = {}
for attention in ["gat", "gatv2"]:
    model = GraphAttentionClassifier(attention=attention, random_state=0, **plain)
    model.fit(graph[:cut], y[:cut])
    accuracy = model.score(graph[cut:], y[cut:])
    ((weights,),) = attention_weights(model, graph)  # one layer, one head
    on_own_key = weights[queries, own_keys].mean()
    print(f"{attention:<6} accuracy {accuracy:.3f}, weight of own key {on_own_key:.3f}")
    learned[attention] = weights[queries[:n_keys]][:, own_keys[:n_keys]].toarray()

# %%
# One test dictionary
# -------------------
# With GATv2 each query gives the largest weight to its own key, on the diagonal. With
# GAT all rows rank the keys alike.

figure, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
for ax, (attention, weights) in zip(axes, learned.items(), strict=True):
    image = ax.imshow(weights, cmap="viridis_r", vmin=0, vmax=1)
    ax.set(title=attention, xlabel="key (sender)", ylabel="query (receiver)")
figure.colorbar(image, ax=axes, label="attention weight")
plt.show()
