"""Import of RDKit, which is optional."""

from typing import Any


def rdkit() -> tuple[Any, Any]:
    """Return the modules ``rdkit.Chem`` and ``rdkit.rdBase``."""
    try:
        from rdkit import Chem, rdBase
    except ImportError as error:
        raise ImportError(
            "Reading SMILES needs RDKit, which is not installed. Use "
            "pip install 'skattn[chem]'."
        ) from error
    return Chem, rdBase
