"""Run the tests with the oldest, or the newest, versions that pyproject.toml allows::

    python -m tests.versions oldest --python python3.10
    python -m tests.versions newest --python python3.13 tests/unit -n 2

They are installed into an environment of their own, a temporary folder, by uv, which pip installs
there: it finds the lowest bounds that go together. Whatever else is given goes to pytest.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent

RESOLUTION = {"oldest": "lowest-direct", "newest": "highest"}
"""What uv calls it. What packages need themselves is as new as can be, in both."""


def main() -> int:
    """Install, say what there is, and run pytest; return its exit status."""
    parser = argparse.ArgumentParser("tests.versions", description=__doc__.partition("::")[0])
    parser.add_argument("which", choices=RESOLUTION)
    parser.add_argument("--python", default=sys.executable, help="default: the one that runs this")
    args, rest = parser.parse_known_args()
    with tempfile.TemporaryDirectory(prefix="hello-armonik-versions-") as folder:
        subprocess.run([args.python, "-m", "venv", folder], check=True)
        python = str(Path(folder) / "bin" / "python")
        uv = ("uv", "pip", "install", "--quiet", "--python", python)
        for command in (
            ("pip", "install", "--quiet", "uv"),
            (*uv, "--resolution", RESOLUTION[args.which], "--editable", ".[test]"),
            ("pip", "list"),
        ):
            subprocess.run([python, "-m", *command], cwd=ROOT, check=True)
        return subprocess.run([python, "-m", "pytest", *rest], cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main())
