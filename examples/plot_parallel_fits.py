"""
Parallel grid search
====================

Searches of scikit-learn run their fits in parallel with joblib. This example runs the
same search with two processes and with two threads; the scores do not depend on the
backend.
"""

# %%
# A graph on disk
# ---------------
# A graph that :meth:`skattn.Graph.load` maps from a file is pickled as the name of that
# file, so workers on one machine share its pages. joblib's own processes map the arrays
# of any large graph.

from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import torch
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV

from skattn import Graph, GraphAttentionClassifier
from skattn.datasets import make_communities

torch.set_num_threads(1)  # two fits at a time in this process: one thread each
folder = TemporaryDirectory()
file = Path(folder.name, "communities.graph")
graph, y = make_communities(600, 3, p_within=0.06, p_between=0.03, random_state=0)
graph.save(file)
graph = Graph.load(file)
print(graph)

# %%
# Two backends
# ------------
# ``"loky"`` starts processes, each limited to one thread here; ``"threading"`` uses
# threads of this process. Processes import torch and skattn when they start, which
# takes some seconds, and then do not share Python's interpreter lock.

search = GridSearchCV(
    GraphAttentionClassifier(max_epochs=10, random_state=0),
    {"n_layers": [1, 2, 3]},
    cv=2,
    refit=False,
)
backends = {"loky": {"inner_max_num_threads": 1}, "threading": {}}
scores = {}
for backend, options in backends.items():
    with parallel_config(backend, n_jobs=2, **options):
        search.fit(graph, y)
    scores[backend] = search.cv_results_["mean_test_score"]
    print(f"{backend:<10} {scores[backend].round(3)}")
assert (scores["loky"] == scores["threading"]).all()

# %%
# The scores of both backends are equal.

_, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
n_layers = search.cv_results_["param_n_layers"].astype(int)
ax.plot(n_layers, scores["loky"], "s", markersize=14, fillstyle="none", label="loky")
ax.plot(n_layers, scores["threading"], "x", label="threading")
ax.set(xlabel="number of layers", ylabel="accuracy in cross-validation")
ax.set_xticks(n_layers)
ax.margins(0.15)
ax.legend()
plt.show()

# %%
# A Dask cluster
# --------------
# The workers of a Dask cluster (``pip install '.[distributed]'``) may be on other
# machines. With a ``distributed.Client`` of the cluster open, the same search runs in
# ``with parallel_config("dask"):``. The workers import the script, so this code belongs
# in ``if __name__ == "__main__":``.
