"""The CPU backend; `_operations` has its functions, `_footprints` their shapes."""
