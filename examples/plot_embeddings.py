"""
Learn embeddings without labels
===============================

:class:`~skattn.AttentionEmbedder` masks node features and reconstructs them from the
neighbourhood. Its embeddings are features for any model, which is useful where few
labels are known: the embedder learns from all images here, the classifier from fifty.
"""

# %%
# Embed handwritten digits
# ------------------------
# The input is a plain table, of which the embedder makes a k-NN graph. A
# :class:`~skattn.Graph`, a list of graphs or sequences work as well.

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.manifold import TSNE
from sklearn.model_selection import StratifiedShuffleSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skattn import AttentionEmbedder

X, y = load_digits(return_X_y=True)
pixels = X / 16

embedder = AttentionEmbedder(max_epochs=60, random_state=0)
embedding = embedder.fit_transform(pixels)
print(f"pixels {pixels.shape}, embedding {embedding.shape}")

# %%
# Compare pixels and embedding
# ----------------------------
# The same linear classifier is trained on 50 labelled images, for ten draws of these.

draws = StratifiedShuffleSplit(10, train_size=50, random_state=0)
classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
representations = {"pixels": pixels, "embedding": embedding}
for name, features in representations.items():
    scores = cross_val_score(classifier, features, y, cv=draws)
    print(f"{name:<10} accuracy {scores.mean():.3f} ± {scores.std():.3f}")

# %%
# The maps show every third image; colours are the digits, which the embedder did not
# see.

figure, axes = plt.subplots(1, 2, figsize=(11, 5), layout="constrained")
for ax, (name, features) in zip(axes, representations.items(), strict=True):
    position = TSNE(random_state=0).fit_transform(features[::3])
    dots = ax.scatter(*position.T, c=y[::3], cmap="tab10", s=8, vmin=-0.5, vmax=9.5)
    ax.set(title=f"t-SNE of the {name}", xticks=[], yticks=[])
figure.colorbar(dots, ax=axes, label="digit", ticks=range(10))
plt.show()
