"""The Telegram front. The only package that imports telegram."""

import os

os.environ.setdefault("PTB_TIMEDELTA", "true")  # flood waits as timedelta, without a warning each
