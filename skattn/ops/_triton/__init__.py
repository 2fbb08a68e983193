"""CUDA backend: functions in `_operations`, shapes of their tensors in `_footprints`."""
