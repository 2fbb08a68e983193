"""Exact neighbour search by matrix products in the cells of a partition.

Boxes around the cells exclude most of them; in the others, scalar products in float32
bound the distances of a new row to all rows. The few rows that may be near are compared
by differences in float64, so that the result is exact.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from skattn._compat_sklearn import effective_threads, one_blas_thread
from skattn.graph._cell_kernels import RUN, SLACK, update_nearest
from skattn.graph._precision import row_hashes

CELL_ROWS = 2048
"""Rows of a cell, at most."""

N_DIRECTIONS = 8
"""Principal directions in which cells have boxes."""

N_SAMPLE = 500
"""Rows from which the directions are computed."""

BLOCK_QUERIES = 1024
"""New rows that are compared at once, at most."""

QUERIES_PER_THREAD = 256
"""New rows that outweigh the start of a thread."""

FAR = 2.0**120
"""Squared distance, of a table scaled to 1, from which products are not computed."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Cells:
    """Rows in cells along the principal directions of a table."""

    low: Floats
    """(n_cells, n_directions) least projection of a cell's rows."""
    high: Floats
    """(n_cells, n_directions) greatest projection."""
    centers: Floats
    """(n_cells, n_features) mean of a cell's rows."""
    radii: Floats
    """(n_cells,) greatest scaled distance of a row from the mean."""
    columns: NDArray[np.float32]
    """(n_cells, n_features + 1, cell_size) scaled rows less their mean, and half their
    squared norm; infinite for no row."""
    members: Ints
    """(n_cells, cell_size) position of each row, -1 for none."""

    @classmethod
    def of(
        cls,
        rows: NDArray[Any],
        kept: Ints,
        projections: Floats,
        parts: list[Ints],
        scale: float,
    ) -> Self:
        """Make cells of the parts of the kept rows and of their projections."""
        size = -(-max(map(len, parts)) // RUN) * RUN
        centers = np.empty((len(parts), rows.shape[1]))
        radii = np.empty(len(parts))
        columns = np.zeros((len(parts), rows.shape[1] + 1, size), np.float32)
        columns[:, -1] = np.inf
        members = np.full((len(parts), size), -1)
        for cell, part in enumerate(parts):
            positions = kept[part]
            centers[cell] = rows[positions].mean(axis=0, dtype=np.float64)
            offsets = (rows[positions] - centers[cell]) * scale
            squares = _squares(offsets)
            radii[cell] = np.sqrt(squares.max())
            columns[cell, :-1, : len(part)] = offsets.T
            columns[cell, -1, : len(part)] = squares / 2
            members[cell, : len(part)] = positions
        return cls(
            low=np.array([projections[part].min(axis=0) for part in parts]),
            high=np.array([projections[part].max(axis=0) for part in parts]),
            centers=centers,
            radii=radii,
            columns=columns,
            members=members,
        )


@dataclass(frozen=True, eq=False)
class CellIndex:
    """Index of the rows of a dense table, for Euclidean distances."""

    rows: NDArray[Any]
    """(n_rows, n_features), float32 or float64."""
    scale: float
    """Power of two that brings numbers near 1; distances in cells are scaled."""
    center: Floats
    """(n_features,) origin of the projections."""
    directions: Floats
    """(n_features, n_directions), orthonormal."""
    cells: Cells

    @classmethod
    def of(cls, rows: NDArray[Any], k: int) -> Self:
        """Make the index for queries of at most k neighbours."""
        if rows.dtype != np.float32:
            rows = rows.astype(np.float64, copy=False)
        sample = rows[np.linspace(0, len(rows) - 1, N_SAMPLE).astype(np.int64)]
        center = sample.mean(axis=0, dtype=np.float64)
        scale = _scale(rows, center)
        most = max(CELL_ROWS, 32 * k)
        n_directions = N_DIRECTIONS if len(rows) > most else 0
        directions = _directions((sample - center) * scale, n_directions)
        kept = first_copies(rows, k)
        blocks = np.array_split(kept, -(-len(kept) // most))
        projections = np.concatenate(
            [(rows[block] - center) * scale @ directions for block in blocks]
        )
        parts = _halved(projections, most)
        cells = Cells.of(rows, kept, projections, parts, scale)
        return cls(rows, scale, center, directions, cells)

    def query(self, X: NDArray[Any], k: int) -> tuple[Floats, Ints]:
        """Return distances and positions of the k nearest rows of each row of X.

        (n, k) each, nearest first; of equal distances, the lower position is first.
        """
        X = X.astype(np.float64, copy=False)
        distances, found = np.empty((len(X), k)), np.empty((len(X), k), np.int64)

        def search(block: Ints) -> None:
            distances[block], found[block] = self._nearest(X[block], k)

        blocks = self._blocks(X)
        n_threads = min(effective_threads(), len(blocks))
        if n_threads == 1:
            for block in blocks:
                search(block)
        else:
            with one_blas_thread(), ThreadPoolExecutor(n_threads) as threads:
                list(threads.map(search, blocks))
        return distances, found

    def _blocks(self, X: Floats) -> list[Ints]:
        """Return rows to compare at once; those of several blocks lie side by side."""
        n_blocks = max(1, -(-len(X) // BLOCK_QUERIES))
        at_once = min(effective_threads(), len(X) // QUERIES_PER_THREAD)
        if at_once > 1:  # equal shares of the threads
            n_blocks = -(-n_blocks // at_once) * at_once
        blocks = np.array_split(np.arange(len(X)), n_blocks)
        if n_blocks == 1:
            return blocks
        homes = [self._to_boxes(X[block]).argmin(axis=1) for block in blocks]
        return np.array_split(
            np.argsort(np.concatenate(homes), kind="stable"), n_blocks
        )

    def _nearest(self, X: Floats, k: int) -> tuple[Floats, Ints]:
        nearest = np.full((len(X), k), np.inf), np.full((len(X), k), -1)
        to_boxes = self._to_boxes(X)
        home = to_boxes.argmin(axis=1)
        for cell in np.unique(home):
            self._visit(cell, X, np.flatnonzero(home == cell), nearest)
        farthest = nearest[0][:, -1]  # a view
        near = to_boxes <= self._half(farthest)[:, None]
        near[np.arange(len(X)), home] = False
        for cell in np.flatnonzero(near.any(axis=0)):
            queries = np.flatnonzero(near[:, cell])
            still_near = to_boxes[queries, cell] <= self._half(farthest[queries])
            self._visit(cell, X, queries[still_near], nearest)
        return np.sqrt(nearest[0]), nearest[1]

    def _half(self, squares: Floats) -> Floats:
        """Return bounds of half the squared distances, in the scale of the cells."""
        return squares * self.scale * self.scale * (SLACK / 2)

    def _to_boxes(self, X: Floats) -> Floats:
        """Return lower bounds of half the squared distance to each cell's rows."""
        offsets = (X - self.center) * self.scale
        squares = np.zeros((len(X), len(self.cells.radii)))
        for axis, direction in enumerate(self.directions.T):
            at = (offsets @ direction)[:, None]
            gap = np.maximum(
                self.cells.low[:, axis] - at, at - self.cells.high[:, axis]
            )
            squares += np.square(np.maximum(gap, 0, out=gap), out=gap)
        rounding = 2.0**-48 * X.shape[1] * (_squares(offsets) + X.shape[1])
        bounds: Floats = squares / 2 - rounding[:, None]
        return bounds

    def _visit(
        self, cell: Any, X: Floats, queries: Ints, nearest: tuple[Floats, Ints]
    ) -> None:
        """Insert the rows of a cell that are nearer to new rows than known ones."""
        offsets = (X[queries] - self.cells.centers[cell]) * self.scale
        squares = _squares(offsets)
        margin = _rounding(squares, self.cells.radii[cell], X.shape[1])
        offsets[np.isinf(margin)] = 0
        factors = np.ones((len(queries), X.shape[1] + 1), np.float32)
        np.negative(offsets, out=factors[:, :-1], casting="same_kind")
        products = factors @ self.cells.columns[cell]
        shifts, members = margin - squares / 2, self.cells.members[cell]
        update_nearest(
            products, shifts, members, queries, self.rows, X, self.scale, nearest
        )


def _rounding(squares: Floats, radius: float, n_features: int) -> Floats:
    """Return a bound of the rounding errors of half the squared distances in a cell.

    `squares` are squared distances of new rows from its centre. Of a scalar product of
    n terms, the error is at most n times float32's unit times the norms (Higham 2002,
    section 3.1); those of very distant rows have no bound.
    """
    in_float32 = 2.0**-24 * radius * (np.sqrt(squares) + radius)
    in_float64 = 2.0**-51 * squares
    bound = (n_features + 6) * (in_float32 + in_float64) + 2.0**-100
    return np.where(squares < FAR, bound, np.inf)


def first_copies(rows: NDArray[Any], most: int) -> Ints:
    """Return the positions of all rows but those that equal `most` earlier ones."""
    hashes = row_hashes(rows)
    order = np.argsort(hashes, kind="stable")
    _, start, counts = np.unique(hashes[order], return_index=True, return_counts=True)
    is_kept = np.ones(len(rows), dtype=bool)
    for run in np.flatnonzero(counts > most):
        alike = order[start[run] : start[run] + counts[run]]
        if (rows[alike] == rows[alike[0]]).all():
            is_kept[alike[most:]] = False
    return np.flatnonzero(is_kept)


def _scale(rows: NDArray[Any], center: Floats) -> float:
    """Return a power of two that brings the greatest distance of a number near 1."""
    greatest = np.maximum(rows.max(axis=0) - center, center - rows.min(axis=0)).max()
    _, exponent = np.frexp(greatest)
    return float(np.ldexp(1.0, -max(int(exponent), -1000)))


def _directions(sample: Floats, most: int) -> Floats:
    """Return the first principal directions of a centred sample."""
    if not most:
        return np.empty((sample.shape[1], 0))
    return np.linalg.svd(sample, full_matrices=False).Vh[:most].T


def _halved(projections: Floats, most: int) -> list[Ints]:
    """Halve rows where they vary most, down to parts of at most so many."""
    wide, parts = [np.arange(len(projections))], []
    while wide:
        rows = wide.pop()
        if len(rows) <= most:
            parts.append(rows)
            continue
        column = projections[rows, projections[rows].var(axis=0).argmax()]
        order = np.argpartition(column, len(rows) // 2)
        wide += np.array_split(rows[order], 2)
    return parts


def _squares(X: Floats) -> Floats:
    """Return the squared norms of rows."""
    squares: Floats = np.einsum("ij,ij->i", X, X)
    return squares
