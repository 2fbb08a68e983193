"""Embeddings learned without labels, as features of another model and in a plot.

`AttentionEmbedder` masks the features of some nodes and learns to reconstruct them from
the neighbourhood. Here a k-NN graph is made from a plain table, handwritten digits; a
Graph, a list of graphs or sequences would do as well. Few labels are known: the
embedder learns from all images, the classifier from fifty.
"""

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
print(f"{pixels.shape} pixels became {embedding.shape} features")

figure, axes = plt.subplots(1, 2, figsize=(11, 5), layout="constrained")
draws = StratifiedShuffleSplit(10, train_size=50, random_state=0)
probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
for ax, (name, features) in zip(
    axes, {"pixels": pixels, "embedding": embedding}.items(), strict=True
):
    scores = cross_val_score(probe, features, y, cv=draws)
    print(f"{name:<10} accuracy {scores.mean():.3f} ± {scores.std():.3f}")
    place = TSNE(random_state=0).fit_transform(features[::2])
    ax.scatter(*place.T, c=y[::2], cmap="tab10", s=5)
    ax.set(title=f"t-SNE of the {name}")
    ax.set_axis_off()
figure.savefig("embeddings.png", dpi=110)
print("The picture is in embeddings.png")
