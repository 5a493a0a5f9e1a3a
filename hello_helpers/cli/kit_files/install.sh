#!/bin/sh
# sh install.sh [FOLDER]: install the course from this folder, without network (see install.py).
here=$(cd "$(dirname "$0")" && pwd)
for python in python3 python3.13 python3.12 python3.11 python3.10 python; do
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null; then
        exec "$python" "$here/install.py" "$@"
    fi
done
echo "There is no Python on this machine. Install Python 3.10 or newer, and give this command again." >&2
exit 1
