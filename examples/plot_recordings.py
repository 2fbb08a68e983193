"""
Classify sequences
==================

A sequence is a graph of its time steps. :class:`~skattn.preprocessing.SequenceGraph`
defines the edges: here each step attends to the steps at most five away. Without it
the nodes are patches of consecutive steps, which attend to all others.
"""

# %%
# Data
# ----
# BasicMotions holds recordings of a wrist's motion (6 channels, 100 steps) in four
# activities. It is read from the folder ``$SKATTN_DATA``. If it is missing, the
# recordings are synthetic, of several lengths and three frequencies.

import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skattn import GraphAttentionClassifier
from skattn.inspection import AttentionDisplay
from skattn.preprocessing import NodeTransformer, SequenceGraph

FILE = Path(os.environ.get("SKATTN_DATA", "../shared/data"), "ts-basicmotions.npz")


def load_motions():
    """Load the given split; recordings have the shape (n_steps, n_channels)."""
    with np.load(FILE, allow_pickle=False) as arrays:
        splits = "train", "test"
        X, X_test = (arrays[f"X_{split}"].transpose(0, 2, 1) for split in splits)
        y, y_test = (arrays["y_names"][arrays[f"y_{split}"]] for split in splits)
    return X, X_test, y, y_test


def make_motions():
    """Make recordings of three frequencies, 60 to 100 steps long, and split them."""
    rng = np.random.default_rng(0)
    frequencies = {"slow": 0.1, "medium": 0.3, "fast": 0.5}
    y = rng.choice(list(frequencies), 80)
    X = []
    for name, n_steps in zip(y, rng.integers(60, 100, len(y)), strict=True):
        steps = np.arange(n_steps)[:, None]
        phases = rng.uniform(0, 6, 6) + frequencies[name] * steps
        X.append(np.sin(phases) + 0.3 * rng.normal(size=(n_steps, 6)))
    return train_test_split(X, y, test_size=0.5, stratify=y, random_state=0)


if FILE.is_file():
    print("BasicMotions")
    X_train, X_test, y_train, y_test = load_motions()
else:
    print("synthetic recordings: ts-basicmotions.npz is not in $SKATTN_DATA")
    X_train, X_test, y_train, y_test = make_motions()
print(f"{len(X_train)} training sequences, the first of shape {X_train[0].shape}")

# %%
# Model
# -----

model = make_pipeline(
    SequenceGraph(connect="window", window=5),
    NodeTransformer(StandardScaler()),
    GraphAttentionClassifier(max_epochs=40, random_state=0),
)
model.fit(X_train, y_train)
print(f"accuracy on {len(y_test)} test sequences: {model.score(X_test, y_test):.3f}")

# %%
# Attention between steps
# -----------------------
# The last test sequence, and the weights that a head of the last layer gives to the
# steps around each step.

graphs = model[:-1].transform(X_test[-1:])
figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4), layout="constrained")
lines = left.plot(X_test[-1])
channels = [f"channel {channel}" for channel in range(len(lines))]
left.legend(lines, channels, loc="upper left", bbox_to_anchor=(1, 1))
left.set(title=f"activity: {y_test[-1]}", xlabel="step", ylabel="value")
AttentionDisplay.from_estimator(model[-1], graphs, head=0, ax=right)
right.set(xlabel="sender (step)", ylabel="receiver (step)")
plt.show()
