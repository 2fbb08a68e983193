"""Molecules written as SMILES, as graphs."""

from typing import ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skattn._compat_sklearn import StrOptions, _fit_context
from skattn.graph import ATOM_FEATURES, graphs_from_smiles
from skattn.graph._molecules import read_smiles
from skattn.preprocessing._to_graphs import ToGraphs


class MoleculeGraph(ToGraphs):
    """Turn SMILES into graphs of atoms and bonds, read by RDKit.

    It learns nothing, so that a model never sees test molecules through it. RDKit comes
    with ``pip install 'skattn[chem]'``.

    Parameters
    ----------
    on_invalid : {"raise", "nan"}, default="raise"
        What becomes of a text that is no SMILES, and of a missing one. "raise": an
        error that names the row. "nan": a graph of one node whose features are all
        NaN, so that rows and answers stay in step; the next step has to deal with it,
        as ``NodeTransformer(SimpleImputer())`` does, which makes a mean atom of it.

    Attributes
    ----------
    n_features_in_ : int
        1, the column of SMILES.

    See Also
    --------
    skattn.graph.graphs_from_smiles : The same as a function; what the columns mean.

    Examples
    --------
    >>> from skattn.preprocessing import MoleculeGraph
    >>> MoleculeGraph().fit_transform(["CCO", "c1ccccc1"])
    [Graph(n_nodes=3, n_edges=4, n_features=38, n_edge_features=9),
     Graph(n_nodes=6, n_edges=12, n_features=38, n_edge_features=9)]
    """

    _parameter_constraints: ClassVar[dict] = {
        "on_invalid": [StrOptions({"raise", "nan"})]
    }

    def __init__(self, on_invalid="raise"):
        self.on_invalid = on_invalid

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Check that X is a column of texts; they are read by ``transform``.

        Parameters
        ----------
        X : list of str, Series, array of shape (n,) or one column of shape (n, 1)
            SMILES.
        y : object, optional
            Ignored.

        Returns
        -------
        self : object
            The fitted transformer.

        Raises
        ------
        TypeError
            If a row holds no text.
        ValueError
            If there is no row, or more than one column.
        """
        read_smiles(X)
        self.n_features_in_ = 1
        return self

    def transform(self, X):
        """Make one graph per row.

        Parameters
        ----------
        X : list of str, Series, array of shape (n,) or one column of shape (n, 1)
            SMILES.

        Returns
        -------
        list of Graph
            Atoms are nodes, bonds are edges in both directions.

        Raises
        ------
        ImportError
            If RDKit is not installed.
        TypeError
            If a row holds no text.
        ValueError
            If there is no row, or more than one column, or, with
            ``on_invalid="raise"``, if a row holds no valid SMILES.
        """
        check_is_fitted(self)
        return graphs_from_smiles(X, on_invalid=self.on_invalid)

    def get_feature_names_out(self, input_features=None):
        """Name the features of the atoms.

        Parameters
        ----------
        input_features : object, default=None
            Ignored: the names do not depend on the name of the column.

        Returns
        -------
        ndarray of str
            ``skattn.graph.ATOM_FEATURES``.
        """
        check_is_fitted(self)
        return np.array(ATOM_FEATURES, dtype=object)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.one_d_array = True
        tags.input_tags.string = True
        return tags
