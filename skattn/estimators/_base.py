"""What the estimators share: from input to batches to a trained net."""

from functools import partial
from numbers import Integral, Real
from typing import ClassVar

import numpy as np
import torch
from sklearn.base import BaseEstimator, _fit_context
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import (
    _check_sample_weight,
    check_is_fitted,
    validate_data,
)

from skattn.batch import collate, collate_views
from skattn.estimators._encoder import Encoder
from skattn.estimators._files import load_estimator, save_estimator
from skattn.estimators._split import held_out_rows
from skattn.graph import Graph, resolve
from skattn.nn import BlockSpec, NetworkSpec
from skattn.training import (
    RESERVED,
    Goal,
    Task,
    TaskReport,
    Training,
    predict,
    resolve_device,
    train,
)

REQUESTED = {"adjacency": True}


class GraphAttentionEstimator(CallbackSupportMixin, BaseEstimator):
    """Base of the classifier and the regressor.

    A subclass says how answers become numbers: ``_check_y``, ``_learn_y``,
    ``_row_weight``.
    """

    __metadata_request__fit = REQUESTED
    __metadata_request__predict = REQUESTED
    __metadata_request__predict_proba = REQUESTED
    __metadata_request__score = REQUESTED

    _parameter_constraints: ClassVar[dict] = {
        "graph": [Graph, None],
        "unlabeled": "no_validation",
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "attention": [StrOptions({"dot", "gat", "gatv2"})],
        "n_layers": [Interval(Integral, 1, None, closed="left")],
        "n_heads": [Interval(Integral, 1, None, closed="left")],
        "hidden_dim": [Interval(Integral, 1, None, closed="left")],
        "residual": ["boolean"],
        "norm": [StrOptions({"layer", "batch"}), None],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "attention_dropout": [Interval(Real, 0, 1, closed="left")],
        "encoder": [Encoder, None],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "early_stopping": [
            StrOptions({"auto"}),
            "boolean",
            Interval(Real, 0, 1, closed="neither"),
        ],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "net_params": [dict, None],
        "device": [str, torch.device],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X,
        y,
        sample_weight=None,
        *,
        adjacency=None,
        X_val=None,
        y_val=None,
        sample_weight_val=None,
    ):
        """Fit to rows, or to the targets of a graph.

        Parameters
        ----------
        X : Graph, or array-like or sparse matrix of shape (n_rows, n_features)
            A view of a graph, whose targets have the answers ``y`` while all its
            other nodes are context; or a table. The rows of a table become nodes: of
            ``adjacency`` if given; of the parameter ``graph``, joined by name, if
            set; else of a graph between nearest neighbours.
        y : array-like of shape (n_rows,) or (n_rows, n_outputs)
            One answer per row or target.
        sample_weight : array-like of shape (n_rows,), optional
            How much each answer counts.
        adjacency : sparse matrix or array of shape (n_rows, n_rows), optional
            ``adjacency[i, j] != 0`` means that row ``i`` attends to row ``j``.
        X_val : like X, optional
            What training is validated on after each epoch: another view of the same
            graph, another graph, or a table whose rows join as at predict.
        y_val : like y, optional
            The answers of ``X_val``.
        sample_weight_val : like sample_weight, optional
            How much each of them counts.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If the input cannot be used; an earlier fit is then still there.
        KeyboardInterrupt
            If the user stops the training; the best weights so far are kept.
        """
        attempt = object.__new__(type(self))  # self stays as it was if this fails
        learned = _learned(self)
        attempt.__dict__.update(
            {name: value for name, value in vars(self).items() if name not in learned}
        )
        validation = (X_val, y_val, sample_weight_val)
        tasks = attempt._prepare(X, y, sample_weight, adjacency, validation)
        context, about = self._begin_task(X, y, adjacency)
        net = attempt._train(tasks, attempt._reports(context, about))
        if not net.interrupted_ or len(net.history):
            attempt._set_trained(net)
            self._commit(attempt)
        if net.interrupted_:
            raise KeyboardInterrupt
        if context is not None:
            context.call_on_fit_task_end(**about, reconstruction_attributes={})
        return self

    def predict(self, X, *, adjacency=None):
        """Predict the answers of rows, or of the targets of a graph.

        Parameters
        ----------
        X : Graph, or array-like or sparse matrix of shape (n_rows, n_features)
            The same kind of input as at ``fit``. New rows of a table attend to
            fitted rows, never to each other.
        adjacency : sparse matrix or array of shape (n_rows, n_rows), optional
            Needed if and only if ``fit`` had one: a graph of its own over the rows.

        Returns
        -------
        ndarray of shape (n_rows,) or (n_rows, n_outputs)
            One answer per row or target.

        Raises
        ------
        ValueError
            If the input is of another kind or width than at ``fit``.
        NotFittedError
            If called before ``fit``.
        """
        outputs = self._outputs(X, adjacency)
        return self._targets_.predict(outputs)

    def save(self, path):
        """Write the fitted estimator to a file without pickle: arrays and JSON.

        Parameters
        ----------
        path : str or os.PathLike
            Where; an existing file is replaced once the new one is complete.

        Raises
        ------
        TypeError
            If a parameter has no form in JSON, such as a callback.
        NotFittedError
            If called before ``fit``.
        """
        check_is_fitted(self)
        save_estimator(self, _learned(self), path)

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
        GraphAttentionClassifier or GraphAttentionRegressor
            The fitted estimator.

        Raises
        ------
        ValueError
            If the file is not one of ours, damaged, or of another estimator.
        """
        return load_estimator(cls, path, device=device)

    # ---- from input to tasks -------------------------------------------------------

    def _prepare(self, X, y, sample_weight, adjacency, validation):
        """Judge all input; return the training and the validation task."""
        device = resolve_device(self.device, strict=True)
        self._check_parameters()
        self._check_validation(*validation)
        self._seed_ = int(
            check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        )
        context = resolve(
            X,
            adjacency=adjacency,
            graph=self.graph,
            n_neighbors=self.n_neighbors,
            check=partial(self._check_features, reset=True),
        )
        y, known = self._check_y(y)
        _check_length(y, context.n_rows, "y", "X")
        weight = _check_weight(sample_weight, y)
        self._targets_ = self._learn_y(y, known, weight)
        encoded = self._targets_.encode(y, known)
        self._context_ = context.fitted()
        weight = weight * self._row_weight(y, known)
        rows = np.arange(context.n_rows)
        counts = known & _per_entry(weight > 0, y)
        held_out = self._held_out(encoded, counts, validation)
        learning = np.setdiff1d(rows, held_out)
        view, held_out_view = context.split(learning, held_out)
        self._n_edge_features_ = view.n_edge_features
        learn_goal = _goal(encoded[learning], known[learning], weight[learning])
        _check_goal(learn_goal, "sample_weight and class_weight")
        if held_out_view is not None:
            held_goal = _goal(encoded[held_out], known[held_out], weight[held_out])
        elif validation[0] is not None:
            held_out_view, held_goal = self._validation(X, context, *validation)
        if self.norm == "batch" and view.n_nodes == 1:
            raise ValueError(
                'norm="batch" needs more than one node to learn their variance, got 1 '
                'sample. Use norm="layer" or None.'
            )
        views = [view] if held_out_view is None else [view, held_out_view]
        batches = collate_views(views, device)
        learn = Task(batches[0], learn_goal.to(device))
        if held_out_view is None:
            return learn, None
        return learn, Task(batches[1], held_goal.to(device))

    def _check_validation(self, X_val, y_val, sample_weight_val):
        if X_val is None and (y_val is not None or sample_weight_val is not None):
            raise ValueError(
                "y_val and sample_weight_val need X_val, the rows they are about; got "
                "None. Pass X_val, or leave them out."
            )

    def _check_parameters(self):
        if self.hidden_dim % self.n_heads:
            raise ValueError(
                "hidden_dim is the total width of all heads and must be divisible by "
                f"n_heads={self.n_heads}, got {self.hidden_dim}."
            )
        self._recipe()._validate_params()
        taken = sorted(
            name for name in self.net_params or {} if name.split("__")[0] in RESERVED
        )
        if taken:
            raise ValueError(
                f"net_params must leave {taken} to the estimator; it is for skorch's "
                "optimizer, callbacks and the like."
            )
        callbacks = (self.net_params or {}).get("callbacks")
        if not isinstance(callbacks, list | None):
            raise ValueError(
                f"net_params['callbacks'] must be a list, got {callbacks!r}. Put a "
                "single callback into one."
            )

    def _recipe(self):
        return Encoder() if self.encoder is None else self.encoder

    def _check_features(self, features, *, reset):
        """Validate a feature matrix; None stands for a graph without features."""
        if features is not None:
            return validate_data(
                self,
                features,
                accept_sparse="csr",
                dtype=np.float32,
                reset=reset,
                ensure_min_samples=1,
            )
        if reset:
            self.n_features_in_ = 0
        elif self.n_features_in_:
            raise ValueError(
                f"X has 0 features, but {type(self).__name__} is expecting "
                f"{self.n_features_in_} features as input: give the graph features."
            )
        return None

    def _held_out(self, encoded, counts, validation):
        labeled = np.flatnonzero(counts.reshape(len(counts), -1).any(1))
        if validation[0] is not None:
            return labeled[:0]
        return held_out_rows(
            self.early_stopping,
            labeled,
            encoded[labeled] if encoded.ndim == 1 else None,
            check_random_state(self._seed_),
        )

    def _validation(self, X, context, X_val, y_val, sample_weight_val):
        if y_val is None:
            raise ValueError("X_val needs y_val, the answers of its rows; got None.")
        if context.kind == "adjacency":
            raise ValueError(
                "X_val needs a graph, which adjacency= over the rows of X is not; got "
                "both. Fit on Graph(adjacency, X) and pass a Graph as X_val, or set "
                "early_stopping to the fraction of rows to hold out."
            )
        y, known = self._check_y(y_val)
        weight = _check_weight(sample_weight_val, y) * self._row_weight(y, known)
        goal = _goal(self._targets_.encode(y, known), known, weight)
        _check_goal(goal, "sample_weight_val")
        if isinstance(X_val, Graph) and isinstance(X, Graph) and X_val.base is X.base:
            view = context.view.base[X_val.targets]  # one graph, one batch
        else:
            view = context.join(X_val, check=partial(self._check_features, reset=False))
        _check_length(y, len(view), "y_val", "X_val")
        self._check_edge_features(view)
        return view, goal

    # ---- training ------------------------------------------------------------------

    def _train(self, tasks, callbacks):
        recipe = self._recipe()
        block = BlockSpec(
            score=self.attention,
            n_heads=self.n_heads,
            n_edge_features=self._n_edge_features_,
            residual=self.residual,
            norm=self.norm,
            activation=recipe.activation,
            feed_forward=recipe.feed_forward,
            dropout=self.dropout,
            attention_dropout=self.attention_dropout,
        )
        spec = NetworkSpec(
            block=block,
            n_layers=self.n_layers,
            hidden_dim=self.hidden_dim,
            input_dropout=recipe.input_dropout,
            output=recipe.output,
            output_heads=recipe.output_heads,
        )
        training = Training(
            loss=self._targets_.loss,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            max_epochs=self.max_epochs,
            patience=self.n_iter_no_change if self.early_stopping else None,
            verbose=int(self.verbose),
            net_params=self.net_params or {},
            callbacks=callbacks,
        )
        return train(
            spec,
            tasks,
            training,
            n_outputs=self._targets_.n_outputs,
            generator=torch.Generator().manual_seed(self._seed_),
        )

    def _begin_task(self, X, y, adjacency):
        """Tell scikit-learn's callbacks of the fit; (None, {}) if there are none."""
        if not getattr(self, "_skl_callbacks", None):
            return None, {}
        metadata = None if adjacency is None else {"adjacency": adjacency}
        about = {"estimator": self, "X": X, "y": y, "metadata": metadata}
        context = self._init_callback_context(max_subtasks=self.max_epochs)
        context.call_on_fit_task_begin(**about)
        return context, about

    def _reports(self, context, about):
        """Make the skorch callback that serves scikit-learn's, if there are any."""
        if context is None:
            return []

        def attributes(net):
            self._set_trained(net)
            return _learned(self)

        return [TaskReport(context, about, attributes)]

    def _set_trained(self, net):
        history = net.history
        self.net_ = net
        self.n_iter_ = len(history)
        self.loss_curve_ = history[:, "train_loss"]
        validated = "valid_loss" in history[-1]
        self.validation_curve_ = history[:, "valid_loss"] if validated else None

    def _commit(self, attempt):
        """Take over all that an attempt learned, and nothing of an earlier fit."""
        for name in _learned(self):
            delattr(self, name)
        self.__dict__.update(_learned(attempt))

    # ---- prediction ----------------------------------------------------------------

    def _view(self, X, adjacency):
        """Find the graph and the targets that a prediction is about."""
        check_is_fitted(self)
        check = partial(self._check_features, reset=False)
        view = self._context_.join(X, adjacency=adjacency, check=check)
        self._check_edge_features(view)
        return view

    def _check_edge_features(self, view):
        if view.n_edge_features != self._n_edge_features_:
            raise ValueError(
                f"the graph must have {self._n_edge_features_} edge features, as at "
                f"fit, got {view.n_edge_features}. Give it the same edge_features, or "
                "fit again."
            )

    def _outputs(self, X, adjacency):
        view = self._view(X, adjacency)
        device = resolve_device(self.device, strict=False)
        return predict(self.net_, collate(view, device))


def _learned(estimator):
    return {
        name: value
        for name, value in vars(estimator).items()
        if name.endswith("_") and not name.endswith("__")
    }


def _check_length(y, n_rows, name, of):
    if len(y) != n_rows:
        raise ValueError(
            f"{name} must hold one answer per row or target of {of} ({n_rows}), got "
            f"{len(y)}: inconsistent numbers of samples. Slice both alike: "
            "fit(G[train], y[train])."
        )


def _check_weight(sample_weight, y):
    return _check_sample_weight(
        sample_weight, y, dtype=np.float64, ensure_non_negative=True
    )


def _goal(encoded, known, weight):
    weight = weight if encoded.ndim == 1 else weight[:, None]
    weight = known.reshape(encoded.shape) * weight
    return Goal(torch.from_numpy(encoded), torch.from_numpy(weight.astype(np.float32)))


def _check_goal(goal, names):
    if not goal.weight.any():
        raise ValueError(
            f"{names} must leave some labelled row that counts, got zero for all."
        )


def _per_entry(of_rows, y):
    """Spread what is known of rows over the entries of y."""
    return of_rows if y.ndim == 1 else of_rows[:, None]
