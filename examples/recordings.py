"""Sequence classification: activities from recordings of a wrist's motion.

A recording is a graph of its time steps. `SequenceGraph` defines its edges: here each
step attends to those at most five steps away. Without it each step attends to all.

BasicMotions (6 channels, 100 steps, 4 kinds of motion) is read from the folder
$SKATTN_DATA. If it is missing, the recordings are synthetic and of several lengths.
"""

import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skattn import GraphAttentionClassifier
from skattn.inspection import attention_weights
from skattn.preprocessing import NodeTransformer, SequenceGraph

DATA = Path(__file__).parent.parent.parent / "shared" / "data"
FILE = Path(os.environ.get("SKATTN_DATA", DATA)) / "ts-basicmotions.npz"
PARTS = "train", "test"


def load_motions():
    """Load the given split; recordings as (n_steps, n_channels)."""
    with np.load(FILE, allow_pickle=False) as arrays:
        X, X_test = (arrays[f"X_{part}"].transpose(0, 2, 1) for part in PARTS)
        y, y_test = (arrays["y_names"][arrays[f"y_{part}"]] for part in PARTS)
    return X, X_test, y, y_test


def make_motions():
    """Make recordings of three rhythms, 60 to 100 steps long, and split them."""
    rng = np.random.default_rng(0)
    rhythms = {"slow": 0.1, "fast": 0.5, "both": 0.3}
    y = rng.choice(list(rhythms), 80)
    X = []
    for name, n_steps in zip(y, rng.integers(60, 100, len(y)), strict=True):
        phases = rng.uniform(0, 6, 6) + rhythms[name] * np.arange(n_steps)[:, None]
        X.append(np.sin(phases) + 0.3 * rng.normal(size=(n_steps, 6)))
    return train_test_split(X, y, test_size=0.5, stratify=y, random_state=0)


if FILE.is_file():
    print(f"motions of {FILE.name}")
    X, X_test, y, y_test = load_motions()
else:
    print(f"{FILE} is not there ($SKATTN_DATA names its folder): recordings made")
    X, X_test, y, y_test = make_motions()
print(f"{len(X)} to learn from, the first of shape {X[0].shape}: {y[0]}")

model = make_pipeline(
    SequenceGraph(connect="window", window=5),
    NodeTransformer(StandardScaler()),
    GraphAttentionClassifier(max_epochs=60, random_state=0),
)
model.fit(X, y)
print(f"accuracy on {len(X_test)} others: {model.score(X_test, y_test):.3f}")

graphs = model[:-1].transform(X_test[-1:])
(of_last,) = attention_weights(model[-1], graphs)  # [layer][head][step, step]
figure, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
axes[0].plot(X_test[-1])
axes[0].set(title=f"{y_test[-1]}: channels", xlabel="step")
axes[1].imshow(of_last[0][0].toarray(), cmap="magma")
axes[1].set(title="weights of a head", xlabel="step seen", ylabel="step that looks")
figure.savefig("recordings.png", dpi=110)
print("The picture is in recordings.png")
