#!/usr/bin/env bash
# What the CUDA backend does on this machine's card: under 4 minutes, at most 6. Needs
# torch with CUDA and triton; for the estimators also skattn's other requirements, for
# comparisons torch_geometric. skattn itself need not be installed. Wheels to install
# for the run alone may lie in the folder $SKATTN_WHEELS, a file of the lines in $OUT.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
out=${OUT:-$made}
python=${PYTHON:-python3}

if [ -n "${SKATTN_WHEELS:-}" ]; then
  "$python" -m pip install --quiet --no-index --no-deps --no-compile --no-cache-dir \
    --target "$made/site" "$SKATTN_WHEELS"/*.whl || echo "wheels: FAILED"
fi
export PYTHONPATH=$made/site:$root${PYTHONPATH:+:$PYTHONPATH}
export PYTHONUNBUFFERED=1 TRITON_CACHE_DIR=$made/triton NUMBA_CACHE_DIR=$made/numba
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-4}
cd "$root" || exit 1

# Run sections for at most some seconds; print and keep their lines.
run() {
  local limit=$1
  shift
  {
    timeout "$limit" "$python" -m benchmarks.gpu "$@" ${GPU_CHECK_OPTIONS:-} 2>&1 ||
      echo "$*: FAILED or longer than $limit s"
  } | grep --line-buffered --invert-match "^USDT:" # of the profiler
}

nvidia-smi --query-gpu=name,memory.total,driver_version --format=csv,noheader |
  tee -a "$out/gpu_check.txt"
{
  run 75 card equal
  run 80 layer
  # compiling takes most of the time: four processes share the estimators
  for k in 0 1 2 3; do
    run 90 estimators --share "$k" 4 >"$made/estimators$k" &
  done
  wait
  cat "$made"/estimators?
  run 50 epoch costs
  run 50 tune
  echo "all of it: $SECONDS s"
} | tee -a "$out/gpu_check.txt"
