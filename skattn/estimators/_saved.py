"""Files of fitted estimators: the public methods."""

from sklearn.utils.validation import check_is_fitted


class SavedMixin:
    """Methods that write a fitted estimator to a file, and read it.

    A subclass has the methods ``_write(path)`` and, of the class, ``_read(path,
    device)``.
    """

    def _write(self, path):
        raise NotImplementedError

    @classmethod
    def _read(cls, path, device):
        raise NotImplementedError

    def save(self, path):
        """Write the fitted estimator to a file without pickle: arrays and JSON.

        Parameters
        ----------
        path : str or os.PathLike
            The file; an existing one is replaced once the new one is complete. Its
            permissions are kept; of a symbolic link, the target is replaced.

        Raises
        ------
        TypeError
            If a parameter has no form in JSON, such as a callback.
        ValueError
            If a parameter was set to an invalid value after ``fit``.
        OSError
            If the file cannot be written.
        NotFittedError
            If called before ``fit``.
        """
        check_is_fitted(self)
        self._write(path)

    @classmethod
    def load(cls, path, *, device=None):
        """Read an estimator that :meth:`save` wrote.

        Parameters
        ----------
        path : str or os.PathLike
            The file.
        device : str or torch.device, optional
            Replaces the parameter ``device`` of the saved estimator.

        Returns
        -------
        object
            The fitted estimator, an instance of this class.

        Raises
        ------
        ValueError
            If the file is not one of skattn, damaged, or of another estimator, or
            `device` is no device's name. If it is not available, predictions are
            computed on the CPU, with a warning. The file is checked before memory is
            allocated for its content.
        """
        return cls._read(path, device)
