"""The rooms of `hello_helpers`, from top to bottom, and what breaks their order.

Imports are read by grimp, wherever they stand: at the top of a module, inside a function, or under
TYPE_CHECKING. A module that is named in a string counts as imported, too.
"""

import ast
import functools
import graphlib
from collections.abc import Iterator
from pathlib import Path

import grimp

LAYERS = (
    ("__main__",),
    ("cli", "forms", "exercises"),
    ("course",),
    ("display", "wire.watching", "wire.sequence"),
    ("steps", "batches"),
    ("wait",),
    ("wire.record", "wire.calls", "wire.rows"),
    ("connect",),
    ("labels", "messages", "errors"),
)
"""Each may use what is below it. Calls on the wire are drawn high, and recorded low."""

APART = ("cli", "forms", "exercises")
"""Side by side, and not to use each other; in other layers that is allowed, one way."""

BESIDE = ("worker", "embedded", "wire")
"""What has rules of its own, or stands in the layers with its parts."""

PLANES = ("control_plane", "compute_plane", "data_plane")

USES_EMBEDDED = ("cli.class_", "cli.serve", "cli.status", "cli.stop", "course")
"""What may use the embedded ArmoniK, by its door only."""

DEFAULT_WORKER = "worker"
"""The one module outside that `embedded` names."""


def imports(package: str) -> grimp.ImportGraph:
    """Return who imports whom in a package that can be found on `sys.path`."""
    graph = grimp.build_graph(package, cache_dir=None)
    for module, path in _sources(graph, package):
        for name in _strings(path.read_text(encoding="utf-8")):
            if f"{name}.__main__" in graph.modules:  # as in: python -m package
                name = f"{name}.__main__"
            if name != module and name in graph.modules:
                graph.add_import(importer=module, imported=name)
    return graph


def complaints(graph: grimp.ImportGraph, package: str) -> list[str]:
    """Return what is wrong with the imports of a package, one line each."""
    return sorted({*_upward(graph, package), *_circles(graph), *_embedded(graph, package)})


def _sources(graph: grimp.ImportGraph, package: str) -> Iterator[tuple[str, Path]]:
    for finder in map(Path, __import__(package).__path__):
        for module in graph.modules:
            path = finder.joinpath(*module.split(".")[1:])
            yield module, path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@functools.cache  # most modules are asked for again, unchanged
def _strings(source: str) -> frozenset[str]:
    """Return the words of all strings in a module that look like a module's name; no docstrings."""
    tree = ast.parse(source)
    told = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            for word in node.value.replace("=", " ").split():
                name = word.partition(":")[0]
                while "." in name:  # "package.module.Class.method" names a module, too
                    found.add(name)
                    name = name.rpartition(".")[0]
    return frozenset(found)


def _upward(graph: grimp.ImportGraph, package: str) -> Iterator[str]:
    layers = [grimp.Layer(*layer, independent=layer == APART) for layer in LAYERS]
    for found in graph.find_illegal_dependencies_for_layers(layers, containers={package}):
        for route in found.routes:
            chain = [sorted(route.heads)[0], *route.middle, sorted(route.tails)[0]]
            yield "upwards or sideways: " + " -> ".join(chain)
    known = {
        f"{package}.{name}" for name in (*BESIDE, *(name for layer in LAYERS for name in layer))
    }
    for module in graph.find_children(package) | graph.find_children(f"{package}.wire"):
        if module not in known:
            yield f"in no layer: {module}"
    for module in graph.modules - {package}:
        if package in graph.find_modules_directly_imported_by(module):
            yield f"upwards: {module} -> {package}"
    outside = graph.find_modules_directly_imported_by(f"{package}.worker")
    for name in outside - {f"{package}.messages", f"{package}.errors"}:
        yield f"the worker is deployed alone: {package}.worker -> {name}"
    for module in graph.find_modules_that_directly_import(f"{package}.worker"):
        if not module.startswith(f"{package}.embedded."):
            yield f"the worker runs in a pod: {module} -> {package}.worker"


def _circles(graph: grimp.ImportGraph) -> Iterator[str]:
    order = graphlib.TopologicalSorter(
        {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    )
    try:
        order.prepare()
    except graphlib.CycleError as error:
        yield "in a circle: " + " -> ".join(reversed(error.args[1]))


def _embedded(graph: grimp.ImportGraph, package: str) -> Iterator[str]:
    door = f"{package}.embedded"
    inside = {door, *graph.find_descendants(door)}
    allowed = tuple(f"{package}.{name}" for name in USES_EMBEDDED)
    for importer in graph.modules - {package}:
        for imported in graph.find_modules_directly_imported_by(importer):
            arrow = f"{importer} -> {imported}"
            if importer in inside and imported not in inside:
                if imported != f"{package}.{DEFAULT_WORKER}":
                    yield f"out of the embedded ArmoniK: {arrow}"
            elif importer not in inside and imported in inside:
                if imported != door:
                    yield f"past the door of the embedded ArmoniK: {arrow}"
                elif not any(f"{importer}.".startswith(f"{name}.") for name in allowed):
                    yield f"has no business with the embedded ArmoniK: {arrow}"
    control, compute, data = ({f"{door}.{name}"} for name in PLANES)
    for one, others in ((control, compute), (compute, control), (data, control | compute)):
        for importer in {*one, *graph.find_descendants(*one)}:
            for imported in graph.find_modules_directly_imported_by(importer):
                if any(f"{imported}.".startswith(f"{other}.") for other in others):
                    yield f"between the planes: {importer} -> {imported}"
