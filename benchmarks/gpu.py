"""The CUDA backend on a device, beside the reference, the CPU and PyG.

    python -m benchmarks.gpu card equal layer estimators epoch costs tune
    python -m benchmarks.gpu equal layer --device cpu --n-nodes 60

A section per argument: ``card``, rates of the device; ``equal``, differences from the
reference in float64; ``layer``, time and memory of a layer beside PyG's;
``estimators``, fits here and on the CPU; ``epoch``, many graphs beside PyG; ``costs``,
launches, copies and waits; ``tune``, other sizes of programs. Lines begin with the name
of their section, and a failed section does not end the run. ``--device cpu`` is a dry
run of the first three sections, by Triton's interpreter.
"""

# ruff: noqa: PLC0415  (the interpreter is chosen before kernels are imported)

from __future__ import annotations

import argparse
import os
import warnings

SECTIONS = ("card", "equal", "layer", "estimators", "epoch", "costs", "tune")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sections", nargs="+", choices=SECTIONS)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--n-nodes", type=int, default=169_000)
    parser.add_argument(
        "--share",
        type=int,
        nargs=2,
        default=(0, 1),
        metavar=("K", "N"),
        help="of the estimators, one in N, beginning with the K-th",
    )
    return parser.parse_args()


def main() -> None:
    """Run the sections."""
    options = _parse()
    if options.device == "cpu":
        os.environ["TRITON_INTERPRET"] = "1"
    warnings.filterwarnings("ignore")

    from benchmarks import _gpu_estimators, _gpu_layer
    from benchmarks._gpu_measure import Device, line, section

    device = Device(options.device, options.n_nodes)
    for name in options.sections:
        module = _gpu_layer if hasattr(_gpu_layer, name) else _gpu_estimators
        arguments = (tuple(options.share),) if name == "estimators" else ()

        def run(module=module, name=name, arguments=arguments) -> None:
            with section(name):
                getattr(module, name)(device, *arguments)

        line(f"{name}: {device.seconds(run):.0f} s")


if __name__ == "__main__":
    main()
