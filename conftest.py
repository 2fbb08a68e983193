"""Modules that `--doctest-modules` leaves out."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("triton") else ["skattn/ops/_triton/*.py"]
