"""The process of an embedded ArmoniK: ``python -m hello_helpers.embedded CONFIGURATION``.

It is started by `process.start`, never by hand: by hand, it is ``hello-armonik serve``.
"""

from __future__ import annotations

import sys

from .config import Configuration
from .program import run

if __name__ == "__main__":
    sys.exit(run(Configuration.from_json(sys.argv[1])))
