"""Outputs of a fitted network for sequences from which steps or features are removed.

Patches and the means of segments are linear functions of the steps, so that gates of
steps are gates of their shares in both.
"""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from skattn._batch import GraphBatch
from skattn._batch._copies import COPY_SIZE, removed_by
from skattn._training import AttentionNet, Objective, default_modes, predict
from skattn.estimators._input_spec import InputSpec
from skattn.graph._patches import Patching
from skattn.graph._sequence_context import graphs_of_patches


@dataclass(frozen=True, eq=False)
class StepCandidates:
    """Steps, or features, of a sequence that can be removed."""

    of: Literal["nodes", "features"]
    """What is removed."""
    steps: NDArray[Any]
    """(n_steps, n_features) checked steps of the sequence."""
    removed: NDArray[Any]
    """(n_steps, n_features) steps without any candidate."""
    owner: NDArray[np.int64]
    """(n_steps, n_features) candidate of each number."""
    positions: NDArray[np.int64]
    """(n_candidates, 2) first step of a candidate, or the feature; twice."""
    n_patches: int
    """Number of nodes of the sequence's graph."""

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def size(self) -> int:
        """Number of nodes and edges of a copy."""
        return self.n_patches + self.n_patches**2

    def copy(self, kept: NDArray[np.bool_]) -> NDArray[Any]:
        """Return the steps with some candidates, `kept` (n_candidates,)."""
        return np.where(kept[self.owner], self.steps, self.removed)


