"""The defects of seeded.py fit the app as it is; `python -m <path>.tokens.tests.seeded` sows them."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from .seeded import APP, DEFECTS


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.sentence)
def test_a_defect_still_finds_the_line_that_it_spoils(defect):
    source = Path(find_spec(APP).origin).with_name(defect.file).read_text(encoding="utf-8")

    assert compile(defect.sow(source), defect.file, "exec")
