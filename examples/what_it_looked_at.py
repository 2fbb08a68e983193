"""Attention weights of a fitted model.

In the dictionary lookup each query must copy the value of the key with its own number
(Brody et al. 2022). A model that solves it puts its attention weight on that key.
"""

import numpy as np

from skattn import GraphAttentionClassifier
from skattn.datasets import make_dictionary_lookup
from skattn.inspection import attention_weights

n_keys, n_dictionaries = 5, 100
graph, y = make_dictionary_lookup(n_keys, n_dictionaries, random_state=0)
cut = 75 * n_keys  # between two dictionaries
plain = {"n_layers": 1, "n_heads": 1, "residual": False, "norm": None, "dropout": 0.0}

for attention in ["gatv2", "gat"]:
    model = GraphAttentionClassifier(attention=attention, random_state=0, **plain)
    model.fit(graph[:cut], y[:cut])
    print(
        f"{attention}: accuracy on new dictionaries", model.score(graph[cut:], y[cut:])
    )
    ((weights,),) = attention_weights(model, graph)  # one layer, one head
    queries = graph.targets[cut:]
    own_keys = queries + n_keys  # the keys follow the queries, in their order
    print("mean weight on the own key:", weights[queries, own_keys].mean().round(3))
    print("one dictionary's queries (rows) and keys (columns):")
    one = weights[queries[:n_keys]][:, own_keys[:n_keys]]
    print(np.array2string(one.toarray(), precision=2, suppress_small=True), end="\n\n")
