"""The settings of the demo that the browsers look at: everything it writes goes into the folder SCRATCH_DIR names."""

import os
from pathlib import Path

from config.settings import *

DEMO_MAILBOX_DIR = Path(os.environ["SCRATCH_DIR"]) / "mailbox"
