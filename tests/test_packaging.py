"""What the files about installing say agrees."""

import ast
import importlib.metadata
import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from hello_helpers.labels import VERSION
from tests.commands import finish, hello_armonik

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# This project, and what ipykernel and JupyterLab are made of: no Jupyter can be without them.
COME_ALONG = {
    "hello-armonik",
    "comm",
    "ipython",
    "jupyter-client",
    "jupyter-core",
    "jupyter-server",
    "jupyterlab-server",
    "nbconvert",
    "traitlets",
    "websocket-client",
}

# What lines of IPython's own begin with; the others are Python.
MAGIC = ("%", "!", "?")


@pytest.fixture(scope="module")
def project(root: Path) -> dict[str, Any]:
    """The table of pyproject.toml."""
    return tomllib.loads((root / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def conda(root: Path) -> dict[str, Any]:
    """The table of environment.yml."""
    return yaml.safe_load((root / "environment.yml").read_text())


@pytest.fixture(scope="module")
def readme(root: Path) -> str:
    """The text of README.md."""
    return (root / "README.md").read_text()


def requirements(lines: Iterable[str], python: str | None = None) -> dict[str, SpecifierSet]:
    """Parse requirements into {name: versions}; leave out those for another Python."""
    parsed = map(Requirement, lines)
    environment = {"python_version": python} if python else {}
    wanted = [r for r in parsed if not r.marker or r.marker.evaluate(environment)]
    return {canonicalize_name(r.name): r.specifier for r in wanted}  # conda writes some with "_"


def pythons_tested(project: dict[str, Any]) -> list[str]:
    prefix = "Programming Language :: Python :: 3."
    found = [c for c in project["project"]["classifiers"] if c.startswith(prefix)]
    return [c.rpartition(" ")[2] for c in found]


def command_of(readme: str, heading: str) -> str:
    """Return the command in the code block below a heading of the README."""
    block = re.search(rf"^## {heading}\n+```sh\n(.+)\n```", readme, re.MULTILINE)
    assert block, f"the README has no one-line command below ## {heading}"
    return block[1]


# -- versions


def test_our_tasks_name_the_version_of_the_package(project: dict[str, Any]) -> None:
    assert project["project"]["version"] == VERSION


def test_each_requirement_is_bounded_on_both_sides(project: dict[str, Any]) -> None:
    declared = [
        *project["build-system"]["requires"],
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["test"],
    ]
    for line in declared:
        operators = {specifier.operator for specifier in Requirement(line).specifier}
        assert operators == {">=", "<"}, line


def test_this_environment_keeps_to_the_bounds(project: dict[str, Any]) -> None:
    lines = project["project"]["dependencies"] + project["project"]["optional-dependencies"]["test"]
    for name, versions in requirements(lines).items():
        assert importlib.metadata.version(name) in versions, name


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 knows too little of wheels")
@pytest.mark.parametrize(
    ("folder", "extras"),
    [("hello_helpers", ()), ("notebooks", ()), ("tests", ("test", "benchmark"))],
)
def test_what_is_imported_is_declared(
    root: Path, project: dict[str, Any], folder: str, extras: tuple[str, ...]
) -> None:
    declared = list(project["project"]["dependencies"])
    for extra in extras:
        declared += project["project"]["optional-dependencies"][extra]
    known = {canonicalize_name(Requirement(line).name) for line in declared} | COME_ALONG
    distributions = importlib.metadata.packages_distributions()
    for path, source in python_sources(root / folder):
        for module in imported(source) - {"tests"} - sys.stdlib_module_names:
            providers = {canonicalize_name(name) for name in distributions.get(module, [module])}
            assert providers & known, f"{path} imports {module}"


def python_sources(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield the modules and the code cells of a folder, without lines of magics."""
    for path in folder.rglob("*.py"):
        yield path, path.read_text()
    for path in folder.rglob("*.ipynb"):
        for cell in json.loads(path.read_text())["cells"]:
            if cell["cell_type"] == "code":
                lines = "".join(cell["source"]).splitlines()
                yield path, "\n".join("pass" if x.startswith(MAGIC) else x for x in lines)


def imported(source: str) -> set[str]:
    """Return the top-level names of the modules that Python source imports."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def test_conda_gets_the_same_versions_as_pip(
    project: dict[str, Any], conda: dict[str, Any]
) -> None:
    assert set(conda) == {"name", "channels", "dependencies"}
    packages = [line for line in conda["dependencies"] if isinstance(line, str)]
    (by_pip,) = [table["pip"] for table in conda["dependencies"] if isinstance(table, dict)]
    assert "pip" in packages
    assert by_pip[-1] == "-e ."
    (python,) = [line.partition("=")[2] for line in packages if line.startswith("python=")]
    assert python in pythons_tested(project)
    given = [p for p in packages if p != "pip" and not p.startswith("python=")] + by_pip[:-1]
    assert requirements(given) == requirements(project["project"]["dependencies"], python)


def test_the_readme_names_the_python_versions_of_pyproject(
    project: dict[str, Any], conda: dict[str, Any], readme: str
) -> None:
    oldest, *_, newest = pythons_tested(project)
    assert project["project"]["requires-python"] == f">={oldest}"
    assert f"Python {oldest} or newer (tested with {oldest} to {newest})" in readme
    assert f"must say {oldest} or more" in readme
    assert f"has Python {conda['dependencies'][0].partition('=')[2]} " in readme
    assert project["tool"]["ruff"]["target-version"] == f"py{oldest.replace('.', '')}"
    assert project["tool"]["mypy"]["python_version"] == oldest


def test_the_changelog_begins_with_this_version(root: Path, project: dict[str, Any]) -> None:
    headings = re.findall(r"^## (.+)", (root / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == project["project"]["version"]


# -- the README's commands


@pytest.mark.parametrize(
    ("heading", "what", "last"),
    [
        ("Run", "-e .", ".venv/bin/hello-armonik lab"),
        ("Test", '-e ".[test]"', ".venv/bin/python -m pytest -n 3 --dist loadfile"),
    ],
)
def test_a_command_of_the_readme_makes_an_environment_installs_and_starts(
    readme: str, heading: str, what: str, last: str
) -> None:
    assert command_of(readme, heading).split(" && ") == [
        "python3 -m venv .venv",
        f".venv/bin/python -m pip install {what}",
        last,
    ]


def test_ci_runs_the_test_command_of_the_readme(root: Path, readme: str) -> None:
    (awk,) = re.findall(r"awk '(.+)' README.md", (root / ".ci" / "run").read_text())
    found = finish("awk", awk, "README.md", cwd=root)
    assert found.stdout == command_of(readme, "Test") + "\n"


def test_the_commands_of_the_readme_exist(project: dict[str, Any], readme: str) -> None:
    assert project["project"]["scripts"] == {"hello-armonik": "hello_helpers.__main__:main"}
    helped = hello_armonik("--help")
    named = set(re.findall(r"`hello-armonik (\w+)", readme))
    assert named >= {"run", "serve", "stop", "lab"}
    for command in named:
        assert re.search(rf"^\s+{command}\s", helped.stdout, re.MULTILINE), command
