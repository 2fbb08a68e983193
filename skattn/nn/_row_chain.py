"""Chain over the row of edges of a new node."""

from __future__ import annotations

import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import cross_entropy, silu

from skattn.nn._init import Resettable
from skattn.nn._linear import Linear
from skattn.ops import GrowthSteps
from skattn.ops._draw_rows import RowDraw, draw_rows


class RowChain(Resettable):
    """Autoregressive distribution of the edges from a new node to old ones.

    The edge to a candidate depends on the codes of both nodes, on the label of the new
    one, and on the edges to the candidates before it:
    ``z_s = K h_s + Q h_new + e_label + Σ (M h_b + f_edge(b))`` over the earlier
    candidates b with an edge, and the logits of the labels of an edge, 0 for none, are
    ``silu(silu(z) W + b) V + c``. Independent edges, or a mixture of them (Liao et al.
    2019), do not learn that exactly one of many is present.

    Parameters
    ----------
    width : int
        Width of the codes.
    n_labels : int
        Number of labels of nodes.
    n_edge_labels : int
        Number of labels of edges.
    must_link : bool, default=False
        Whether rows without an edge are impossible: the last candidate of a row
        without any has one.
    """

    def __init__(
        self, width: int, n_labels: int, n_edge_labels: int, *, must_link: bool = False
    ) -> None:
        super().__init__()
        self.must_link = must_link
        self.key = Linear(width, width, bias=False)
        self.query = Linear(width, width)
        self.message = Linear(width, width, bias=False)
        self.label = nn.Parameter(torch.empty(n_labels, width))
        self.edge_message = nn.Parameter(torch.empty(n_edge_labels + 1, width))
        self.hidden = Linear(width, width)
        self.output = Linear(width, n_edge_labels + 1)
        self.reset_parameters()

    def reset_parameters(self, generator: Generator | None = None) -> None:
        """Draw all weights; those of labels are normal."""
        super().reset_parameters(generator)
        with torch.no_grad():
            self.label.normal_(generator=generator)
            self.edge_message.normal_(generator=generator)

    def forward(self, codes: Tensor, steps: GrowthSteps) -> Tensor:
        """Compute the log-probability of the row of edges of every context.

        Parameters
        ----------
        codes : Tensor of shape (n_nodes, width)
            Codes of all nodes of the contexts.
        steps : GrowthSteps
            The new nodes and their rows.

        Returns
        -------
        Tensor of shape (n_contexts,)
            Log-probabilities; 0 for a context without candidates.
        """
        log_p = -cross_entropy(self.logits(codes, steps), steps.edge, reduction="none")
        return log_p.new_zeros(len(steps.new)).index_add(0, steps.owners, log_p)

    def logits(self, codes: Tensor, steps: GrowthSteps) -> Tensor:
        """Compute the logits of every edge, given the edges to earlier candidates.

        Parameters
        ----------
        codes : Tensor of shape (n_nodes, width)
            Codes of all nodes of the contexts.
        steps : GrowthSteps
            The new nodes and their rows.

        Returns
        -------
        Tensor of shape (n_candidates, n_edge_labels + 1)
            Logits of the labels of the edge to each candidate, 0 for none.
        """
        if not len(steps.candidates):
            return codes.new_zeros(0, len(self.edge_message))
        owners, old = steps.owners, codes[steps.candidates]
        earlier = _earlier_edges(steps)
        z = self.key(old) + self._of_new(codes, steps)[owners]
        z = z + self._history(old, owners, earlier, steps)
        logits: Tensor = self.output(silu(self.hidden(silu(z))))
        if self.must_link:
            is_last = steps.row_ptr[1:][owners] == 1 + torch.arange(
                len(owners), device=owners.device
            )
            impossible = (is_last & (earlier == 0))[:, None]
            none = torch.arange(logits.shape[1], device=logits.device) == 0
            logits = logits.masked_fill(impossible & none, -torch.inf)
        return logits

    @torch.no_grad()
    def draw(
        self,
        codes: Tensor,
        steps: GrowthSteps,
        uniform: Tensor,
        temperature: float = 1.0,
    ) -> Tensor:
        """Draw the edges of all rows.

        Parameters
        ----------
        codes : Tensor of shape (n_nodes, width)
            Codes of all nodes of the contexts.
        steps : GrowthSteps
            The new nodes and their candidates; edges are ignored.
        uniform : Tensor of shape (n_candidates,)
            Random numbers between 0 and 1.
        temperature : float, default=1.0
            Number by which logits are divided.

        Returns
        -------
        Tensor of shape (n_candidates,), int64
            Label of each edge, 0 for none.
        """
        old = codes[steps.candidates]
        rows = RowDraw(
            row_ptr=steps.row_ptr,
            base=self.key(old) + self._of_new(codes, steps)[steps.owners],
            message=self.message(old),
            edge_message=self.edge_message,
            hidden=(self.hidden.weight, _bias(self.hidden)),
            output=(self.output.weight, _bias(self.output)),
            uniform=uniform,
            temperature=temperature,
            must_link=self.must_link,
        )
        return draw_rows(rows)

    def _of_new(self, codes: Tensor, steps: GrowthSteps) -> Tensor:
        """Return the part of the new node in the hidden layer; (n_contexts, width)."""
        labels = steps.label.clamp(max=len(self.label) - 1)  # complete: no candidates
        part: Tensor = self.query(codes[steps.new]) + self.label[labels]
        return part

    def _history(
        self, old: Tensor, owners: Tensor, earlier: Tensor, steps: GrowthSteps
    ) -> Tensor:
        """Sum the messages of the earlier edges of each row; (n_candidates, width)."""
        chosen = (steps.edge > 0).nonzero()[:, 0]
        depth = int(earlier.max()) + 2
        sent = self.message(old[chosen]) + self.edge_message[steps.edge[chosen]]
        slots = owners[chosen] * depth + earlier[chosen] + 1
        table = sent.new_zeros(len(steps.new) * depth, sent.shape[1])
        sums = (
            table.index_copy(0, slots, sent).view(len(steps.new), depth, -1).cumsum(1)
        )
        history: Tensor = sums.flatten(0, 1)[owners * depth + earlier]
        return history


def _earlier_edges(steps: GrowthSteps) -> Tensor:
    """Count the edges to earlier candidates of the same row, (n_candidates,)."""
    present = (steps.edge > 0).long()
    before = present.cumsum(0) - present
    firsts = steps.row_ptr[:-1].clamp(max=len(before) - 1)
    return before - before[firsts].repeat_interleave(
        steps.row_ptr.diff(), output_size=len(before)
    )


def _bias(linear: Linear) -> Tensor:
    assert linear.bias is not None
    return linear.bias
