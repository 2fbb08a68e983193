"""skorch net of graph batches."""

import dis
from copy import deepcopy
from dataclasses import dataclass

import torch
from skorch import NeuralNet
from skorch.callbacks import Callback, PrintLog
from skorch.dataset import get_len
from torch import nn

from skattn._training._batch_source import BatchSource
from skattn._training._callbacks import StopTraining
from skattn._training._gradients import Gradients
from skattn._training._history import EpochHistory, EpochSummary, read_numbers
from skattn._training._microbatches import Microbatches
from skattn._training._part_sums import PartSums, Shares
from skattn._training._parts import Parts
from skattn._training._precision import chosen_precision
from skattn._training._processes import Place
from skattn._training._shared_fits import current_processes
from skattn._training._tree_sum import tree_sum
from skattn._training._work import has_batch_norm

RESERVED = (
    "module",
    "criterion",
    "objective",
    "n_features",
    "generator",
    "device",
    "dataset",
    "train_split",
    "iterator_train",
    "iterator_valid",
    "predict_nonlinearity",
    "warm_start",
    "compile",
    "lr",
    "max_epochs",
    "verbose",
)
"""Arguments of the net that ``net_params`` cannot set."""


@dataclass(frozen=True, eq=False)
class Epochs:
    """Batch source as an iterable of the batches of one epoch."""

    source: BatchSource
    """Source of the batches."""
    generator: torch.Generator | None
    """Generator that shuffles them; None for no shuffling."""

    def __iter__(self):
        return self.source.epoch(self.generator)


