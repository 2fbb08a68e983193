"""Draws of pairs without a link."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from skattn.graph._pair_keys import Pairs, contains, first_of_each, pair_keys

NegativeSampling = Literal["uniform", "source", "degree"]
"""Distribution of drawn non-links."""
ROUNDS = 30
"""Number of times that pairs which are links are drawn again."""
MAX_LISTED = 4_000_000
"""Number of pairs of nodes up to which all non-links are listed."""


@dataclass(frozen=True, eq=False)
class NonLinks:
    """Pairs of nodes that are no known links."""

    n_nodes: int
    """Number of nodes."""
    links: Pairs
    """(n_links, 2) the known links."""
    taken: NDArray[np.int64]
    """Ascending keys of the pairs that are not drawn: known links and labelled rows."""
    directed: bool
    """Whether a pair differs from its reverse."""
    sides: NDArray[np.bool_] | None = None
    """(2, n_nodes) nodes that can be source, and target; None for all nodes."""

    def draw(
        self, links: Pairs, n_each: int, how: NegativeSampling, rng: np.random.Generator
    ) -> tuple[Pairs, NDArray[np.int64]]:
        """Draw some non-links for each of some links; fewer if nearly all are links.

        "uniform": both ends at random; "source": another target for the source of the
        link, or without direction for either end; "degree": both ends of random links.
        The second result is the position of each non-link's link.
        """
        of = np.repeat(np.arange(len(links)), n_each)
        links = links[of]
        if self.sides is None and not self.directed:
            flip = rng.random(len(links)) < 0.5
            links = np.where(flip[:, None], links[:, ::-1], links)
        drawn = self._candidates(links, how, rng)
        for _ in range(ROUNDS):
            bad = np.flatnonzero(self._are_taken(drawn))
            if not len(bad):
                return drawn, of
            drawn[bad] = self._candidates(links[bad], how, rng)
        free = ~self._are_taken(drawn)
        return drawn[free], of[free]

    def choose(self, n: int, rng: np.random.Generator) -> Pairs:
        """Choose n distinct non-links; raise ValueError if there are not as many."""
        if self.n_free < n:
            raise ValueError(
                f"there must be {n} pairs without a link, got {self.n_free}. Set "
                "negatives= to a smaller number."
            )
        sources, targets = self._ends
        if len(sources) * len(targets) <= MAX_LISTED:
            found = self._all()
            return found[np.sort(rng.choice(len(found), n, replace=False))]
        found = np.empty((0, 2), np.int64)
        n_drawn = 2 * n * max(1, self._n_pairs // self.n_free)
        while len(found) < n:
            more = self._candidates(np.zeros((n_drawn, 2), np.int64), "uniform", rng)
            found = np.concatenate([found, more[~self._are_taken(more)]])
            keys = pair_keys(found, self.n_nodes, directed=self.directed)
            found = found[first_of_each(keys)]
        return found[:n]

    @property
    def n_free(self) -> int:
        """Number of pairs that can be drawn."""
        n_taken = len(self.taken)
        if self.sides is not None:
            first, second = np.divmod(self.taken, self.n_nodes)
            sources, targets = self.sides
            there = sources[first] & targets[second]
            back = sources[second] & targets[first] & (not self.directed)
            n_taken = int((there | back).sum())
        return self._n_pairs - n_taken

    @property
    def _n_pairs(self) -> int:
        """Number of pairs of different nodes; the nodes of two sides differ."""
        sources, targets = self._ends
        if self.sides is not None:
            return len(sources) * len(targets)
        return self.n_nodes * (self.n_nodes - 1) // (1 if self.directed else 2)

    @property
    def _ends(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Nodes that can be source, and target."""
        if self.sides is None:
            return np.arange(self.n_nodes), np.arange(self.n_nodes)
        return np.flatnonzero(self.sides[0]), np.flatnonzero(self.sides[1])

    def _candidates(
        self, links: Pairs, how: NegativeSampling, rng: np.random.Generator
    ) -> Pairs:
        """Draw one pair for each link, which may be a link."""
        sources, targets = self._ends
        n = len(links)
        if how == "degree":
            ends = self.links[rng.integers(0, len(self.links), (2, n))]
            if self.sides is not None or self.directed:
                return np.stack([ends[0, :, 0], ends[1, :, 1]], 1)
            which = rng.integers(0, 2, (2, n))
            return np.take_along_axis(ends, which[..., None], 2)[..., 0].T.copy()
        second = targets[rng.integers(0, len(targets), n)]
        if how == "source":
            return np.stack([links[:, 0], second], 1)
        return np.stack([sources[rng.integers(0, len(sources), n)], second], 1)

    def _are_taken(self, pairs: Pairs) -> NDArray[np.bool_]:
        """Return whether pairs are known, or a node with itself."""
        keys = pair_keys(pairs, self.n_nodes, directed=self.directed)
        taken: NDArray[np.bool_] = contains(self.taken, keys) | (
            pairs[:, 0] == pairs[:, 1]
        )
        return taken

    def _all(self) -> Pairs:
        """List all non-links, each once."""
        grid = np.stack(np.meshgrid(*self._ends, indexing="ij"), -1).reshape(-1, 2)
        if not self.directed:
            grid = grid[first_of_each(pair_keys(grid, self.n_nodes, directed=False))]
        return grid[~self._are_taken(grid)]
