"""Measure the program as whole processes against the least that could do the same work: `make bench`.

A case (`cases/`) names contestants, which take turns (`rounds.py`) as processes of their own (`process.py`) before an
API on loopback (`api.py`). What they spent becomes figures (`results.py`), a table (`report.py`), and one JSON file;
from that file `page.py` renders docs/performance.md's tables and plots, so no figure there was typed.
"""
