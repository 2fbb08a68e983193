"""Generator of graphs like those of a fit."""

from functools import partial
from numbers import Integral, Real
from typing import ClassVar

import numpy as np
from sklearn.base import BaseEstimator, DensityMixin
from sklearn.utils.validation import check_is_fitted

from skattn._batch import ORDERS
from skattn._compat_sklearn import (
    CallbackSupportMixin,
    DocumentedMixin,
    Interval,
    StrOptions,
    _fit_context,
    with_callbacks,
)
from skattn._training import default_modes
from skattn.estimators._encoder_config import MAX_LAYERS
from skattn.estimators._generator_files import load_generator, save_generator
from skattn.estimators._generator_fit import plan_growth
from skattn.estimators._generator_sample import grow_again, sample_graphs, score_graphs
from skattn.estimators._label_encoding import Classes
from skattn.estimators._predictor import GraphAttentionPredictor
from skattn.estimators._saved import SavedMixin
from skattn.estimators._transaction import fit, learned

_AUTO_OR_POSITIVE = [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})]
_SHARED = {
    name: GraphAttentionPredictor._parameter_constraints[name]
    for name in ("attention", "n_heads", "hidden_dim", "learning_rate", "max_epochs",
                 "batch_size", "early_stopping", "n_iter_no_change", "net_params",
                 "device", "random_state", "verbose")
}  # fmt: skip


