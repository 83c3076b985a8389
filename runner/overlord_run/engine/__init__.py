"""Answer one request with one reply or one failure."""

import sys

# httpx imports its own command line, and with it rich (55 ms), wherever that is installed; None makes this import fail.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
