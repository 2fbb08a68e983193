"""Zachary's karate club."""

import numpy as np
from scipy.sparse import coo_array
from sklearn.utils import Bunch

from skattn.graph import Graph

_N_MEMBERS = 34
# Every edge once, at the member with the lower number.
_FRIENDS = {
    0: (1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 17, 19, 21, 31),
    1: (2, 3, 7, 13, 17, 19, 21, 30),
    2: (3, 7, 8, 9, 13, 27, 28, 32),
    3: (7, 12, 13),
    4: (6, 10),
    5: (6, 10, 16),
    6: (16,),
    8: (30, 32, 33),
    9: (33,),
    13: (33,),
    14: (32, 33),
    15: (32, 33),
    18: (32, 33),
    19: (33,),
    20: (32, 33),
    22: (32, 33),
    23: (25, 27, 29, 32, 33),
    24: (25, 27, 31),
    25: (31,),
    26: (29, 33),
    27: (33,),
    28: (31, 33),
    29: (32, 33),
    30: (32, 33),
    31: (32, 33),
    32: (33,),
}
_OFFICERS = (9, 14, 15, 18, 20, *range(22, 34))

_DESCR = """\
Zachary's karate club
---------------------

A university karate club, observed from 1970 to 1972, which split in two after a
conflict about the price of lessons. Nodes are its 34 members; the 78 undirected edges
join members who met outside the club. The target is the club that a member joined
after the split: the instructor's ("Mr. Hi", member 0) or the officers' ("Officer",
member 33). There are no features.

Member `i` is individual `i + 1` of the paper.

W. W. Zachary, "An information flow model for conflict and fission in small groups",
Journal of Anthropological Research 33(4), 452-473, 1977.
"""


def load_karate_club() -> Bunch:
    """Load Zachary's karate club, a graph for node classification.

    Returns
    -------
    sklearn.utils.Bunch
        Dictionary-like object with the attributes:

        - ``graph`` : :class:`~skattn.Graph` of 34 nodes and 78 undirected edges (156
          entries), unweighted, without features;
        - ``target`` : int array of shape (34,), 0 for Mr. Hi's club, 1 for the
          officers';
        - ``target_names`` : ``["Mr. Hi", "Officer"]``, str array of shape (2,);
        - ``feature_names`` : an empty list;
        - ``DESCR`` : description of the data set.

    References
    ----------
    W. W. Zachary, "An information flow model for conflict and fission in small
    groups", Journal of Anthropological Research 33(4), 452-473, 1977.

    Examples
    --------
    >>> from skattn.datasets import load_karate_club
    >>> club = load_karate_club()
    >>> club.graph.n_nodes
    34
    >>> club.target[[0, 33]]
    array([0, 1])
    """
    pairs = np.array([(i, j) for i, later in _FRIENDS.items() for j in later])
    receivers, senders = np.concatenate([pairs, pairs[:, ::-1]]).T
    adjacency = coo_array(
        (np.ones(len(receivers), np.float32), (receivers, senders)),
        shape=(_N_MEMBERS, _N_MEMBERS),
    )
    target = np.zeros(_N_MEMBERS, dtype=np.int64)
    target[list(_OFFICERS)] = 1
    return Bunch(
        graph=Graph(adjacency),
        target=target,
        target_names=np.array(["Mr. Hi", "Officer"]),
        feature_names=[],
        DESCR=_DESCR,
    )
