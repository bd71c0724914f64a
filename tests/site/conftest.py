import subprocess
import sys

import pytest

from tests.support.project import ROOT, make_environment


@pytest.fixture
def run_python():
    """Runs Python in the project's folder, warnings being errors, with nothing in the environment but ``variables``."""

    def run(*args, cwd=ROOT, timeout=60, **variables):
        return subprocess.run(
            [sys.executable, "-W", "error", *args],
            cwd=cwd,
            env=make_environment(**variables),
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    return run