@dataclass(frozen=True, eq=False)
class StepRemoval:
    """A fitted network and sequences, of which steps or features can be removed.

    Steps are removed in groups of ``patching.stride``, the resolution of the patches.
    """

    parts: list[NDArray[Any]]
    """Checked steps of each sequence, (n_steps, n_features)."""
    patching: Patching
    """Division of a sequence into patches, and its segments."""
    spec: InputSpec
    """Conversion of views to batches."""
    net: AttentionNet
    """The fitted network and its objective."""
    device: torch.device
    """Device of the batches."""
    uses_labels: ClassVar[bool] = False
    """Whether known labels are inputs, which sequences have none of."""
    has_gradients: ClassVar[bool] = True
    """Whether outputs have gradients, at least partial ones."""
    is_directed: ClassVar[bool] = True
    """Whether an edge stands for one direction; there are none among candidates."""

    def candidates(self, of, baseline):
        """List the steps or features of each sequence.

        Parameters
        ----------
        of : {"nodes", "features"}
            Steps, or features of all steps at once.
        baseline : ndarray of shape (n_features,)
            Values of removed steps.

        Returns
        -------
        list of StepCandidates
            One per sequence.
        """
        return [self._candidates_of(part, of, baseline) for part in self.parts]

    def _candidates_of(self, part, of, baseline):
        n_steps, n_features = part.shape
        stride = self.patching.stride
        if of == "nodes":
            owner = np.repeat((np.arange(n_steps) // stride)[:, None], n_features, 1)
            first = stride * np.arange(owner[-1, 0] + 1)
        else:
            owner = np.repeat(np.arange(n_features)[None], n_steps, 0)
            first = np.arange(n_features)
        removed = np.broadcast_to(baseline.astype(part.dtype), part.shape)
        n_patches = self.patching.n_patches(n_steps)
        positions = np.stack([first, first], 1)
        return StepCandidates(of, part, removed, owner, positions, n_patches)

    @default_modes()
    def outputs(self, candidates, kept, *, max_size=COPY_SIZE):
        """Compute the outputs of sequences without the candidates that are not kept.

        Arguments and result are those of :meth:`Removal.outputs`.
        """
        found = []
        for each, rows in zip(candidates, kept, strict=True):
            step = max(max_size // each.size, 1)
            parts = []
            for start in range(0, len(rows), step):
                removed = removed_by(rows, slice(start, start + step))
                copies = [each.copy(row) for row in removed.others(len(each))]
                parts.append(self._outputs(copies))
            found.append(np.concatenate(parts))
        return found

    def size_of_copies(self, candidates):
        """Return the nodes and edges of copies without each candidate."""
        return len(candidates) * candidates.size

    def _outputs(self, parts):
        view = graphs_of_patches(parts, self.patching)
        (source,) = self.spec.sources(
            [(view, None)], batch_size=len(parts), device=self.device
        )
        return predict(self.net, source)

    @default_modes()
    def gated(self, candidates, *, partial=False):
        """Make the outputs of sequences a differentiable function of gates.

        Parameters
        ----------
        candidates : list of StepCandidates
            From :meth:`candidates`, or some of them.
        partial : bool, default=False
            As for :meth:`Removal.gated`; gates of steps are always exact.

        Returns
        -------
        GatedSteps
            Equal to :meth:`outputs` where gates are 0 or 1.
        """
        return GatedSteps.of(self, candidates)

    def batch(self, parts):
        """Return the batch of sequences, and the values of their segments."""
        view = graphs_of_patches(parts, self.patching)
        batch = self.spec.batch(view, np.arange(len(parts)))
        means = None if view.descriptors is None else view.descriptors.values
        return batch, means


@dataclass(frozen=True, eq=False)
class GatedSteps:
    """Outputs of sequences as a differentiable function of the gates of candidates."""

    ptr: NDArray[np.int64]
    """(n_answers + 1,): answer k has the gates ``ptr[k]`` to ``ptr[k + 1]``."""
    removal: StepRemoval
    base: GraphBatch
    """The sequences without any candidate."""
    base_x: Tensor
    """(n_patches, n_columns): their features."""
    base_means: Tensor | None
    """(n_answers, n_descriptors) means of segments, not scaled."""
    shares: list[Tensor]
    """For each answer (n_candidates, n_patches, n_columns): shares of candidates."""
    mean_shares: list[Tensor] | None
    """For each answer (n_candidates, n_descriptors)."""

    @classmethod
    def of(cls, removal, candidates):
        """Compute the share of each candidate in patches and segments."""
        nothing = [each.copy(np.zeros(len(each), bool)) for each in candidates]
        base, means = removal.batch(nothing)
        assert isinstance(base.x, Tensor)
        parts = base.x.split([each.n_patches for each in candidates])
        shares, mean_shares = [], []
        for number, each in enumerate(candidates):
            alone = [each.copy(row) for row in np.eye(len(each), dtype=bool)]
            batch, found = removal.batch(alone)
            rows = batch.x.view(len(each), each.n_patches, -1)
            shares.append(rows - parts[number])
            if means is not None:
                mean_shares.append(torch.from_numpy(found - means[number]))
        return cls(
            np.concatenate([[0], np.cumsum([len(each) for each in candidates])]),
            removal,
            base,
            base.x,
            None if means is None else torch.from_numpy(means),
            shares,
            None if means is None else mean_shares,
        )

    @default_modes()
    def __call__(self, gates: Tensor) -> Tensor:
        """Compute the outputs (n_answers, n_outputs) of gates (n_gates,)."""
        of_each = gates.split(np.diff(self.ptr).tolist())
        added = [
            torch.einsum("c,cpf->pf", gate, share)
            for gate, share in zip(of_each, self.shares, strict=True)
        ]
        structure = self.base.structure
        if self.mean_shares is not None:
            means = [
                gate.double() @ share
                for gate, share in zip(of_each, self.mean_shares, strict=True)
            ]
            assert self.base_means is not None
            scaled = self._scaled(self.base_means + torch.stack(means))
            structure = replace(structure, descriptors=scaled)
        x = self.base_x + torch.cat(added)
        batch = replace(self.base, x=x, structure=structure).to(self.removal.device)
        objective: Objective = self.removal.net.objective
        module: nn.Module = self.removal.net.module_.to(self.removal.device).eval()
        return objective.outputs(module, batch)

    def _scaled(self, means: Tensor) -> Tensor:
        """Standardise the means of segments, as `DescriptorScaling.apply` does."""
        scaling = self.removal.spec.descriptor_scaling
        assert scaling is not None
        scale = means.new_tensor(scaling.scale)
        constant = scale == 0
        scaled = means - means.new_tensor(scaling.mean)
        scaled = (scaled / scale.masked_fill(constant, 1)).masked_fill(constant, 0)
        if scaling.limit is not None:
            scaled = scaled.clamp(-scaling.limit, scaling.limit)
        return scaled.float()
