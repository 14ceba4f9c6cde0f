"""The engine's process: opens chDB and serves it until it is told to stop or its parent is gone."""

from __future__ import annotations

import logging
import os

from watchkeeper.engine.child import main

status = main()
logging.shutdown()
# Everything is closed. The interpreter's own ending would wait for threads of the engine that wait for work.
os._exit(status)
