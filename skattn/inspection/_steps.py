"""The estimator of skattn in a pipeline or a search, and the steps before it."""

from dataclasses import dataclass
from typing import Any

from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skattn._compat_sklearn import BaseSearchCV
from skattn._training import default_modes
from skattn.graph import Graph
from skattn.graph._sequence_arrays import read_sequences
from skattn.inspection._columns import input_columns, sources
from skattn.inspection._names import Ints, Recording
from skattn.preprocessing import SequenceGraph


@dataclass(frozen=True, eq=False)
class Steps:
    """A fitted estimator of skattn and the steps before it."""

    estimator: Any
    """The estimator of skattn."""
    before: Any = None
    """Fitted pipeline of the steps before it, or None."""

    @classmethod
    def of(cls, model: Any) -> "Steps":
        """Find the estimator of a pipeline, a search or an estimator itself.

        Raises
        ------
        TypeError
            If there is none.
        """
        steps = cls._of(model)
        if not hasattr(steps.estimator, "_prepare"):
            raise TypeError(
                "estimator must be a fitted estimator of skattn, a pipeline that ends "
                "in one or a search over these (with refit=True), got "
                f"{type(steps.estimator).__name__}. Pass the fitted estimator itself, "
                "such as one of the estimators_ of an ensemble."
            )
        return steps

    @classmethod
    def of_generator(cls, model: Any) -> "Steps":
        """Find the generator of a pipeline, a search or a generator itself.

        Raises
        ------
        TypeError
            If there is none.
        """
        steps = cls._of(model)
        if not hasattr(steps.estimator, "_grow_again"):
            raise TypeError(
                "generator must be a fitted AttentionGraphGenerator, a pipeline that "
                f"ends in one or a search over these, got {type(model).__name__}."
            )
        return steps

    @classmethod
    def _of(cls, model: Any) -> "Steps":
        found, before = model, []
        while True:
            if isinstance(found, Pipeline):
                before += found.steps[:-1]
                found = found.steps[-1][1]
            elif isinstance(found, BaseSearchCV):
                check_is_fitted(found)
                if not hasattr(found, "best_estimator_"):  # refit=False
                    break
                found = found.best_estimator_
            else:
                break
        return cls(found, Pipeline(before) if before else None)

    @default_modes()
    def row(self, X: Any) -> Graph:
        """Apply the steps before a generator to one row; return its graph.

        Raises
        ------
        TypeError
            If it is no graph.
        """
        found = X if self.before is None else self.before.transform([X])[0]
        if not isinstance(found, Graph):
            raise TypeError(
                f"graph must be one Graph, got {type(found).__name__}. Call the "
                "function for each graph of a list."
            )
        return found

    @property
    def makes_molecules(self) -> bool:
        """Whether the steps before a generator make SMILES of its graphs."""
        return self.before is not None and hasattr(self.before, "inverse_transform")

    @default_modes()
    def prepare(self, X: Any, adjacency: Any) -> Any:
        """Apply the steps before the estimator, and prepare their output."""
        return self.estimator._prepare(self._transformed(X), adjacency)

    @default_modes()
    def prepare_part(self, X: Any, adjacency: Any) -> Any:
        """Prepare that part of the output of the steps that the answers depend on."""
        return self.estimator._prepare_part(self._transformed(X), adjacency)

    def _transformed(self, X: Any) -> Any:
        return X if self.before is None else self.before.transform(X)

    def recordings(self, X: Any) -> list[Recording] | None:
        """Return the sequences that a `SequenceGraph` made graphs of, if there is one.

        Node t of a graph is step t.
        """
        for number, (_, step) in enumerate(getattr(self.before, "steps", ())):
            if isinstance(step, SequenceGraph):
                given = self.before[:number].transform(X) if number else X
                values = read_sequences(given, step.axis).steps
                n_channels = step.n_features_in_
                channels = getattr(step, "feature_names_in_", range(n_channels))
                return [Recording(each, channels) for each in values]
        return None

    def sources(self) -> Ints | None:
        """Return the user's column that each feature of the estimator is made of.

        None without steps before it, and if a feature is made of several columns or it
        is unknown of which.
        """
        if self.before is None or not hasattr(self.before, "n_features_in_"):
            return None
        found = sources(self.before, self.before.n_features_in_)
        if found is None or len(found) != self.estimator.n_features_in_:
            return None
        return found

    def feature_names(self, n_features: int) -> tuple[Any, ...]:
        """Return the user's names of the features, or their numbers.

        Names are those of the estimator's input; in a pipeline those of its input if
        each feature is made of one column, else those of the last step's output.
        """
        if self.sources() is not None:
            return input_columns(self.before)
        known = getattr(self.estimator, "feature_names_in_", None)
        if self.before is not None:
            first = getattr(self.before, "feature_names_in_", None)
            try:
                known = self.before.get_feature_names_out()
            except (AttributeError, ValueError, TypeError):
                known = None if first is None or len(first) != n_features else first
        if known is None or len(known) != n_features:
            return tuple(range(n_features))
        return tuple(known)
