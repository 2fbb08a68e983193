"""CUDA backend: functions in `_operations`, their memory in `_footprints`."""
