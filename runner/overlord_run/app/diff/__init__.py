"""Tell two runs, or two playbooks, apart.

Both are brought into one form first, facts by what they are about (`runs.py`, `plans.py`); what is compared is that
form (`compare.py`, `texts.py`), which knows neither runs nor plans. So a key that a plan grows is compared by itself.
"""
