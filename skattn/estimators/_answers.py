"""The number of every prediction that an explanation is about."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from skattn.estimators._label_encoding import Classes, Indicators, Numbers

Unit = Literal["log odds", "value", "component"]


@dataclass(frozen=True, eq=False)
class Answers:
    """Which output of each target is explained, and in which unit."""

    encoding: Classes | Indicators | Numbers | None
    """Encoding of the labels; None for an embedding."""
    columns: NDArray[np.int64]
    """(n_targets,) explained output of each target."""
    labels: NDArray[Any]
    """(n_targets,) its class, or its number."""

    @property
    def unit(self) -> Unit:
        """Unit of an answer: log odds of the class, units of y, or of the embedding."""
        if self.encoding is None:
            return "component"
        return "value" if isinstance(self.encoding, Numbers) else "log odds"

    def of(self, outputs: Tensor, target: int) -> Tensor:
        """Compute the answer of a target from network outputs.

        Parameters
        ----------
        outputs : Tensor of shape (n_copies, n_outputs)
            Outputs of copies of the target.
        target : int
            Position of the target among those explained.

        Returns
        -------
        Tensor of shape (n_copies,), float64
            ``log(p / (1 - p))`` of the class, or a number in the units of y.
        """
        column = int(self.columns[target])
        chosen = outputs[:, column].double()
        if isinstance(self.encoding, Classes):
            others = [k for k in range(outputs.shape[1]) if k != column]
            if not others:
                return chosen
            return chosen - outputs[:, others].double().logsumexp(1)
        if isinstance(self.encoding, Numbers):
            scale, mean = self.encoding.scale[column], self.encoding.mean[column]
            return chosen * float(scale) + float(mean)
        return chosen

    def of_rows(self, outputs: NDArray[Any]) -> NDArray[np.float64]:
        """Compute the answers of all targets, from one row of outputs each."""
        rows = torch.from_numpy(outputs)
        found = [float(self.of(rows[[row]], row)) for row in range(len(rows))]
        return np.array(found, np.float64)


def answers_of(estimator: Any, outputs: NDArray[Any], classes: Any) -> Answers:
    """Choose the explained output of each target.

    Parameters
    ----------
    estimator : estimator of skattn
        Fitted.
    outputs : ndarray of shape (n_targets, n_outputs)
        Its outputs.
    classes : label, array of n_targets labels, or None
        Class, or number of a column of y or of the embedding; None for the predicted
        class or the only column.

    Raises
    ------
    ValueError
        If there is no such class or column, or None leaves a choice of columns.
    """
    encoding = getattr(estimator, "_label_encoding_", None)
    n_targets, n_outputs = outputs.shape
    if classes is None:
        columns = _default_columns(encoding, outputs)
    else:
        columns = _columns(encoding, classes, n_targets, n_outputs)
    labels = encoding.classes[columns] if isinstance(encoding, Classes) else columns
    return Answers(encoding, columns, labels)


def _default_columns(encoding: Any, outputs: NDArray[Any]) -> NDArray[np.int64]:
    n_targets, n_outputs = outputs.shape
    if isinstance(encoding, Classes):
        return outputs.argmax(1).astype(np.int64)
    if n_outputs > 1:
        raise ValueError(
            f"classes must name one of the {n_outputs} outputs, numbers 0 to "
            f"{n_outputs - 1}, got None. Pass classes=0 for the first one."
        )
    return np.zeros(n_targets, np.int64)


def _columns(
    encoding: Any, classes: Any, n_targets: int, n_outputs: int
) -> NDArray[np.int64]:
    known = encoding.classes if isinstance(encoding, Classes) else np.arange(n_outputs)
    asked = np.asarray(classes)
    if asked.ndim > 1 or (asked.ndim == 1 and len(asked) != n_targets):
        raise ValueError(
            f"classes must be one label or one per answer ({n_targets}), got shape "
            f"{asked.shape}."
        )
    number = {label: k for k, label in enumerate(known.tolist())}
    listed = np.broadcast_to(asked, n_targets).tolist()
    unknown = [label for label in listed if label not in number]
    if unknown:
        noun = "classes_" if isinstance(encoding, Classes) else "outputs"
        raise ValueError(
            f"classes must be among the {noun} {known.tolist()[:20]}, got "
            f"{unknown[0]!r}."
        )
    return np.array([number[label] for label in listed], np.int64)
