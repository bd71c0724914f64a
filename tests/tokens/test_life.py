import time
import pytest
from . import life
import logging

@pytest.mark.parametrize("kind", life.KINDS, ids=str)
@pytest.mark.parametrize("depth", [3,4,None])
def test_x(db, kind, capsys, depth):
    logging.disable(50)
    t=time.process_time()
    s, n, d = life.explore(*kind, depth=depth)
    with capsys.disabled():
        print(kind, depth, s, n, len(d), time.process_time()-t)
        for x in d[:10]: print(x)
