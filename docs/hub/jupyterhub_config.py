"""JupyterHub for a class: learners log in from a browser, and have the lessons before them.

    jupyterhub -f jupyterhub_config.py

It runs as it stands, for the accounts of this machine in the group ``learners``. README.md beside
it says what has to be installed, and what else you may want to change.
"""

import os
import sys

from hello_helpers.cli import hub
from hello_helpers.cli.lab import DEFAULT_FOLDER, FRONT_PAGE, server_options

c = get_config()  # noqa: F821 - JupyterHub has it

# Who comes in, and where. Passwords need TLS as soon as anything but this machine is meant.
c.JupyterHub.bind_url = "http://127.0.0.1:8000"
# c.JupyterHub.bind_url = "https://:8443"
# c.JupyterHub.ssl_cert, c.JupyterHub.ssl_key = "/srv/hub/cert.pem", "/srv/hub/key.pem"
c.LocalAuthenticator.allowed_groups = {"learners"}

# What each gets: JupyterLab on their own copy of the lessons, in the Python of the course.
c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
c.Spawner.args = server_options()
c.Spawner.environment = hub.environment()
c.Spawner.notebook_dir = DEFAULT_FOLDER
c.Spawner.default_url = f"/{FRONT_PAGE}"
c.Spawner.http_timeout = 120  # seconds: thirty of them may log in at once

# The copy is made before the server starts. With the folder of `hello-armonik class start` in
# CLASS_FOLDER, learners whose account has a file there use the class's ArmoniK.
c.Spawner.pre_spawn_hook = hub.preparing(os.environ.get("CLASS_FOLDER"))

# After an hour in which a learner did nothing, their server ends. Files and progress stay.
c.JupyterHub.load_roles = [
    {
        "name": "cull-idle",
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
        "services": ["cull-idle"],
    }
]
c.JupyterHub.services = [
    {
        "name": "cull-idle",
        "command": [sys.executable, "-m", "jupyterhub_idle_culler", "--timeout=3600"],
    }
]
