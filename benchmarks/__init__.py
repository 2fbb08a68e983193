"""Measurements against other libraries; each module prints a table when it is run."""
