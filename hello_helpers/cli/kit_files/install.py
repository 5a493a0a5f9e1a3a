"""Install the course from the folder that this file lies in; no network is needed.

    python3 install.py [FOLDER]

makes a virtual environment in FOLDER, or in hello-armonik-venv in your home folder, and installs
the course there. Given again, it brings that up to date. Nothing else on this machine is changed.

It starts with whatever Python a laptop has, from 3.8 on, and looks for one that the kit has wheels
for. That one needs neither pip nor ensurepip, which Debian leaves out: pip is run from its wheel.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

KIT = Path(__file__).resolve().parent

DEFAULT_FOLDER = "~/hello-armonik-venv"

CHOSEN = "KIT_PYTHON_CHOSEN"
"""A variable that is set for the Python that was chosen in place of the first one."""


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def list_for(python: str) -> Path:
    """Return where the kit lists what this machine needs with a version of Python."""
    name = f"{platform.system()}-{platform.machine()}-{python}.txt"
    return KIT / "requirements" / name.lower()


def pythons() -> list[str]:
    """Return the versions of Python that the kit has wheels for on this machine, newest first."""
    found = [path.stem.rpartition("-")[2] for path in list_for("0").parent.glob("*.txt")]
    ours = {version for version in found if list_for(version).exists()}
    return sorted(ours, key=lambda version: [int(part) for part in version.split(".")])[::-1]


def command_of(version: str) -> list[str]:
    """Return the words that start this version of Python here; none if there is none."""
    for words in ([f"python{version}"], ["py", f"-{version}"]):  # py: the launcher of Windows
        if path := shutil.which(words[0]):
            command = [path, *words[1:]]
            if not subprocess.run([*command, "-c", "import venv"], capture_output=True).returncode:
                return command
    return []


def install(requirements: Path, folder: Path) -> int:
    """Make the environment, or take the one that is there, and install; return an exit status."""
    windows = os.name == "nt"
    scripts = folder / ("Scripts" if windows else "bin")
    say(f"Making a virtual environment in {folder}")
    if subprocess.call([sys.executable, "-m", "venv", "--without-pip", str(folder)]):
        say("That failed; the lines above say why. Another folder can be named after the command.")
        return 1
    pins = requirements.read_text(encoding="utf-8").split()
    (version,) = [pin[len("pip==") :] for pin in pins if pin.startswith("pip==")]
    pip = KIT / "wheels" / f"pip-{version}-py3-none-any.whl" / "pip"
    say("Installing; this takes half a minute, or more from a slow stick ...")
    # What the settings of this machine tell pip (an index, other folders) is for a network.
    variables = {name: text for name, text in os.environ.items() if not name.startswith("PIP_")}
    variables.pop("PYTHONPATH", None)
    variables["PIP_CONFIG_FILE"] = os.devnull
    command = [str(scripts / ("python.exe" if windows else "python")), str(pip), "install"]
    command += ["--no-index", f"--find-links={KIT / 'wheels'}", "--require-hashes", "--no-deps"]
    command += ["--disable-pip-version-check", "--no-cache-dir", "--no-compile", "--no-input"]
    if subprocess.call([*command, "--quiet", f"--requirement={requirements}"], env=variables):
        say("pip could not install; its lines above say why. Is there room on the disk? If it")
        say("speaks of hashes, or finds no version, the stick is damaged: copy it anew.")
        return 1
    hello = str(scripts / "hello-armonik")
    hello = f'"{hello}"' if " " in hello else hello
    say(f"Installed. To begin:  {hello} lab")
    say(f"To see whether all is well:  {hello} doctor")
    return 0


def main() -> int:
    """Find a Python that the kit has wheels for, and install with it; return an exit status."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else DEFAULT_FOLDER).expanduser().absolute()
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    known = pythons()
    if here in known:
        return install(list_for(here), folder)
    for version in known if CHOSEN not in os.environ else ():
        if command := command_of(version):
            variables = {**os.environ, CHOSEN: version}
            return subprocess.call([*command, __file__, str(folder)], env=variables)
    if known:
        say(f"This kit is for Python {' or '.join(known)}; this machine has {here}.")
        say(f"Install one of those, or ask your teacher for a kit with --python {here}")
    else:
        say(f"This kit has nothing for {platform.system()} on {platform.machine()}.")
        say("Ask your teacher for one: `hello-armonik kit --help` names the systems.")
    return 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        say("Interrupted. The same command goes on from there.")
        sys.exit(130)
