#!/bin/sh
# make_venv.sh FOLDER: a virtual environment with what requirements.lock pins, hashes checked, and the project itself.
# A folder with a working environment is kept and brought up to date. PYTHON names the interpreter to use.
set -eu
venv=$1

recent() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
        if recent "$candidate"; then echo "$candidate" && return; fi
    done
    if [ -n "${PYTHON:-}" ]; then
        echo "PYTHON=$PYTHON is not a Python 3.11 or newer." >&2
    else
        echo "No Python 3.11 or newer was found on the PATH." >&2
        echo "Install one, or say where it is: make PYTHON=/path/to/python3.11 …" >&2
    fi
    return 1
}

if ! recent "$venv/bin/python" || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    python=$(find_python)
    echo "Making $venv with $("$python" --version) …"
    if ! "$python" -m venv --clear "$venv"; then
        echo "The virtual environment could not be made. On Debian and Ubuntu, python3-venv must be installed." >&2
        exit 1
    fi
fi
echo "Installing what requirements.lock pins (a minute or so, the first time) …"
pip="$venv/bin/python -m pip --disable-pip-version-check --quiet"
$pip install --require-hashes -r requirements.lock
$pip install --no-deps --no-build-isolation --editable .
