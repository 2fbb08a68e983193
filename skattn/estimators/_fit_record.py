"""Facts of a fit: its input, and the values of parameters that were "auto"."""

from dataclasses import dataclass

from skattn.graph._collection import GraphCollection
from skattn.graph._patches import PatchOptions


@dataclass(frozen=True, kw_only=True)
class FitRecord:
    """Facts of a fit that the fitted network and context do not hold."""

    n_graphs: int
    """Number of graphs."""
    n_nodes: int
    """Number of nodes of all graphs."""
    n_edges: int
    """Number of edges, without the self-loops that batches add."""
    batch_size: int | None
    """Graphs or targets in a training step; None for one whole graph."""
    device: str
    """Device of the training."""
    weight_decay: float
    """Weight decay."""
    max_epochs: int
    """Maximum number of epochs."""
    patch_options: PatchOptions | None = None
    """Options of the patches of sequences; None for other rows."""
    n_train: int | None = None
    """Number of labelled rows in training; None without labels."""
    n_validation: int | None = None
    """Number of labelled rows in validation; None without labels."""
    early_stopping: bool | float | None = None
    """Whether validation stops the training, or the fraction held out for it; None for
    an estimator without the parameter."""

    @classmethod
    def of(cls, view, source, choice, **facts):
        """Record the input sizes and resolved parameters of a fit.

        Parameters
        ----------
        view : Graph or GraphCollection
            The view of the training.
        source : BatchSource
            Its batches.
        choice : Choice
            Values of the parameters that can be "auto".
        **facts : int, float or bool
            Facts of a supervised fit.

        Returns
        -------
        FitRecord
            Plain values.
        """
        return cls(
            n_graphs=view.n_graphs if isinstance(view, GraphCollection) else 1,
            n_nodes=view.n_nodes,
            n_edges=view.n_edges,
            batch_size=source.batch_size,
            device=str(source.device),
            weight_decay=choice.weight_decay,
            max_epochs=choice.max_epochs,
            patch_options=choice.patch_options,
            **facts,
        )


def early_stopping_of(value, n_validation, *, has_X_val):
    """Return the value that the parameter ``early_stopping`` had in a fit."""
    if value == "auto":
        return n_validation > 0
    return bool(value) if has_X_val else value


def input_summary(estimator):
    """Summarise the input of a fit, see ``input_summary_`` of the estimators."""
    record = estimator._fit_record_
    summary = {
        "kind": estimator._context_.kind,
        "n_graphs": record.n_graphs,
        "n_nodes": record.n_nodes,
        "n_edges": record.n_edges,
        "n_features": estimator.n_features_in_,
        "n_edge_features": estimator._schema_.n_edge_features,
    }
    if estimator._schema_.n_descriptors:
        summary["n_descriptors"] = estimator._schema_.n_descriptors
    for name in ("n_edge_types", "n_node_types"):
        if getattr(estimator._schema_, name):
            summary[name] = getattr(estimator._schema_, name)
    patching = getattr(estimator._context_, "patching", None)
    if patching is not None:
        summary |= {"patch_stride": patching.stride, "patch_length": patching.length}
    if record.n_train is not None:
        summary |= {"n_train": record.n_train, "n_validation": record.n_validation}
    return summary


def _standardized(inputs):
    """Return the value of ``standardize`` that gives the same input."""
    scaling = inputs.feature_scaling
    if scaling is not None and not scaling.is_uniform:
        return True
    return "auto" if scaling or inputs.edge_scaling else False


def resolved_params(estimator):
    """Collect the values of a fit, see ``resolved_params_`` of the estimators."""
    record, spec = estimator._fit_record_, estimator.net_.objective.spec
    params = {
        "n_layers": spec.n_layers,
        "residual": spec.block.residual,
        "norm": spec.block.norm,
        "weight_decay": record.weight_decay,
        "max_epochs": record.max_epochs,
        "standardize": _standardized(estimator._input_spec_),
        "dropout": spec.block.dropout,
        "batch_size": record.batch_size,
    }
    if record.n_train is None:
        params["smoothing"] = estimator.net_.objective.smoothing
    elif hasattr(estimator, "smoothing"):
        params["smoothing"] = spec.smoothing
    if record.early_stopping is not None:
        params["early_stopping"] = record.early_stopping
    if hasattr(estimator, "label_inputs"):
        params["label_inputs"] = estimator._input_spec_.label_inputs is not None
    params |= {
        "device": record.device,
        "encoder__activation": spec.block.activation,
        "encoder__input_dropout": spec.input_dropout,
        "encoder__jumping": spec.jumping,
        "encoder__convolution": spec.block.convolution,
        "encoder__gated_convolution": spec.block.gated_convolution,
        "encoder__degree_scaling": spec.block.degree_scaling,
        "encoder__n_feature_layers": spec.n_feature_layers,
    }
    if estimator._schema_.n_edge_types:
        params["encoder__typing"] = (
            spec.block.typing if spec.block.n_edge_types else None
        )
        params["encoder__n_bases"] = spec.block.n_bases
    if record.patch_options is not None:
        params["encoder__max_patches"] = record.patch_options.max_patches
        params["encoder__n_segments"] = record.patch_options.n_segments
    method = estimator._context_.search_method
    return params if method is None else params | {"encoder__neighbor_search": method}
