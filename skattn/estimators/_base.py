"""What all estimators share: parameters, the graph behind X, training, files."""

from functools import partial
from numbers import Integral, Real
from typing import ClassVar

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from skattn._compat_sklearn import CallbackSupportMixin, Interval, StrOptions
from skattn._training import TaskReport, Training, predict, resolve_device
from skattn.estimators._encoder_config import EncoderConfig
from skattn.estimators._files import load_estimator, save_estimator
from skattn.estimators._input_spec import InputSpec, sampled
from skattn.estimators._parameters import LISTS, check_kind, check_parameters
from skattn.graph import Graph, resolve
from skattn.nn import BlockSpec, NetworkSpec

SMALL_START = 0.1
"""Where the residual's gates start if there are more features than examples: a row's
own features alone could then be learned by heart. On Cora's validation nodes (1433
features, 140 answers; dropout 0.6) an ungated residual reached 76.9 %, gates from 0.1
80.1 %; inside the training folds of four tables (4 to 64 features) 95.0 and 93.7 %."""

STRONG_DROPOUT, WEAK_DROPOUT = 0.5, 0.2
"""Dropout where the graph says nothing that the features do not, as between the rows of
a table, or where they are too many; and elsewhere. Inside the training folds of four
tables 0.5 reached 96.1 %, 0.2 95.7; inside those of the weather stations R² was 0.79
and 0.83."""
WIDE_INPUT_DROPOUT = 0.9
"""Dropout on the features of one graph's nodes if there are more than examples: what is
dropped of a node its neighbours say. With 0.5, 0.8 and 0.9, of those of Cora's nodes
that are not for testing 79.9, 80.4 and 81.0 % (12 draws of 20 nodes per class), with 5
nodes per class 70.3, 71.0 and 71.5, of 256 singular vectors of its words 76.6, 77.9 and
78.2, of digits and their neighbours, 4 per class, 92.8, 93.1 and 92.6 (8 draws each).
In plain tables it costs: 40 digits 76.5, 73.1 and 67.0."""


