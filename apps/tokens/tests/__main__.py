"""
Run the tests of this copy: ``python -m <path>.tokens.tests``, from the folder of manage.py.

They run by the rules of own.ini, with the settings of settings.py and as the root of all that pytest looks at: the
project around them is neither read nor changed. Arguments are pytest's; files are named as they are called here, such
as ``test_models.py``. ``--ds=mysite.settings_for_tokens`` takes other settings, which begin with
``from <path>.tokens.tests.settings import *``. requirements.txt says what to install.
"""

import os
import sys
import tempfile
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent


def main() -> int:
    # What is relative on the path of imports stays where it was.
    sys.path[:] = [os.path.abspath(entry) for entry in sys.path]
    os.chdir(FOLDER)
    with tempfile.TemporaryDirectory() as scratch:
        os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", scratch)
        return pytest.main(["-c", str(FOLDER / "own.ini"), f"--ds={__package__}.settings", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
