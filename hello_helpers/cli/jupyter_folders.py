"""Jupyter's own folders, for where the home folder cannot be written: an image, a full quota."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def folders_elsewhere() -> dict[str, str]:
    """Return variables that move to a temporary folder what Jupyter could not write in its place.

    JupyterLab does not start without a runtime folder. Without the others a notebook is not
    trusted, settings are lost, and IPython complains.

    Raises:
        OSError: no temporary folder can be made either.
    """
    bad = [name for name, folder in _folders().items() if not _is_writable(folder)]
    if not bad:
        return {}
    elsewhere = Path(tempfile.mkdtemp(prefix="hello-armonik-jupyter-"))
    moved = {name: elsewhere / name.lower() for name in bad}
    for folder in moved.values():
        folder.mkdir(mode=0o700)
    return {name: str(folder) for name, folder in moved.items()}


def _folders() -> dict[str, str]:
    from jupyter_core import paths

    folders = {
        "JUPYTER_RUNTIME_DIR": paths.jupyter_runtime_dir(),
        "JUPYTER_DATA_DIR": paths.jupyter_data_dir(),
        "JUPYTER_CONFIG_DIR": paths.jupyter_config_dir(),
        "IPYTHONDIR": os.environ.get("IPYTHONDIR") or "~/.ipython",
    }
    for name in ("JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR"):
        if name in os.environ:  # else they are in the folder for configuration
            folders[name] = os.environ[name]
    return folders


def _is_writable(name: str) -> bool:
    """Tell whether files can be made in a folder, or the folder itself, if it is not there yet."""
    try:
        folder = Path(name).expanduser()
        nearest = next(path for path in (folder, *folder.parents) if path.exists())
        return nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)
    except (OSError, RuntimeError):  # RuntimeError: no home folder is known
        return False
