"""Places of the nodes and features of a question in the user's rows and columns."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from skattn._compat_sklearn import _safe_indexing
from skattn.graph import Graph
from skattn.inspection._evidence import Evidence
from skattn.inspection._methods import Scored
from skattn.inspection._molecule_picture import atom_names, molecule_of
from skattn.inspection._names import Ints, Names, Part, Recording
from skattn.inspection._question import Question


@dataclass(frozen=True, eq=False)
class Places:
    """Places of a prepared input in the user's rows and columns."""

    question: Question
    """The prepared input and its answers."""
    features: tuple[Any, ...]
    """Names of the features."""
    recordings: list[Recording] | None
    """Sequences of which a step of the pipeline made graphs, or None."""

    @classmethod
    def of(cls, question: Question) -> Self:
        """Return the places of the input of a question."""
        steps = question.steps
        features = steps.feature_names(int(steps.estimator.n_features_in_))
        return cls(question, features, steps.recordings(question.X))

    def evidence(self, row: int, scored: Scored) -> Evidence:
        """Return the scores of an answer's candidates in the user's nodes."""
        of = self.question.of
        n_ends = 2 if of == "edges" else 1
        ends = self.question.candidates[row].positions[:, :n_ends]
        if of != "features":
            ends = self._positions(ends)
        both = of == "edges" and not self.question.removal.is_directed
        return Evidence(ends, scored.scores, scored.exact, both)

    def _positions(self, nodes: Ints) -> Ints:
        """Return positions in the user's graph of nodes of the view."""
        if self._prepared.nodes is not None:
            part: Ints = self._prepared.nodes[nodes]
            return part
        if self._joined is None:
            return nodes
        labels = self._prepared.view.nodes[nodes.ravel()]
        found: Ints = self._joined.nodes.get_indexer(labels).reshape(nodes.shape)
        return found

    def part(self, row: int) -> Part:
        """Return the known part of the graph of a row, in the user's nodes."""
        view = self._prepared.view
        if self._joined is not None:
            return Part(self._joined)
        if not self._prepared.has_many_graphs:
            return Part(view, self._prepared.nodes)
        given = self._prepared.X[row]
        if isinstance(given, Graph):
            return Part(given)
        low, high = view.node_ptr[view.targets[row] :][:2]
        return Part(view.whole.subgraph(np.arange(low, high)))

    def names(self, row: int) -> Names:
        """Return the names of a row's nodes and features."""
        if self._prepared.context.rows == "sequences":
            return self._names_of_steps(row)
        view, graph = self._prepared.view, self.part(row).graph
        names = Names(graph.n_nodes, self.features, "node", f"graph {row}")
        names = replace(names, labels=graph.nodes)
        if self._prepared.has_many_graphs:
            return self._of_graph(names, row)
        if self._has_pairs:
            ends = tuple(self._prepared.pairs[row].tolist())
            title = "pair " + ", ".join(repr(names.node(end)) for end in ends)
            return replace(names, targets=ends, title=title)
        target = int(self._positions(view.targets[[row]])[0])
        names = replace(names, targets=(target,))
        if self._prepared.context.rows != "table":
            return replace(names, title=f"node {names.node(target)!r}")
        n_fitted = self._prepared.context.n_rows
        names = replace(names, noun="row", n_fitted=n_fitted)
        names = replace(names, n_nodes=n_fitted + len(view.targets))
        return replace(names, title=names.node(target))

    def _of_graph(self, names: Names, row: int) -> Names:
        """Return the names of atoms or steps, if a node is an atom or a step."""
        recording = None if self.recordings is None else self.recordings[row]
        if recording is not None and len(recording.values) == names.n_nodes:
            title = f"sequence {row}"
            return replace(names, noun="step", title=title, recording=recording)
        smiles = _safe_indexing(self.question.X, row)
        molecule = molecule_of(smiles, names.n_nodes)
        if molecule is None:
            return names
        title, labels = f"molecule {row}", atom_names(molecule)
        return replace(names, molecule=molecule, title=title, labels=labels)

    def _names_of_steps(self, row: int) -> Names:
        """Return the names of the steps of a sequence, or of its patches."""
        title = f"sequence {row}"
        candidates: Any = self.question.candidates[row]
        stride = self._prepared.context.patching.stride
        if self.question.of == "edges":  # between patches
            n_patches = candidates.answer.graph.n_nodes
            firsts = range(0, stride * n_patches, stride)
            return Names(n_patches, self.features, "step", title, labels=firsts)
        steps = candidates.steps
        recording = Recording(steps, self.features)
        return Names(
            len(steps),
            self.features,
            "step",
            title,
            stride=stride,
            recording=recording,
        )

    @property
    def _prepared(self) -> Any:
        return self.question.prepared

    @property
    def _has_pairs(self) -> bool:
        return bool(self._prepared.context.rows == "pairs")

    @property
    def _joined(self) -> Graph | None:
        """The graph that rows of a table join by name, or None."""
        if self._has_pairs:
            return None
        found: Graph | None = getattr(self._prepared.context, "graph", None)
        return found
