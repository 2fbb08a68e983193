"""Picture of an embedding in the plane."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from skattn.graph import Graph
from skattn.graph._row_names import RowNames
from skattn.inspection._node_colors import NodeColors, label_colors, plain_colors
from skattn.inspection._pyplot import axes, draw_legend


class EmbeddingDisplay:
    """Picture of an embedding: a point per row, in two dimensions.

    Create it with :meth:`from_estimator`. The parameters are kept as attributes.

    Parameters
    ----------
    positions : ndarray of shape (n_rows, 2)
        Coordinates of the rows.
    colors : NodeColors
        Colour of each row, and the legend.
    axis_names : tuple of str
        Names of the two axes.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Axes of the picture, after :meth:`plot`.
    figure_ : matplotlib.figure.Figure
        Figure of the picture, after :meth:`plot`.

    See Also
    --------
    GraphDisplay : Picture of a graph; its ``positions`` can be those of an embedding.

    Examples
    --------
    >>> from skattn import AttentionEmbedder
    >>> from skattn.datasets import load_karate_club
    >>> from skattn.inspection import EmbeddingDisplay
    >>> club = load_karate_club()
    >>> embedder = AttentionEmbedder(max_epochs=5, random_state=0).fit(club.graph)
    >>> display = EmbeddingDisplay.from_estimator(embedder, club.graph, club.target)
    >>> display.positions.shape
    (34, 2)
    """

    def __init__(
        self,
        positions: NDArray[np.float64],
        colors: NodeColors,
        *,
        axis_names: tuple[str, str] = ("", ""),
    ) -> None:
        self.positions = positions
        self.colors = colors
        self.axis_names = axis_names

    @classmethod
    def from_estimator(cls, embedder, X, y=None, method="pca") -> "EmbeddingDisplay":
        """Compute the embedding of X and its projection to two dimensions.

        Parameters
        ----------
        embedder : AttentionEmbedder, or a Pipeline that ends in one
            A fitted embedder, or any other fitted transformer.
        X : Graph, list of Graph, sequences, or table of shape (n_rows, n_features)
            As for ``embedder.transform``.
        y : array-like of shape (n_rows,), optional
            Labels of the rows, which colour the points: classes, or numbers if they are
            not whole or have more than 20 different values. Rows with a missing label
            are grey.
        method : {"pca", "tsne"} or transformer, default="pca"
            "pca": the first two principal components. "tsne": t-SNE, which preserves
            neighbourhoods rather than distances. Another transformer of two
            components, such as UMAP, is fitted to the embedding.

        Returns
        -------
        EmbeddingDisplay
            The display, not yet drawn: use :meth:`plot`.

        Raises
        ------
        TypeError
            If `embedder` has no ``transform``, as classifiers do not.
        ValueError
            If `method` is unknown, or `y` does not fit the rows.
        NotFittedError
            If the embedder is not fitted.
        """
        projection = _projection(method)
        if not hasattr(embedder, "transform"):
            raise TypeError(
                "embedder must be a fitted AttentionEmbedder, or a pipeline that ends "
                f"in one, got {type(embedder).__name__}, which has no transform. Fit "
                "an embedder to X."
            )
        embedding = embedder.transform(X)
        if sparse.issparse(embedding):
            embedding = embedding.toarray()
        embedding = np.asarray(embedding, np.float64)
        positions, axis_names = projection(embedding)
        n_rows = len(embedding)
        colors = plain_colors(n_rows)
        if y is not None:
            names = RowNames.of_targets(X) if isinstance(X, Graph) else RowNames(None)
            y = names.align(y, "y")
            colors = label_colors(y, np.arange(n_rows), n_rows)
        return cls(positions, colors, axis_names=axis_names)

    def plot(self, ax=None, *, size=None, title="Embedding") -> "EmbeddingDisplay":
        """Draw a point per row.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Axes to draw on; by default those of a new figure.
        size : float, optional
            Area of a point in square points; by default it depends on the number of
            rows.
        title : str, default="Embedding"
            Title of the picture.

        Returns
        -------
        EmbeddingDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        ax = axes(ax)
        size = size or float(np.clip(6000 / max(len(self.positions), 1), 3, 40))
        ax.scatter(*self.positions.T, s=size, c=self.colors.of_nodes)
        draw_legend(ax, self.colors)
        ax.set(xlabel=self.axis_names[0], ylabel=self.axis_names[1], title=title)
        self.ax_, self.figure_ = ax, ax.figure
        return self


def _projection(method: Any) -> Any:
    """Return the function that projects an embedding by a method."""
    if isinstance(method, str) and method in PROJECTIONS:
        return PROJECTIONS[method]
    if not hasattr(method, "fit_transform") or isinstance(method, type):
        raise ValueError(
            "method must be 'pca', 'tsne' or a transformer of two components, got "
            f"{method!r}. Use for example method=umap.UMAP()."
        )
    return lambda embedding: _by_transformer(method, embedding)


def _pca(embedding: NDArray[np.float64]) -> Any:
    """Project to the first principal components; missing ones are zero."""
    n_components = min(2, *embedding.shape)
    with np.errstate(invalid="ignore"):  # no variance: equal rows, or one row
        pca = PCA(n_components, svd_solver="full").fit(embedding)
    positions = np.zeros((len(embedding), 2))
    positions[:, :n_components] = pca.transform(embedding)
    shares = np.zeros(2)
    shares[:n_components] = np.nan_to_num(pca.explained_variance_ratio_)
    names = tuple(
        f"component {k + 1} ({share:.0%} of the variance)"
        for k, share in enumerate(shares)
    )
    return positions, names


def _tsne(embedding: NDArray[np.float64]) -> Any:
    """Project by t-SNE, with a perplexity that few rows permit."""
    if len(embedding) < 4:
        raise ValueError(
            f"method='tsne' needs at least 4 rows, got {len(embedding)}. Use "
            "method='pca'."
        )
    perplexity = min(30.0, (len(embedding) - 1) / 3)
    start = "pca" if min(embedding.shape) > 1 else "random"
    tsne = TSNE(perplexity=perplexity, init=start, random_state=0)
    return tsne.fit_transform(embedding), ("t-SNE 1", "t-SNE 2")


def _by_transformer(method: Any, embedding: NDArray[np.float64]) -> Any:
    positions = np.asarray(method.fit_transform(embedding), np.float64)
    if positions.shape != (len(embedding), 2):
        raise ValueError(
            "method must return two components per row, got shape "
            f"{positions.shape}. Set its n_components=2."
        )
    name = type(method).__name__
    return positions, (f"{name} 1", f"{name} 2")


PROJECTIONS = {"pca": _pca, "tsne": _tsne}
