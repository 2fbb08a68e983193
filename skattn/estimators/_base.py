"""The base of all estimators: parameters, prediction, files."""

from numbers import Integral, Real
from typing import ClassVar

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from skattn._compat_sklearn import (
    CallbackSupportMixin,
    FitTablesMixin,
    Interval,
    StrOptions,
)
from skattn._training import default_modes, predict, resolve_device
from skattn.estimators._answers import answers_of
from skattn.estimators._encoder_config import MAX_LAYERS, MAX_WIDTH, EncoderConfig
from skattn.estimators._files import load_estimator, save_estimator
from skattn.estimators._fit_record import input_summary, resolved_params
from skattn.estimators._html_repr import fit_tables
from skattn.estimators._input import (
    check_features,
    prepare,
    prepare_part,
    prepare_targets,
    steps_of,
)
from skattn.estimators._removal import Removal
from skattn.estimators._saved import SavedMixin
from skattn.estimators._step_removal import StepRemoval
from skattn.estimators._transaction import learned
from skattn.graph import Graph
from skattn.nn._scores import SCORES

REQUESTED = {"adjacency": True}
"""Metadata that a method requests by default."""


class GraphAttentionEstimator(
    SavedMixin, FitTablesMixin, CallbackSupportMixin, BaseEstimator
):
    """Base of the classifier, the regressor and the embedder.

    ``fit`` of a subclass passes a plan to :func:`skattn.estimators._transaction.fit`,
    which sets the attributes declared here.
    """

    _AUTO_DEPTH: ClassVar[int] = 3
    """Number of layers for ``n_layers="auto"``."""

    _learned_attributes: ClassVar[frozenset[str]] = frozenset(
        {
            "n_features_in_",
            "feature_names_in_",
            "net_",
            "n_iter_",
            "loss_curve_",
            "validation_curve_",
            "_context_",
            "_feature_encoding_",
            "_fit_record_",
            "_input_spec_",
            "_schema_",
        }
    )
    """Names of the attributes that a fit sets."""

    _parameter_constraints: ClassVar[dict] = {
        "graph": [Graph, None],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "attention": [StrOptions(set(SCORES))],
        "n_layers": [
            Interval(Integral, 1, MAX_LAYERS, closed="both"),
            StrOptions({"auto"}),
        ],
        "n_heads": [Interval(Integral, 1, MAX_WIDTH, closed="both")],
        "hidden_dim": [Interval(Integral, 1, MAX_WIDTH, closed="both")],
        "residual": ["boolean", StrOptions({"auto"})],
        "norm": [StrOptions({"auto", "layer", "batch"}), None],
        "standardize": ["boolean", StrOptions({"auto"})],
        "categorical_features": ["array-like", StrOptions({"from_dtype"}), None],
        "dropout": [Interval(Real, 0, 1, closed="left"), StrOptions({"auto"})],
        "attention_dropout": [Interval(Real, 0, 1, closed="left")],
        "encoder": [EncoderConfig, None],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "weight_decay": [
            Interval(Real, 0, None, closed="left"),
            StrOptions({"auto"}),
        ],
        "max_epochs": [
            Interval(Integral, 1, None, closed="left"),
            StrOptions({"auto"}),
        ],
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

    @property
    def _depth(self):
        """Number of layers: ``n_layers``, or its value for "auto"."""
        if self.n_layers != "auto":
            return self.n_layers
        embedder = getattr(self, "pretrained", None)
        embedder = getattr(embedder, "estimator", embedder)  # a FrozenEstimator's
        return getattr(embedder, "_depth", self._AUTO_DEPTH)

    @property
    def _n_attentions(self):
        """Number of consecutive attention layers, the decoder's among them."""
        return self._depth

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        return tags

    def set_params(self, **params):
        """Set parameters of the estimator and, as ``encoder__hops``, of its encoder.

        Parameters
        ----------
        **params : object
            Parameters by name. Those of the encoder make it an
            :class:`~skattn.EncoderConfig` if it is None.

        Returns
        -------
        self : object
            The estimator.

        Raises
        ------
        ValueError
            If there is no such parameter.
        """
        nested = {k: v for k, v in params.items() if k.startswith("encoder__")}
        if nested and params.get("encoder", self.encoder) is None:
            options = {k.removeprefix("encoder__"): v for k, v in nested.items()}
            params = {k: v for k, v in params.items() if k not in nested}
            params["encoder"] = EncoderConfig().set_params(**options)
        return super().set_params(**params)

    @property
    def input_summary_(self):
        """Kind and sizes of the input of ``fit``, by name."""
        check_is_fitted(self)
        return input_summary(self)

    @property
    def resolved_params_(self):
        """Values that ``fit`` used for the parameters that can be "auto", by name."""
        check_is_fitted(self)
        return resolved_params(self)

    def _write(self, path):
        save_estimator(self, learned(self), path)

    @classmethod
    def _read(cls, path, device):
        return load_estimator(cls, path, device=device)

    def _fit_tables(self):
        """Return the tables of a fit in the HTML repr."""
        return fit_tables(self) if hasattr(self, "_fit_record_") else {}

    def _prepare(self, X, adjacency=None):
        """Prepare X for prediction or for attention weights."""
        return prepare(self, X, adjacency)

    def _prepare_part(self, X, adjacency=None):
        """Prepare the part of X and of the fitted rows that its outputs depend on."""
        return prepare_part(self, X, adjacency)

    def _removal(self, prepared, of="edges"):
        """Return the outputs for a prepared input of which parts are removed."""
        device = resolve_device(self.device, strict=False)
        if prepared.context.rows == "sequences" and of != "edges":
            return StepRemoval(
                steps_of(self, prepared.X),
                prepared.context.patching,
                self._input_spec_,
                self.net_,
                device,
            )
        encoding = self._feature_encoding_
        return Removal(
            prepared.view,
            self._input_spec_,
            self.net_,
            device,
            has_degree_features=self.n_features_in_ == 0,
            feature_of=None if encoding is None else encoding.feature_of,
            nodes=prepared.nodes,
        )

    def _encoded_features(self, X):
        """Check and encode a table of features, (n_rows, n_columns) float32."""
        return check_features(self, X, reset=False)

    def _mean_features(self, prepared):
        """Return the means of the encoded features at fit, (n_columns,) float32."""
        if prepared.context.rows == "sequences":  # of steps, not of patches
            mean = np.array([self._feature_encoding_.mean], np.float32)
            return self._feature_encoding_.apply(mean)[0]
        return np.array(self._input_spec_.feature_mean, np.float32)

    def _answers(self, outputs, classes):
        """Choose the output of each row that an explanation is about."""
        return answers_of(self, outputs, classes)

    @default_modes()
    def _outputs(self, X, adjacency):
        """Compute the outputs of the network, (n_rows, n_outputs) float32."""
        source = prepare_targets(self, X, adjacency)
        return predict(self.net_, source)
