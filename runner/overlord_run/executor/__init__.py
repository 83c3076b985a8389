"""Carry a plan out: preflight, startup, redirects, and one servant's turn.

The executor knows neither files nor HTTP. It is handed a plan, an engine and a recorder; it turns each thing that
happens into an event, and decides the next step from the state that those events fold into.

- `council.py` holds what every step needs, and the one question that stops it: may anything new be sent?
- `turn.py` asks one servant one message. A failed call ends as an event, never as an exception, because an exception
  would cancel the other servants in the task group.
- `startup.py` asks all the servants with a task, side by side. Nothing new is started after the first failure.
- `redirects.py` starts each redirect when the ones it comes after have ended. A servant's own messages keep the plan's
  order by a chain of turns per slot instead of a lock, so no message can overtake another.
- `run.py` is the story in order.

The price of one task a target is memory that grows with the widest redirect, not with the run; the lanes bound what is
in flight.
"""
