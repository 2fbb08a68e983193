"""SMILES to molecular graphs."""

from typing import ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skattn._compat_sklearn import StrOptions, _fit_context
from skattn.graph import ATOM_FEATURES, graphs_from_smiles
from skattn.graph._molecules import read_smiles
from skattn.preprocessing._to_graphs import ToGraphs


class MoleculeGraph(ToGraphs):
    """Convert SMILES to graphs of atoms and bonds.

    A stateless transformer. It needs RDKit: ``pip install 'skattn[chem]'``.

    Parameters
    ----------
    on_invalid : {"raise", "nan"}, default="raise"
        Treatment of missing and invalid SMILES. "raise": an error with the row number.
        "nan": a graph of one node whose features are all NaN, so that rows stay aligned
        with the labels; impute them in the next step, for example by
        ``NodeTransformer(SimpleImputer())``, which makes a mean atom.

    Attributes
    ----------
    n_features_in_ : int
        1, the column of SMILES.

    See Also
    --------
    skattn.graph.graphs_from_smiles : The corresponding function, with all columns.

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
        """Check that X is a column of text; ``transform`` parses it.

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
        """Return the names of the atom features.

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
