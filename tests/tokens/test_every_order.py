import logging, time
import pytest
from tests.tokens import clicks
from tests.tokens.memory import in_memory

@pytest.fixture
def memory(db):
    with in_memory(): yield

@pytest.mark.parametrize("case", [c for m in clicks.MODES for c in clicks.cases_of(m)], ids=str)
def test_no_order_breaks_a_law(case, memory):
    logging.disable()
    s = time.process_time()
    orders, broken = clicks.explore(case)
    print(case, orders, round(time.process_time() - s, 1), len(broken), broken[:2])
