"""Places of the nodes and features of a question in the user's rows and columns."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from skattn.graph import Graph
from skattn.inspection._explanation import Evidence
from skattn.inspection._methods import Scored
from skattn.inspection._names import Ints, Names
from skattn.inspection._question import Question


@dataclass(frozen=True, eq=False)
class Places:
    """Places of a prepared input in the user's rows and columns."""

    question: Question
    """The prepared input and its answers."""
    features: tuple[Any, ...]
    """Names of the features."""

    @classmethod
    def of(cls, question: Question) -> Self:
        """Return the places of the input of a question."""
        steps = question.steps
        features = steps.feature_names(int(steps.estimator.n_features_in_))
        return cls(question, features)

    def evidence(self, row: int, scored: Scored) -> Evidence:
        """Return the scores of an answer's candidates in the user's nodes."""
        candidates = self.question.candidates[row]
        if self.question.of == "features":
            ends = candidates.ends[:, :1]
        else:
            nodes = self._positions(candidates.answer.nodes)
            n_ends = 2 if self.question.of == "edges" else 1
            ends = nodes[candidates.ends[:, :n_ends]]
        both = self.question.of == "edges" and not self.question.removal.is_directed
        return Evidence(ends, scored.scores, scored.exact, both)

    def _positions(self, nodes: Ints) -> Ints:
        """Return positions in the user's graph of nodes of the view."""
        if self._joined is None:
            return nodes
        found: Ints = self._joined.nodes.get_indexer(self._prepared.view.nodes[nodes])
        return found

    def graph(self, row: int) -> Graph:
        """Return the graph of a row, in the user's nodes."""
        view = self._prepared.view
        if self._joined is not None:
            return self._joined
        if not self._prepared.has_many_graphs:
            return view
        given = self._prepared.X[row]
        if isinstance(given, Graph):
            return given
        low, high = view.node_ptr[view.targets[row] :][:2]
        return view.whole.subgraph(np.arange(low, high))

    def names(self, row: int) -> Names:
        """Return the names of a row's nodes and features."""
        view, graph = self._prepared.view, self.graph(row)
        known: dict[str, Any] = {"n_nodes": graph.n_nodes, "features": self.features}
        if self._prepared.has_many_graphs:
            is_graph = isinstance(self._prepared.X[row], Graph)
            title = f"graph {row}" if is_graph else f"sequence {row}"
            noun = "node" if is_graph else "step"
            return Names(**known, noun=noun, title=title, labels=graph.nodes)
        target = int(self._positions(view.targets[[row]])[0])
        n_fitted = None
        if self._prepared.context.rows == "table":
            n_fitted = self._prepared.context.n_rows
        noun = "node" if n_fitted is None else "row"
        names = Names(
            **known,
            noun=noun,
            title="",
            target=target,
            labels=graph.nodes,
            n_fitted=n_fitted,
        )
        name = names.node(target)
        return replace(names, title=name if n_fitted else f"node {name!r}")

    @property
    def _prepared(self) -> Any:
        return self.question.prepared

    @property
    def _joined(self) -> Graph | None:
        """The graph that rows of a table join by name, or None."""
        found: Graph | None = getattr(self._prepared.context, "graph", None)
        return found
