"""Which options JupyterLab has: to an unknown one it would answer with its whole usage, or not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

FAMILIAR = {"allow-root", "debug", "help", "help-all", "ip", "port", "version", "y"}
"""Options of JupyterLab that are known here, because a look into it takes a second or two."""


def unknown_option(options: Sequence[str]) -> str | None:
    """Return the first option that JupyterLab does not have, or None.

    What has a dot, as in ``--ServerApp.port=9000``, is left to JupyterLab.
    """
    given = [
        option
        for option in options
        if option.startswith("-") and option.strip("-") and "." not in _name(option)
    ]
    if all(_name(option) in FAMILIAR for option in given):
        return None
    known = _known()
    return next((option for option in given if _name(option) not in known), None)


def _name(option: str) -> str:
    return option.lstrip("-").partition("=")[0]


def _known() -> set[str]:
    from jupyter_server.serverapp import ServerApp
    from jupyterlab.labapp import LabApp  # type: ignore[import-untyped]

    names: Iterable[str | tuple[str, ...]] = [
        name for app in (LabApp(), ServerApp()) for name in (*app.flags, *app.aliases)
    ]
    known = {part for name in names for part in ([name] if isinstance(name, str) else name)}
    return known | FAMILIAR