class AttentionGraphGenerator(
    SavedMixin, DocumentedMixin, CallbackSupportMixin, DensityMixin, BaseEstimator
):
    """Generator that learns the distribution of graphs and draws new ones.

    A graph grows node by node. The new node attends to all nodes so far, and they to
    it; its code gives the label of the node, or the end of the graph, and then its
    edges to old nodes, one after the other (:class:`~skattn.nn.GrowthNetwork`). Labels
    of nodes and edges are the distinct rows of X and of edge features at ``fit``. Read
    more in the :doc:`user guide </guide/generation>`.

    Parameters
    ----------
    order : {"bfs", "dfs", "uniform"}, default="bfs"
        Order in which the nodes of a training graph are added, drawn anew in every
        epoch: breadth-first or depth-first from a random root, or any. The first two
        limit the old nodes to which a new one can be linked. "dfs" suits molecules.
    attention : {"gatv2", "gat", "dot"}, default="gatv2"
        Attention score of an edge, see :class:`~skattn.nn.GraphAttention`.
    n_layers : int, default=4
        Number of attention layers.
    n_heads : int, default=4
        Number of heads of a layer.
    hidden_dim : int, default=64
        Width of the layers; divisible by ``n_heads``.
    dropout : float, default=0.1
        Dropout probability of the input of every layer but the first.
    learning_rate : float, default=0.003
        Learning rate of Adam. It falls to 0 over the last 30 % of ``max_epochs``.
    weight_decay : float, default=0.0
        L2 penalty on all parameters.
    max_epochs : int or "auto", default="auto"
        Maximum number of epochs. "auto": 25000 graphs in all, fewer if they have
        more than 25 nodes or so; at least 20 and at most 400 epochs.
    batch_size : int or "auto", default="auto"
        Number of graphs in a training batch. "auto": 64, less if graphs are large.
    steps_per_graph : int or "auto", default="auto"
        Maximum number of steps of a graph that an epoch learns, drawn at random and
        weighted, so that the gradient is unbiased. "auto": 32.
    max_nodes : int or "auto", default="auto"
        Number of nodes at which a sample is cut, with a warning. "auto": twice that of
        the largest graph.
    n_orders : int, default=16
        Number of orders in the bound of :meth:`score_samples`: more make it tighter.
    early_stopping : "auto", bool or float, default="auto"
        Whether to stop when the validation likelihood no longer improves, and to keep
        the weights of the best epoch. Validation graphs are ``X_val``, or else a held
        out fraction: this float, or 0.1 for True. "auto": True with ``X_val``.
    n_iter_no_change : int, default=20
        Number of epochs without a better likelihood after which training stops.
    net_params : dict or None, default=None
        Further arguments of the :class:`skorch.NeuralNet`, such as ``callbacks``.
    device : str or torch.device, default="auto"
        Device: "cpu", "cuda", "cuda:1", "mps", or "auto" for the first available one of
        CUDA, MPS and the CPU.
    random_state : int, RandomState or None, default=None
        Seed of the random numbers of ``fit``: weights, orders, batches, dropout.
    verbose : int, default=0
        Verbosity: 0 is silent, otherwise one line is printed per epoch.

    Attributes
    ----------
    node_labels_ : ndarray, sparse matrix or DataFrame of shape (n_labels, n_features)
        Distinct rows of X, or None if graphs have no features.
    edge_labels_ : ndarray of shape (n_edge_labels, n_edge_features)
        Distinct rows of edge features, or None if graphs have none.
    classes_ : ndarray of shape (n_classes,)
        Classes of y, if it holds classes.
    connected_ : bool
        Whether all graphs of ``fit`` were connected; "bfs" and "dfs" samples then are.
    max_nodes_ : int
        Number of nodes at which a sample is cut.
    n_features_in_ : int
        Number of node features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns of X, if it is a DataFrame.
    n_iter_ : int
        Number of epochs run.
    loss_curve_ : list of float
        Training loss of each epoch: minus the mean log-probability, in nats.
    validation_curve_ : list of float or None
        The same for validation graphs; None without validation.
    net_ : skorch.NeuralNet
        The trained net; ``net_.module_`` is the :class:`~skattn.nn.GrowthNetwork`.

    See Also
    --------
    skattn.metrics.generation_report : Metrics of samples, beside real graphs.
    skattn.inspection.GraphSamplesDisplay : Picture of samples.
    skattn.preprocessing.MoleculeGraph : With ``derived=False``, graphs of molecules.

    Notes
    -----
    Graphs are undirected, without self-loops and weights. Samples may repeat training
    graphs, see :func:`skattn.metrics.is_novel`.

    References
    ----------
    You et al., "GraphRNN: Generating Realistic Graphs with Deep Auto-regressive
    Models", ICML 2018 (breadth-first growth); Liao et al., "Efficient Graph Generation
    with Graph Recurrent Attention Networks", NeurIPS 2019 (attention over the nodes so
    far); Burda, Grosse and Salakhutdinov, "Importance Weighted Autoencoders", ICLR 2016
    (the bound).

    Examples
    --------
    >>> import numpy as np
    >>> from skattn import AttentionGraphGenerator, Graph
    >>> def path(n):
    ...     return Graph(np.eye(n, k=1) + np.eye(n, k=-1))
    >>> paths = [path(4 + k % 3) for k in range(60)]
    >>> generator = AttentionGraphGenerator(max_epochs=10, random_state=0).fit(paths)
    >>> made = generator.sample(3, random_state=0)
    >>> len(made), made[0].n_features
    (3, 0)
    >>> triangle = Graph([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
    >>> of_path, of_triangle = generator.score_samples([path(4), triangle])
    >>> bool(of_path > of_triangle)
    True
    """

    _learned_attributes: ClassVar[frozenset[str]] = frozenset(
        {
            "connected_", "max_nodes_", "n_features_in_", "feature_names_in_",
            "n_iter_", "loss_curve_", "validation_curve_", "net_", "_conditions_",
            "_label_table_", "_schema_", "_score_seed_",
        }
    )  # fmt: skip
    _parameter_constraints: ClassVar[dict] = {
        **_SHARED,
        "order": [StrOptions(set(ORDERS))],
        "n_layers": [Interval(Integral, 1, MAX_LAYERS, closed="both")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "steps_per_graph": _AUTO_OR_POSITIVE,
        "max_nodes": _AUTO_OR_POSITIVE,
        "n_orders": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        *,
        order="bfs",
        attention="gatv2",
        n_layers=4,
        n_heads=4,
        hidden_dim=64,
        dropout=0.1,
        learning_rate=0.003,
        weight_decay=0.0,
        max_epochs="auto",
        batch_size="auto",
        steps_per_graph="auto",
        max_nodes="auto",
        n_orders=16,
        early_stopping="auto",
        n_iter_no_change=20,
        net_params=None,
        device="auto",
        random_state=None,
        verbose=0,
    ):
        self.order = order
        self.attention = attention
        self.n_layers = n_layers
        self.n_heads = n_heads
        self.hidden_dim = hidden_dim
        self.dropout = dropout
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.steps_per_graph = steps_per_graph
        self.max_nodes = max_nodes
        self.n_orders = n_orders
        self.early_stopping = early_stopping
        self.n_iter_no_change = n_iter_no_change
        self.net_params = net_params
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags

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

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, *, X_val=None, y_val=None):
        """Fit to a list of graphs.

        Parameters
        ----------
        X : list of Graph
            Undirected graphs with the same columns, at least two.
        y : array-like of shape (n_graphs,) or (n_graphs, n_outputs), optional
            Condition of each graph: classes, or numbers if they are floats or have
            several columns; NaN is unknown. It is hidden for a tenth of the graphs in
            every epoch, so that it is optional in ``sample``.
        X_val : list of Graph, optional
            Graphs of validation.
        y_val : array-like, optional
            Their conditions.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        TypeError
            If X is no list of graphs.
        ValueError
            If a graph is directed or weighted, has a self-loop, descriptors, types or
            too many labels, or is a view of some of its nodes; if y does not fit; an
            earlier fit is then kept.
        KeyboardInterrupt
            If the user interrupts the training; the current weights are kept.
        """
        plan = partial(plan_growth, X=X, y=y, X_val=X_val, y_val=y_val)
        return fit(self, plan, X=X, y=y, adjacency=None)

    @default_modes()
    def sample(
        self, n_samples=1, *, y=None, start=None, temperature=1.0, random_state=None
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
            are added among them. Unless ``order="uniform"``, only some get new edges.
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
            that no graph of ``fit`` has, or is not connected where samples are.
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
            If a graph is directed or weighted, or has other columns; if y is an unknown
            class, or ``fit`` was given none.
        NotFittedError
            If called before ``fit``.
        """
        check_is_fitted(self)
        return score_graphs(
            self,
            X,
            y=y,
            n_orders=self.n_orders if n_orders is None else n_orders,
            random_state=random_state,
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

    @default_modes()
    def _grow_again(self, graph, y, random_state):
        """Compute the steps in which a graph grows."""
        check_is_fitted(self)
        return grow_again(self, graph, y=y, random_state=random_state)

    def _write(self, path):
        save_generator(self, learned(self), path)

    @classmethod
    def _read(cls, path, device):
        return load_generator(cls, path, device=device)
