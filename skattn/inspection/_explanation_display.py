"""Pictures of explanations, in the manner of scikit-learn's displays."""

from skattn.inspection._explain import explain
from skattn.inspection._explanation import Explanation


class ExplanationDisplay:
    """Picture of the explanation of one answer.

    Create it with :meth:`from_estimator`, or from an explanation with
    ``explanation.plot()``. Red speaks for the answer, blue against it.

    Parameters
    ----------
    explanation : Explanation
        Explanation of one answer.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Axes of the picture.
    figure_ : matplotlib.figure.Figure
        Figure of the picture.

    Raises
    ------
    ValueError
        If the explanation is about several answers.

    See Also
    --------
    explain : Make an explanation.
    AttentionDisplay : Picture of attention weights.

    Examples
    --------
    >>> from skattn import GraphAttentionClassifier
    >>> from skattn.datasets import load_karate_club
    >>> from skattn.inspection import ExplanationDisplay
    >>> club = load_karate_club()
    >>> clf = GraphAttentionClassifier(max_epochs=5, random_state=0)
    >>> clf = clf.fit(club.graph, club.target)
    >>> display = ExplanationDisplay.from_estimator(clf, club.graph[[16]], k=3)
    >>> display.ax_.get_title().startswith("node 16")
    True
    """

    def __init__(self, explanation: Explanation) -> None:
        explanation._single("ExplanationDisplay")
        self.explanation = explanation

    @classmethod
    def from_estimator(cls, estimator, X, *, k=10, ax=None, **options):
        """Explain the answer of a fitted estimator and draw it.

        Parameters
        ----------
        estimator : estimator of skattn, Pipeline or search
            As for :func:`explain`.
        X : Graph, list of Graph, sequences, or table of shape (n_rows, n_features)
            Input with one row, as for :func:`explain`.
        k : int, default=10
            Number of edges, bars or named nodes.
        ax : matplotlib.axes.Axes, optional
            As for :meth:`plot`.
        **options : dict
            Further arguments of :func:`explain`.

        Returns
        -------
        ExplanationDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If X has several rows, or as :func:`explain`.
        NotFittedError
            If the estimator is not fitted.
        """
        return cls(explain(estimator, X, **options)).plot(ax, k=k)

    def plot(self, ax=None, *, k=10, title=None):
        """Draw the explanation.

        Edges of a graph are drawn around the answer's node; on a plain table a bar
        shows the answer without neighbours, then one for each fitted row. The nodes of
        a graph have the colour of their score, the steps of a sequence a strip under
        its values, also if a `SequenceGraph` in a pipeline makes a graph of them.
        Features have bars.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Axes to draw on; by default those of a new figure.
        k : int, default=10
            Number of edges, bars or named nodes with the largest scores.
        title : str, optional
            Title that replaces the first part of the explanation's text.

        Returns
        -------
        ExplanationDisplay
            The display itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        self.ax_ = self.explanation.plot(ax, k=k, title=title)
        self.figure_ = self.ax_.figure
        return self
