"""
Explain the class of a recording
================================

A recording belongs to class 1 if it has a short event in one of its three channels. As
the reason of the class is known, explanations can be compared with it.
"""

# %%
# Data
# ----
# Noise of 20 to 30 steps; half of the recordings have four steps with larger values in
# channel 1.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import roc_auc_score

from skattn import GraphAttentionClassifier
from skattn.inspection import explain, readout_weights

rng = np.random.default_rng(0)
X, y, starts = [], np.arange(300) % 2, []
for has_event in y:
    steps = rng.normal(size=(int(rng.integers(20, 31)), 3))
    start = int(rng.integers(len(steps) - 3))
    steps[start : start + 4, 1] += 3 * has_event
    X.append(steps)
    starts.append(start)
clf = GraphAttentionClassifier(n_layers=2, max_epochs=25, random_state=0)
clf.fit(X[:240], y[:240])
print(f"accuracy {clf.score(X[240:], y[240:]):.3f}")

# %%
# Steps
# -----
# A removed step has the mean features of the training steps, and keeps its place.

events = [k for k in range(240, 300) if y[k]]
explanation = explain(clf, [X[k] for k in events], classes=1)
print(explanation[0])
explanation[0].plot()
plt.show()

# %%
# How well scores separate the steps of the event from the others, and how well the
# weights of the readout do: ROC AUC, mean over the test recordings.


def separation(scores):
    values = []
    for k, of_steps in zip(events, scores, strict=True):
        truth = np.zeros(len(X[k]), bool)
        truth[starts[k] : starts[k] + 4] = True
        values.append(roc_auc_score(truth, of_steps))
    return np.mean(values)


weights = readout_weights(clf, [X[k] for k in events])
print(f"removed steps   {separation(explanation.scores):.3f}")
print(f"readout weights {separation([each.mean(axis=1) for each in weights]):.3f}")

# %%
# Channels
# --------

channels = explain(clf, [X[k] for k in events], of="features", classes=1)
print("mean score per channel:", channels.scores.mean(axis=0).round(2))