class AttentionNet(NeuralNet):
    """skorch net that trains the module of an objective on batches of graphs.

    A data set is a `BatchSource`, iterated over once per epoch. A torch ``DataLoader``
    is not used: its overhead exceeds the time of a step on a small graph.

    Parameters
    ----------
    objective : Objective
        Training objective: module, loss and outputs.
    n_features : int
        Width of the node features.
    generator : torch.Generator
        Source of all random numbers, on the CPU: weights, order of batches, dropout.
    module, criterion : object
        Not used: the objective makes the module and computes the loss.
    **kwargs
        As for :class:`skorch.NeuralNet`.
    """

    def __init__(
        self,
        objective,
        n_features,
        *,
        generator=None,
        module=None,
        criterion=nn.Identity,
        **kwargs,
    ):
        super().__init__(module, criterion, **kwargs)
        self.objective = objective
        self.n_features = n_features
        self.generator = generator
        self._module_list = None

    def get_default_callbacks(self):
        """Return the callbacks that summarise an epoch and, if verbose, print it."""
        callbacks = [("epoch_summary", EpochSummary())]
        processes = current_processes()
        if not self.verbose or (processes is not None and processes.rank > 0):
            return callbacks
        return [*callbacks, ("print_log", PrintLog())]

    def initialize_history(self):
        """Create an empty history."""
        self.history_ = EpochHistory()
        self.interrupted_ = True  # unless the training ends otherwise
        return self

    def initialize_module(self):
        """Make the module; draw its weights from the generator."""
        with torch.device("meta"):  # draws nothing from torch's global generator
            module = self.objective.module(self.n_features).to(torch.float32)
        self.module_ = module.to_empty(device="cpu")
        self.module_.reset_parameters(self.generator)
        return self

    def get_split_datasets(self, X, y=None, **fit_params):
        """Return X, which already holds the training and validation batches."""
        return X

    def get_iterator(self, dataset, training=False):
        """Iterate over the batches, shuffled in training."""
        return Epochs(dataset, self.generator if training else None)

    def fit_loop(self, X, y=None, epochs=None, **kwargs):
        """Train; set ``interrupted_`` if the user interrupted it; drop a partial epoch.

        skorch catches ``KeyboardInterrupt``, of users and of callbacks that stop it.
        """
        try:
            self._module_list = list(self.module_.modules())
            super().fit_loop(X, y, epochs, **kwargs)
            self.interrupted_ = False
            return self
        except KeyboardInterrupt as stop:
            self.interrupted_ = not _is_from_callback(stop)
            processes = current_processes()
            if processes is not None:
                self.interrupted_ = processes.is_interrupted(own=self.interrupted_)
            last = "train_loss" if X[1] is None else "valid_score"
            if len(self.history) and last not in self.history[-1]:
                self.history.pop()  # it ended before validation
            raise
        finally:
            self._module_list = None

    def notify(self, method_name, **cb_kwargs):
        """Call the callbacks; process 0 decides whether one of them ends the training.

        Processes may differ in what a callback measures, such as the time.
        """
        processes = current_processes()
        if processes is None or method_name != "on_epoch_end":
            super().notify(method_name, **cb_kwargs)
            return
        stop = None
        try:
            super().notify(method_name, **cb_kwargs)
        except KeyboardInterrupt as found:
            stop = found
        if processes.is_stopped(own=stop is not None):
            raise stop or StopTraining

    def _set_training(self, training):
        """Set the training mode of all modules."""
        for module in self._module_list or self.module_.modules():
            if module.training is not training:
                module.training = training

    def move_to(self, device):
        """Move the module to a device, unless it is there: that walks all modules."""
        if next(self.module_.parameters()).device != device:
            self.module_.to(device)

    def run_single_epoch(self, iterator, training, prefix, step_fn, **fit_params):
        """Compute an epoch, as skorch does; on a GPU, read losses once at its end.

        Reading a number makes the CPU wait for the GPU. Callbacks see a tensor there.
        """
        if iterator is None:
            return
        n_batches = 0
        for batch in iterator:
            self.notify("on_batch_begin", batch=batch, training=training)
            step = step_fn(batch, **fit_params)
            self._record_batch(f"{prefix}_loss", step["loss"])
            self.history.record_batch(f"{prefix}_batch_size", get_len(batch[0]))
            self.notify("on_batch_end", batch=batch, training=training, **step)
            n_batches += 1
        self.history.record(f"{prefix}_batch_count", n_batches)
        read_numbers(self.history[-1]["batches"])

    def _record_batch(self, name, number):
        """Record a number of a batch; a tensor if it is not on the CPU."""
        is_here = number.device.type == "cpu"
        self.history.record_batch(name, number.item() if is_here else number.detach())

    def infer(self, x, **fit_params):
        """Compute the outputs of a batch in evaluation mode, one row per target."""
        with chosen_precision(self.module_):
            return self.objective.outputs(self.module_, x).float()

    def train_step_single(self, batch, **fit_params):
        """Compute loss and gradients of a batch."""
        self._set_training(True)
        x, labels = batch
        if isinstance(x, Parts):
            return self._train_parts(x)
        with chosen_precision(self.module_):
            loss, outputs = self.objective.loss(self.module_, x, labels, self.generator)
        loss.backward()
        processes = current_processes()
        if processes is not None:  # each computes the same
            processes.meet(Place.STEP)
        return {"loss": loss, "y_pred": outputs}

    def _train_parts(self, parts):
        weights = [w for w in self.module_.parameters() if w.requires_grad]
        layout = Gradients(weights)

        def learn(x, labels, generator):
            with chosen_precision(self.module_):
                loss, outputs = self.objective.loss(self.module_, x, labels, generator)
            grads = torch.autograd.grad(loss, weights, allow_unused=True)
            return layout.pack(loss, grads), outputs.detach()

        total, outputs = self._sum_parts(parts, learn, layout.length)
        return {"loss": layout.add(total), "y_pred": outputs}

    def _sum_parts(self, batch, learn, length):
        """Return the sum of the vectors of all parts of a batch, and their outputs.

        Each process learns from its share of microbatches. It learns from all if there
        are fewer than processes, and they wait for each other, or of other parts.
        """
        processes, n_parts = current_processes(), len(batch.seeds)
        waits = has_batch_norm(self.module_)
        is_shared = isinstance(batch, Microbatches)
        if processes is None or not is_shared or (waits and n_parts < processes.count):
            sums = PartSums(range(n_parts), None) if waits else None
            vectors, outs = zip(*batch.map(learn, sums=sums), strict=True)
            if processes is not None:
                processes.meet(Place.STEP)
            return tree_sum(vectors), torch.cat(outs)
        shares = Shares(processes, n_parts)
        sums = PartSums(shares.own, shares) if waits else None
        found = batch.map(learn, shares.own, sums=sums)
        device, width = next(self.module_.parameters()).device, self.objective.n_outputs
        rows = [out.reshape(-1) for _, out in found]
        own = torch.cat([torch.zeros(0, device=device), *rows])
        sizes = [
            width * sum(len(batch.numbers[k]) for k in part) for part in shares.ranges
        ]
        own_vectors = [vector for vector, _ in found]
        total, outputs = shares.add(own_vectors, length, own, sizes)
        return total.to(device), torch.cat(outputs).view(-1, width).to(device)

    def validation_step(self, batch, **fit_params):
        """Compute loss and score of a validation batch."""
        self._set_training(False)
        with torch.no_grad(), chosen_precision(self.module_):
            loss, score, outputs = self.objective.validate(self.module_, *batch)
        self._record_batch("valid_score", score)
        return {"loss": loss, "y_pred": outputs.float()}

    def __getstate__(self):
        """Return the state for prediction, on the CPU."""
        trained = object.__new__(type(self))
        trained.__dict__.update(self.__dict__)
        trained.optimizer_ = trained.generator = None
        trained.callbacks_ = []
        if "module_" in vars(self):
            trained.module_ = deepcopy(self.module_).cpu()
        trained.device = "cpu"
        return super(AttentionNet, trained).__getstate__()


def _is_from_callback(stop):
    """Return whether a callback raised the interrupt, rather than a signal (Ctrl-C).

    Our callbacks raise `StopTraining`. Users' callbacks raise KeyboardInterrupt, as
    skorch documents: then the last instruction within a callback is a ``raise``.
    """
    if isinstance(stop, StopTraining):
        return True
    traces = [stop.__traceback__]
    while traces[-1].tb_next is not None:
        traces.append(traces[-1].tb_next)
    where, at = traces[-1].tb_frame.f_code.co_code, traces[-1].tb_lasti
    in_callback = any(
        isinstance(trace.tb_frame.f_locals.get("self"), Callback) for trace in traces
    )
    return in_callback and where[at] == dis.opmap["RAISE_VARARGS"]