class GraphAttentionEstimator(CallbackSupportMixin, BaseEstimator):
    """Base of the classifier, the regressor and the embedder.

    A subclass says what is learned: ``_train`` makes a net of tasks.
    """

    _table_dropout: ClassVar[float] = STRONG_DROPOUT
    _table_input_dropout: ClassVar[float] = 0.0
    _table_jumping: ClassVar[str | None] = None
    _wide_input_dropout: ClassVar[float] = WIDE_INPUT_DROPOUT

    _parameter_constraints: ClassVar[dict] = {
        "graph": [Graph, None],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "attention": [StrOptions({"dot", "gat", "gatv2"})],
        "n_layers": [Interval(Integral, 1, None, closed="left")],
        "n_heads": [Interval(Integral, 1, None, closed="left")],
        "hidden_dim": [Interval(Integral, 1, None, closed="left")],
        "residual": ["boolean"],
        "norm": [StrOptions({"layer", "batch"}), None],
        "dropout": [Interval(Real, 0, 1, closed="left"), StrOptions({"auto"})],
        "attention_dropout": [Interval(Real, 0, 1, closed="left")],
        "encoder": [EncoderConfig, None],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [
            StrOptions({"auto"}),
            Interval(Integral, 1, None, closed="left"),
        ],
        "fanout": ["array-like", None],
        "net_params": [dict, None],
        "device": [str, torch.device],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

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
        object
            The fitted estimator, of the class that is asked.

        Raises
        ------
        ValueError
            If the file is not one of ours, damaged, or of another estimator, or
            `device` names none. One that is not there is a warning.
        """
        return load_estimator(cls, path, device=device)

    # ---- from input to tasks -------------------------------------------------------

    def _resolve(self, X, adjacency):
        """Judge parameters and X; return the context of the fit."""
        resolve_device(self.device, strict=True)
        check_parameters(self, self._recipe())
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
        check_kind(self, self._recipe(), context.kind)
        self._context_ = context.fitted()
        self._layout_ = InputSpec.of(self._recipe())
        return context

    @property
    def _n_attentions(self):
        """How many attentions in a row the network trains."""
        return self.n_layers

    @property
    def _activation(self):
        """What follows the normalisation in every layer."""
        if self._rows_come_first:
            own = "gelu"
        else:
            own = self._node_activation if self._on_one_graph else "elu"
        return self._chosen("activation", own)

    @property
    def _node_activation(self):
        """What follows it where X is about nodes of a graph that the user has."""
        return "elu"

    @property
    def _jumping(self):
        """How the outputs of all layers are combined."""
        own = self._table_jumping if self._rows_come_first else None
        return self._chosen("jumping", own)

    @property
    def _n_feature_layers(self):
        """In how many of the first layers nodes see only themselves."""
        own = self.n_layers - 1 if self._rows_come_first else 0
        return self._chosen("n_feature_layers", own)

    def _chosen(self, name, own):
        """Take what the recipe says, or our own choice where that is left to us."""
        asked = getattr(self._recipe(), name)
        return own if asked == "auto" else asked

    @property
    def _on_one_graph(self):
        """Whether X is about nodes of a graph that the user has."""
        return self._context_.kind not in ("table", *LISTS)

    @property
    def _rows_come_first(self):
        """Whether a row's own features say more than whom it attends to."""
        return False

    def _recipe(self):
        return EncoderConfig() if self.encoder is None else self.encoder

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

    def _check_batch(self, view):
        if self.norm == "batch" and view.n_nodes == 1:
            raise ValueError(
                'norm="batch" needs more than one node to learn their variance, got 1 '
                'sample. Use norm="layer" or None.'
            )

    def _training_tasks(self, views, goals):
        """Lay out what is learned from and what it is validated on, if anything."""
        device = resolve_device(self.device, strict=True)
        # what is sampled stays on the CPU, as does what shares its graph
        home = device if self.fanout is None else torch.device("cpu")
        tasks = self._layout_.tasks(
            views,
            goals,
            batch_size=self.batch_size,
            device=home,
            ordered=self.fanout is None,  # numbers of nodes choose what is drawn
        )
        if self.fanout is not None:
            tasks[0] = sampled(
                tasks[0],
                goals[0],
                fanout=self.fanout,
                batch_size=self.batch_size,
                device=device,
            )
        return tasks[0], tasks[1] if len(tasks) > 1 else None

    # ---- training ------------------------------------------------------------------

    def _fit(self, prepare, about):
        """Make an attempt of the fit; take over what it learned once nothing can fail.

        Parameters
        ----------
        prepare : callable
            Takes the attempt, an estimator without an earlier fit; judges all input
            and returns the tasks.
        about : dict
            ``X``, ``y`` and ``adjacency``, for scikit-learn's callbacks.
        """
        attempt = object.__new__(type(self))  # self stays as it was if this fails
        learned = _learned(self)
        attempt.__dict__.update(
            {name: value for name, value in vars(self).items() if name not in learned}
        )
        tasks = prepare(attempt)
        context, about = self._begin_task(**about)
        net = attempt._train(tasks, attempt._reports(context, about))
        if not net.interrupted_ or len(net.history):
            attempt._set_trained(net)
            self._commit(attempt)
        if net.interrupted_:
            raise KeyboardInterrupt
        if context is not None:
            context.call_on_fit_task_end(**about, reconstruction_attributes={})
        return self

    def _network_spec(self, readout, task):
        """Describe the network; a row's own many features come in with caution."""
        recipe = self._recipe()
        wide = task.n_features > self._n_examples_
        _check_dense(recipe, task.whole.x)
        dropout = self._dropout(wide)
        input_dropout = recipe.input_dropout
        if input_dropout is None:
            input_dropout = self._input_dropout(wide, dropout)
        block = BlockSpec(
            score=self.attention,
            n_heads=self.n_heads,
            share_weights=recipe.share_weights,
            n_edge_features=self._n_edge_features_,
            residual=self.residual,
            residual_start=SMALL_START if wide else 1.0,
            norm=self.norm,
            activation=self._activation,
            feed_forward=recipe.feed_forward,
            dropout=dropout,
            attention_dropout=self.attention_dropout,
            value_dropout=recipe.value_dropout,
            hops=recipe.hop_numbers,
            convolution=recipe.convolution,
            gated_convolution=recipe.gated_convolution,
            global_attention=recipe.global_attention,
        )
        return NetworkSpec(
            block=block,
            n_layers=self.n_layers,
            n_feature_layers=self._n_feature_layers,
            hidden_dim=self.hidden_dim,
            input_dropout=input_dropout,
            output=recipe.output,
            output_heads=recipe.output_heads,
            feature_embedding=recipe.feature_embedding,
            jumping=self._jumping,
            readout=readout if self._context_.kind in LISTS else None,
        )

    def _dropout(self, wide):
        if self.dropout != "auto":
            return self.dropout
        if wide:
            return STRONG_DROPOUT
        return self._table_dropout if self._context_.kind == "table" else WEAK_DROPOUT

    def _input_dropout(self, wide, dropout):
        auto, kind = self.dropout == "auto", self._context_.kind
        if wide:
            own = self._wide_input_dropout
            return own if auto and self._on_one_graph else dropout
        return self._table_input_dropout if auto and kind == "table" else 0.0

    def _training(self, patience, callbacks, score=None):
        return Training(
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            max_epochs=self.max_epochs,
            patience=patience,
            score=score,
            verbose=int(self.verbose),
            net_params=self.net_params or {},
            callbacks=callbacks,
        )

    def _generator(self):
        return torch.Generator().manual_seed(self._seed_)

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
        (task,) = self._layout_.tasks(
            [view],
            [None],
            batch_size=self.batch_size,
            device=resolve_device(self.device, strict=False),
        )
        return predict(self.net_, task)


def _check_dense(recipe, x):
    if recipe.feature_embedding is not None and not isinstance(x, torch.Tensor):
        raise ValueError(
            f"feature_embedding={recipe.feature_embedding!r} needs dense features, got "
            "sparse ones. Make them dense (X.toarray()), or set it to None."
        )


def _learned(estimator):
    return {
        name: value
        for name, value in vars(estimator).items()
        if name.endswith("_") and not name.endswith("__")
    }
