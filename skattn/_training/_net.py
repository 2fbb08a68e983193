"""The skorch net that trains an attention network."""

import dis
from copy import deepcopy
from dataclasses import dataclass

import torch
from skorch import NeuralNet
from skorch.callbacks import Callback, PrintLog
from torch import nn

from skattn._training._batch_source import BatchSource
from skattn._training._callbacks import StopTraining
from skattn._training._history import EpochHistory, EpochSummary
from skattn._training._microbatches import Microbatches

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
    """Makes the batches."""
    generator: torch.Generator | None
    """Shuffles them; None for their own order."""

    def __iter__(self):
        return self.source.epoch(self.generator)


class AttentionNet(NeuralNet):
    """A skorch net over batches of graphs.

    A data set is a batch source, whose ``(GraphBatch, Labels)`` pairs are iterated over
    once an epoch, without a torch ``DataLoader``, whose overhead is several times that
    of a step on a small graph (benchmarks/README.md).

    Parameters
    ----------
    objective : Objective
        Makes the module, computes its loss and its outputs.
    n_features : int
        Width of the node features.
    generator : torch.Generator
        The only source of randomness: weights, then the order of batches and dropout.
        It stays on the CPU.
    module : None
        Not used; the objective makes it.
    criterion : type
        Not used; the objective computes the loss.
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
        """Summarise every epoch; print it if verbose."""
        callbacks = [("epoch_summary", EpochSummary())]
        return [*callbacks, ("print_log", PrintLog())] if self.verbose else callbacks

    def initialize_history(self):
        """Create an empty history."""
        self.history_ = EpochHistory()
        return self

    def initialize_module(self):
        """Make the network; its weights come from the generator alone."""
        with torch.device("meta"):  # draws nothing from torch's own generator
            module = self.objective.module(self.n_features)
        self.module_ = module.to_empty(device="cpu")
        self.module_.reset_parameters(self.generator)
        return self

    def get_split_datasets(self, X, y=None, **fit_params):
        """Return the training and the validation source unchanged."""
        return X

    def get_iterator(self, dataset, training=False):
        """Iterate over the batches, shuffled in training."""
        return Epochs(dataset, self.generator if training else None)

    def fit_loop(self, X, y=None, epochs=None, **kwargs):
        """Train; record whether the user stopped it, and drop an unfinished epoch.

        Callbacks stop a training by ``KeyboardInterrupt``, which skorch swallows
        together with the user's own.
        """
        self.interrupted_ = False
        self._module_list = list(self.module_.modules())
        try:
            return super().fit_loop(X, y, epochs, **kwargs)
        except KeyboardInterrupt as stop:
            self.interrupted_ = not _is_from_callback(stop)
            last = "train_loss" if X[1] is None else "valid_score"
            if len(self.history) and last not in self.history[-1]:
                self.history.pop()  # an epoch without its end does not count
            raise
        finally:
            self._module_list = None

    def _set_training(self, training):
        """Set the mode of all modules, which `fit_loop` finds once for all steps."""
        for module in self._module_list or self.module_.modules():
            if module.training is not training:
                module.training = training

    def infer(self, x, **fit_params):
        """Compute one row per target of a batch, in evaluation."""
        return self.objective.outputs(self.module_, x)

    def train_step_single(self, batch, **fit_params):
        """Compute the gradients of a batch, or of its microbatches."""
        self._set_training(True)
        x, labels = batch
        if isinstance(x, Microbatches):
            return self._train_microbatches(x)
        loss, outputs = self.objective.loss(self.module_, x, labels, self.generator)
        loss.backward()
        return {"loss": loss, "y_pred": outputs}

    def _train_microbatches(self, parts):
        weights = [w for w in self.module_.parameters() if w.requires_grad]

        def learn(x, labels, generator):
            loss, outputs = self.objective.loss(self.module_, x, labels, generator)
            grads = torch.autograd.grad(loss, weights, allow_unused=True)
            return outputs.detach(), loss.detach(), grads

        outs, losses, grads = zip(*parts.map(learn), strict=True)
        for weight, *found in zip(weights, *grads, strict=True):
            known = [grad for grad in [weight.grad, *found] if grad is not None]
            weight.grad = sum(known[1:], start=known[0]) if known else None
        return {"loss": torch.stack(losses).sum(), "y_pred": torch.cat(outs)}

    def validation_step(self, batch, **fit_params):
        """Compute loss and score of a validation batch."""
        self._set_training(False)
        with torch.no_grad():
            loss, score, outputs = self.objective.validate(self.module_, *batch)
        self.history.record_batch("valid_score", score.item())
        return {"loss": loss, "y_pred": outputs}

    def __getstate__(self):
        """Keep the state that prediction needs, on the CPU."""
        trained = object.__new__(type(self))
        trained.__dict__.update(self.__dict__)
        trained.optimizer_ = trained.generator = None
        trained.callbacks_ = []
        if "module_" in vars(self):
            trained.module_ = deepcopy(self.module_).cpu()
        trained.device = "cpu"
        return super(AttentionNet, trained).__getstate__()


def _is_from_callback(stop):
    """Return whether a callback raised the interrupt, not a signal during a callback.

    Our callbacks raise `StopTraining`; users' raise KeyboardInterrupt, as skorch
    documents.
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
