"""Samples, scores and files of a fitted generator."""

import numpy as np
from sklearn.base import BaseEstimator, DensityMixin
from sklearn.utils.validation import check_is_fitted

from skattn._compat_sklearn import CallbackSupportMixin, DocumentedMixin
from skattn._training import default_modes, resolve_device
from skattn.estimators._generator_files import load_generator, save_generator
from skattn.estimators._generator_sample import sample_graphs, score_graphs
from skattn.estimators._label_encoding import Classes
from skattn.estimators._transaction import learned


class GeneratorBase(DocumentedMixin, CallbackSupportMixin, DensityMixin, BaseEstimator):
    """Base of the generator: methods of a fitted one."""

    @property
    def node_labels_(self):
        """Distinct rows of X."""
        check_is_fitted(self)
        return self._label_table_.node_rows

    @property
    def edge_labels_(self):
        """Distinct rows of edge features."""
        check_is_fitted(self)
        return self._label_table_.edge_rows

    @property
    def classes_(self):
        """Classes of y."""
        encoding = getattr(getattr(self, "_conditions_", None), "encoding", None)
        if not isinstance(encoding, Classes):
            raise AttributeError("classes_ exists after a fit with y of classes")
        return encoding.classes

    @default_modes()
    def sample(
        self,
        n_samples=1,
        *,
        y=None,
        start=None,
        temperature=1.0,
        random_state=None,
    ):
        """Draw graphs.

        Parameters
        ----------
        n_samples : int, default=1
            Number of graphs.
        y : object or array-like of shape (n_samples,), optional
            Condition of all graphs, or of each; several numbers if they were several in
            ``fit``. NaN, or None for all: no condition.
        start : Graph or list of n_samples Graph, optional
            Graphs to continue: their nodes are the first of the samples, and no edges
            are added among them. Their order is drawn given that a graph begins so;
            new nodes are linked to those that it leaves open.
        temperature : float, default=1.0
            Number by which all logits are divided: 1 is the fitted distribution, less
            prefers probable graphs.
        random_state : int, RandomState or None, default=None
            Seed of the draws.

        Returns
        -------
        list of n_samples Graph
            Graphs with the columns of ``fit``.

        Raises
        ------
        ValueError
            If y is an unknown class, or ``fit`` was given none; if ``start`` has labels
            that no graph of ``fit`` has.
        NotFittedError
            If called before ``fit``.
        """
        check_is_fitted(self)
        return sample_graphs(
            self,
            n_samples,
            y=y,
            start=start,
            temperature=temperature,
            random_state=random_state,
            device=resolve_device(self.device, strict=False),
        )

    @default_modes()
    def score_samples(self, X, y=None, *, n_orders=None, random_state=None):
        """Bound the log-probability of each graph from below, in nats.

        It is the probability of this adjacency matrix with these labels if the nodes
        are numbered at random. The bound averages the probabilities of orders of the
        nodes, each divided by its own probability; it holds in expectation over the
        orders.

        Parameters
        ----------
        X : list of Graph
            Graphs with the columns of ``fit``.
        y : array-like of shape (n_graphs,) or (n_graphs, n_outputs), optional
            Their conditions; None: without a condition.
        n_orders : int, optional
            Number of orders; the parameter ``n_orders`` if not given.
        random_state : int, RandomState or None, default=None
            Seed of the orders; None: always the same ones.

        Returns
        -------
        ndarray of shape (n_graphs,), float64
            Lower bounds; -inf for a graph with a label that no graph of ``fit`` has, or
            that is not connected where all of ``fit`` were.

        Raises
        ------
        ValueError
            If a graph is directed or weighted, or has other columns.
        NotFittedError
            If called before ``fit``.
        """
        check_is_fitted(self)
        return score_graphs(
            self,
            X,
            y=y,
            n_orders=int(self.n_orders if n_orders is None else n_orders),
            random_state=random_state,
            device=resolve_device(self.device, strict=False),
        )

    def score(self, X, y=None):
        """Compute the mean of :meth:`score_samples`, greater is better.

        Parameters
        ----------
        X : list of Graph
            Graphs with the columns of ``fit``.
        y : array-like of shape (n_graphs,) or (n_graphs, n_outputs), optional
            Their conditions.

        Returns
        -------
        float
            Nats per graph.
        """
        return float(np.mean(self.score_samples(X, y)))

    def save(self, path):
        """Write the fitted estimator to a file without pickle: arrays and JSON.

        Parameters
        ----------
        path : str or os.PathLike
            The file; an existing one is replaced once the new one is complete.

        Raises
        ------
        TypeError
            If a parameter has no form in JSON, such as a callback, or X is no table of
            numbers.
        OSError
            If the file cannot be written.
        NotFittedError
            If called before ``fit``.
        """
        check_is_fitted(self)
        save_generator(self, learned(self), path)

    @classmethod
    def load(cls, path, *, device=None):
        """Read an estimator that :meth:`save` wrote.

        Parameters
        ----------
        path : str or os.PathLike
            The file.
        device : str or torch.device, optional
            Replaces the parameter ``device`` of the saved estimator.

        Returns
        -------
        AttentionGraphGenerator
            The fitted estimator.

        Raises
        ------
        ValueError
            If the file is not one of skattn, damaged, or of another estimator.
        """
        return load_generator(cls, path, device=device)
