"""Base class of graphs that are sliced by targets, as scikit-learn slices X."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from skattn.graph._row_keys import rows_at


class TargetView(ABC):
    """Base class of immutable objects with targets as rows.

    A slice is a view of the same arrays with other targets. Copying returns the object.
    """

    targets: NDArray[np.int64]
    """(n_targets,) positions of rows."""
    _base: Self | None
    """Base object of a view, or None."""

    __iter__: ClassVar[None] = None

    @property
    def base(self) -> Self:
        """Whole graph that this is a view of, or the graph itself."""
        return self if self._base is None else self._base

    @property
    def is_view(self) -> bool:
        """Whether this is a slice of another graph."""
        return self._base is not None

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, key: Any) -> Self:
        return self._view(rows_at(self.targets, key))

    def __repr__(self) -> str:
        counts = self._counts()
        if self.is_view:
            counts["n_targets"] = len(self.targets)
        listed = ", ".join(f"{name}={n}" for name, n in counts.items())
        return f"{type(self).__name__}({listed})"

    def __sklearn_clone__(self) -> Self:
        return self

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    @abstractmethod
    def _view(self, targets: NDArray[np.int64]) -> Self:
        """Return a view of the base with other targets."""

    @abstractmethod
    def _counts(self) -> dict[str, int]:
        """Return names and sizes for the repr."""
