"""Maximum mean discrepancy between two lists of graphs."""

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from skattn.graph._arguments import check_choice
from skattn.metrics._graph_statistics import CLUSTERING_BINS, STATISTICS
from skattn.metrics._simple_graphs import SimpleGraphs, nonempty_graphs

KERNELS = ("emd", "tv", "rbf")
SIGMAS = {"degree": 1.0, "clustering": 0.1, "orbit": 30.0, "spectrum": 1.0}
"""Published bandwidths of the statistics."""
_BLOCK = 4_000_000
"""Number of distances that are held at once."""


def graph_mmd(
    samples: Any,
    reference: Any,
    *,
    statistic: str = "degree",
    kernel: str = "emd",
    sigma: float | None = None,
    unbiased: bool = False,
) -> float:
    r"""Compute the squared maximum mean discrepancy of two lists of graphs.

    Each graph is represented by a row of :func:`graph_statistics`, and two rows at the
    distance d are compared by the kernel :math:`\exp(-d^2 / 2 \sigma^2)`. Values of
    different kernels are not comparable.

    Parameters
    ----------
    samples, reference : list of Graph
        Undirected graphs, such as those of a generator and held-out ones. Their order
        does not matter.
    statistic : {"degree", "clustering", "orbit", "spectrum"}, default="degree"
        Statistic of :func:`graph_statistics`.
    kernel : {"emd", "tv", "rbf"}, default="emd"
        Distance of the kernel. "emd": earth mover's distance of the histograms, between
        degrees, coefficients and bins of eigenvalues; the Euclidean distance of orbit
        counts, which have no order (GraphRNN, EDP-GNN, GDSS and its successors). "tv":
        total variation distance, half the sum of absolute differences (GRAN, SPECTRE,
        DiGress). "rbf": Euclidean distance; the only one that is positive definite.
    sigma : float or None, default=None
        Bandwidth. None: the published one, 1 for "degree" and "spectrum", 0.1 for
        "clustering", 30 for "orbit".
    unbiased : bool, default=False
        Whether pairs of a graph with itself are left out. The published values contain
        them, and are therefore positive even for two lists from one distribution, the
        more the shorter the lists.

    Returns
    -------
    float
        MMD², also where publications write MMD. May be negative if ``unbiased``.

    Raises
    ------
    TypeError
        If an argument is not a list of graphs, or `sigma` not a number.
    ValueError
        If a list is empty, a graph has no node or is directed, an option is unknown,
        `sigma` is not positive, or a list of one graph is given with ``unbiased``.

    See Also
    --------
    generation_report : All statistics, beside the values of real graphs.

    Notes
    -----
    The Gaussian kernels of the earth mover's and the total variation distance are not
    positive definite in general (O'Bray et al. 2022), so that a value can be small for
    other reasons than equal distributions.

    References
    ----------
    A. Gretton, K. Borgwardt, M. Rasch, B. Schölkopf, A. Smola, "A kernel two-sample
    test", JMLR 13, 2012, equations 3 and 5.

    J. You, R. Ying, X. Ren, W. Hamilton, J. Leskovec, "GraphRNN", ICML 2018 ("emd").

    J. Jo, S. Lee, S. J. Hwang, "Score-based generative modeling of graphs via the
    system of stochastic differential equations" (GDSS), ICML 2022 ("emd").

    R. Liao et al., "Efficient graph generation with graph recurrent attention networks"
    (GRAN), NeurIPS 2019 ("tv").

    K. Martinkus, A. Loukas, N. Perraudin, R. Wattenhofer, "SPECTRE", ICML 2022 ("tv").

    C. Vignac et al., "DiGress", ICLR 2023 ("tv").

    L. O'Bray, M. Horn, B. Rieck, K. Borgwardt, "Evaluation metrics for graph generative
    models: problems, pitfalls, and practical solutions", ICLR 2022.

    Examples
    --------
    >>> from skattn import Graph
    >>> from skattn.metrics import graph_mmd
    >>> edge, empty = Graph([[0, 1], [1, 0]]), Graph([[0, 0], [0, 0]])
    >>> round(graph_mmd([edge], [empty]), 3)  # 2 - 2 exp(-1/2)
    0.787
    """
    check_choice(statistic, tuple(STATISTICS), "statistic")
    check_choice(kernel, KERNELS, "kernel")
    sigma = _bandwidth(sigma, statistic)
    samples = nonempty_graphs(samples, "samples")
    reference = nonempty_graphs(reference, "reference")
    if unbiased and min(len(samples), len(reference)) < 2:
        raise ValueError(
            "unbiased=True needs at least two graphs in each list, got "
            f"{len(samples)} samples and {len(reference)} of reference."
        )
    graphs = SimpleGraphs.of(samples=samples, reference=reference)
    rows = STATISTICS[statistic](graphs)  # of one width
    first, second = np.split(kernel_rows(rows, statistic, kernel), [len(samples)])
    metric = METRICS[statistic, kernel]
    return squared_mmd(first, second, metric, sigma, unbiased=unbiased)


METRICS = {
    (statistic, kernel): "euclidean"
    if kernel == "rbf" or (kernel, statistic) == ("emd", "orbit")
    else "cityblock"
    for statistic in STATISTICS
    for kernel in KERNELS
}
"""Metric of `kernel_rows` that is the distance of a statistic and kernel."""


def kernel_rows(
    rows: NDArray[np.float64], statistic: str, kernel: str
) -> NDArray[np.float64]:
    """Return rows between which a metric is the distance of a kernel.

    The earth mover's distance of two histograms is the sum of absolute differences of
    their cumulative sums, times the distance of two bins.
    """
    if kernel == "tv":
        return rows / 2
    if kernel == "emd" and statistic != "orbit":
        unit = 1 / CLUSTERING_BINS if statistic == "clustering" else 1.0
        return np.asarray(np.cumsum(rows, axis=1) * unit)
    return rows


def squared_mmd(
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    metric: str,
    sigma: float,
    *,
    unbiased: bool = False,
) -> float:
    """Return MMD² of the rows of two tables, by the Gaussian kernel of a metric."""
    within = 0.0
    for rows in (first, second):
        n, total = len(rows), _kernel_sum(rows, rows, metric, sigma)
        within += (total - n) / (n * (n - 1)) if unbiased else total / n**2
    between = _kernel_sum(first, second, metric, sigma) / (len(first) * len(second))
    return float(within - 2 * between)


def _kernel_sum(
    first: NDArray[np.float64], second: NDArray[np.float64], metric: str, sigma: float
) -> float:
    n_at_once = max(1, _BLOCK // len(second))
    total = 0.0
    for start in range(0, len(first), n_at_once):
        distances = cdist(first[start : start + n_at_once], second, metric)
        total += float(np.exp(-(distances**2) / (2 * sigma**2)).sum())
    return total


def _bandwidth(sigma: Any, statistic: str) -> float:
    if sigma is None:
        return SIGMAS[statistic]
    if isinstance(sigma, bool) or not isinstance(sigma, Real):
        raise TypeError(
            f"sigma must be a number or None, got {sigma!r}. None is the published "
            "bandwidth."
        )
    width = float(sigma)
    if not 0 < width < np.inf:
        raise ValueError(f"sigma must be positive and finite, got {sigma}. Use None.")
    return width
