"""Transformer from SMILES to molecular graphs."""

from typing import ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skattn._compat_sklearn import StrOptions, _fit_context
from skattn.graph import ATOM_FEATURES, graphs_from_smiles
from skattn.graph._molecule_descriptors import descriptor_function
from skattn.graph._molecules import read_smiles
from skattn.preprocessing._to_graphs import ToGraphs


class MoleculeGraph(ToGraphs):
    """Convert SMILES to molecular graphs.

    Nodes are heavy atoms, and bonds are edges in both directions, with one-hot and
    numeric features. The transformer is stateless and requires RDKit, ``pip install
    'skattn[chem]'``.

    Parameters
    ----------
    on_invalid : {"raise", "nan"}, default="raise"
        Treatment of missing and invalid SMILES. "raise": raise ValueError with the row
        number. "nan": return a graph of one node with all features NaN, missing values
        that an estimator replaces by means; so are its descriptors.
    descriptors : "auto", list of str, callable or None, default="auto"
        Descriptors of each molecule, which estimators standardise and append to the
        readout: names in ``rdkit.Chem.Descriptors.descList``, or a function from an
        RDKit molecule to an array or a dict of numbers. "auto": "MolWt", "MolLogP",
        "TPSA", "NumHDonors", "NumHAcceptors", "NumRotatableBonds", "RingCount" and
        "FractionCSP3". None: none, as an :class:`~skattn.AttentionEmbedder` needs.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns, always 1.

    See Also
    --------
    skattn.graph.graphs_from_smiles : The corresponding function; lists the features.

    Examples
    --------
    >>> from skattn.preprocessing import MoleculeGraph
    >>> MoleculeGraph().fit_transform(["CCO", "c1ccccc1"])
    [Graph(n_nodes=3, n_edges=4, n_features=40, n_edge_features=11, n_descriptors=8),
     Graph(n_nodes=6, n_edges=12, n_features=40, n_edge_features=11, n_descriptors=8)]
    """

    _parameter_constraints: ClassVar[dict] = {
        "on_invalid": [StrOptions({"raise", "nan"})],
        "descriptors": [StrOptions({"auto"}), "array-like", callable, None],
    }

    def __init__(self, on_invalid="raise", *, descriptors="auto"):
        self.on_invalid = on_invalid
        self.descriptors = descriptors

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Check that X is a column of text.

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
            If a row is not text.
        ValueError
            If there is no row or more than one column, or RDKit has no descriptor of a
            name.
        """
        read_smiles(X)
        if self.descriptors is not None:
            descriptor_function(self.descriptors)
        self.n_features_in_ = 1
        return self

    def transform(self, X):
        """Convert each SMILES to a graph.

        Parameters
        ----------
        X : list of str, Series, array of shape (n,) or one column of shape (n, 1)
            SMILES.

        Returns
        -------
        list of Graph
            One graph per row.

        Raises
        ------
        ImportError
            If RDKit is not installed.
        TypeError
            If a row is not text.
        ValueError
            If there is no row or more than one column, or if a SMILES is invalid and
            ``on_invalid="raise"``.
        """
        check_is_fitted(self)
        return graphs_from_smiles(
            X, on_invalid=self.on_invalid, descriptors=self.descriptors
        )

    def get_feature_names_out(self, input_features=None):
        """Return the names of the atom features.

        Parameters
        ----------
        input_features : object, default=None
            Ignored.

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
