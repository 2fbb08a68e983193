"""Build the wheel and check that every file of skattn/ is in it."""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent


def main():
    """Return a message if a file is missing; None otherwise."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
        subprocess.run([*pip, "--wheel-dir", folder, str(ROOT)], check=True)
        (wheel,) = Path(folder).glob("skattn-*.whl")
        packed = set(zipfile.ZipFile(wheel).namelist())
    files = (path for path in ROOT.glob("skattn/**/*") if path.is_file())
    here = {
        str(path.relative_to(ROOT)) for path in files if "__pycache__" not in path.parts
    }
    if here - packed:
        return f"not in the wheel: {sorted(here - packed)}"
    print(f"{wheel.name} holds all {len(here)} files")
    return None


if __name__ == "__main__":
    sys.exit(main())
