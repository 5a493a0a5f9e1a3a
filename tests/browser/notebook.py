"""A notebook in JupyterLab, as a person has it before them: open, run, look, restart."""

from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page

from tests.browser.server import JupyterServer

ARTEFACTS = Path(__file__).parents[2] / "artefacts"

# The indicator of a notebook says "idle" for a moment before there is a kernel. Running cells then
# would run nothing, and say nothing.
READY = """() => {
    const context = window.jupyterapp?.shell?.currentWidget?.sessionContext;
    return !!context && context.isReady
        && context.session?.kernel?.connectionStatus === 'connected'
        && context.kernelDisplayStatus === 'idle';
}"""

FORGET_CHANGES = "() => { jupyterapp.shell.currentWidget.context.model.dirty = false; }"

# Without waiting inside: a call into the page has no deadline of its own.
START_COMMAND = """([command, args]) => {
    window.commandDone = undefined;
    jupyterapp.commands.execute(command, args).then(
        () => { window.commandDone = 'done'; }, error => { window.commandDone = String(error); });
}"""

UNLABELLED = """area =>
    ['input', 'select', 'textarea']
    .flatMap(kind => [...document.querySelectorAll(`${area} ${kind}`)])
    .filter(field => !field.getAttribute('aria-label')
        && ![...field.labels].some(label => label.textContent.trim()))
    .map(field => field.outerHTML)"""

# JupyterLab says this in the console when a kernel is restarted soon after its start.
JUPYTERLAB_NOISE = "Could not restore the debugger state"

ERROR_OUTPUT = '[data-mime-type="application/vnd.jupyter.error"]'
STDERR_OUTPUT = '[data-mime-type="application/vnd.jupyter.stderr"]'
WIDGETS = ".jp-OutputArea-output .jupyter-widgets"
BROKEN_WIDGET = ".jp-OutputArea-output:has-text('Error displaying widget')"


class Notebook:
    """One notebook in the front of JupyterLab; `panel` is where it is."""

    def __init__(self, page: Page, server: JupyterServer, pictures: bool) -> None:
        """Record what the page asks for and complains of, from now on."""
        self.pictures = pictures
        self.page = page
        self.server = server
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.name = ""
        self.panel: Locator = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.complaints.append(f"exception: {error}"))
        page.on("console", self._hear)

    def _hear(self, message: Any) -> None:
        if message.type == "error" and not message.text.startswith(JUPYTERLAB_NOISE):
            self.complaints.append(f"console: {message.text}")

    def open(self, name: str) -> None:
        """Open the notebook, alone, in a fresh kernel.

        The first time JupyterLab is loaded too, with a fresh layout; that takes most of the time.
        """
        if not self.name:
            self.name = name
            self.page.goto(f"{self.server.url}lab/tree/{name}?token={self.server.token}&reset")
        else:
            self.page.evaluate(FORGET_CHANGES)  # else JupyterLab asks whether to save them
            self.command("application:close-all")
            self.server.end_kernels()
            self.name = name
            self.command("docmanager:open", path=name, factory="Notebook")
        self.panel.locator(".jp-Cell").first.wait_for()
        self.wait_for_kernel()

    def wait_for_kernel(self) -> None:
        """Wait until the kernel is connected and idle."""
        self.page.wait_for_function(READY)

    def command(self, name: str, seconds: float = 60, **args: Any) -> None:
        """Run a command of JupyterLab and wait for its end."""
        self.page.evaluate(START_COMMAND, [name, args])
        self.page.wait_for_function("window.commandDone !== undefined", timeout=seconds * 1000)
        assert self.page.evaluate("window.commandDone") == "done"

    def run_all(self, seconds: float = 60) -> None:
        """Run All Cells, as the menu does; it stops at the first cell that fails."""
        self.command("notebook:run-all-cells", seconds)

    def restart_kernel(self) -> None:
        """Restart the kernel, as the menu does, and agree to the question."""
        self.page.evaluate(START_COMMAND, ["kernelmenu:restart", {}])
        self.page.locator(".jp-Dialog .jp-mod-accept").click()
        self.page.wait_for_function("window.commandDone === 'done'")
        self.wait_for_kernel()

    def not_run(self) -> int:
        """Return the number of code cells with source that have not been run to their end."""
        return self.page.evaluate(
            "() => [...jupyterapp.shell.currentWidget.content.model.cells].filter(cell => cell.type"
            " === 'code' && cell.sharedModel.source.trim() && !cell.executionCount).length"
        )

    def text(self) -> str:
        """Return the text of all outputs."""
        return "\n".join(self.panel.locator(".jp-OutputArea-output").all_text_contents())

    def errors(self) -> list[str]:
        """Return the texts of all error outputs, stderr outputs and broken widgets."""
        found = self.panel.locator(f"{ERROR_OUTPUT}, {STDERR_OUTPUT}, {BROKEN_WIDGET}")
        return found.all_text_contents()

    def requests_to_others(self) -> list[str]:
        """Return the requests that did not go to this machine's JupyterLab."""
        own = (self.server.url, self.server.url.replace("http", "ws", 1), "data:", "blob:")
        return [url for url in self.requests if not url.startswith(own)]

    def accessibility_violations(self) -> list[str]:
        """Return what is wrong in the widgets, one line a kind (JupyterLab's frame is not ours).

        axe takes the placeholder of a field for its name, and ipywidgets sets a blank one on every
        field; so labels are looked at apart.
        """
        if not self.panel.locator(WIDGETS).count():
            return []
        found = Axe().run(self.page, context={"include": [[WIDGETS]]}).response["violations"]
        lines = [f"{v['id']}: {v['help']}: {[node['html'] for node in v['nodes']]}" for v in found]
        unlabelled = self.page.evaluate(UNLABELLED, WIDGETS)
        return lines + [f"field without a label: {html}" for html in unlabelled]

    def screenshot(self, label: str = "") -> None:
        """Take a picture of the whole notebook into the folder of artefacts, if they are wanted."""
        if not self.pictures:
            return
        size = self.page.viewport_size
        assert size
        height = self.panel.locator(".jp-Cell").evaluate_all(
            "cells => cells.reduce((sum, cell) => sum + cell.offsetHeight, 0)"
        )
        self.page.set_viewport_size({"width": size["width"], "height": min(height + 200, 12000)})
        self.panel.locator(".jp-WindowedPanel-outer").evaluate("area => { area.scrollTop = 0; }")
        ARTEFACTS.mkdir(exist_ok=True)
        path = ARTEFACTS / f"{Path(self.name).stem}{label and '-' + label}.png"
        self.page.screenshot(path=path)
        self.page.set_viewport_size(size)
