"""Carry a plan out: preflight, startup, redirects, and one servant's turn.

The executor knows neither files nor HTTP. It is handed a plan, an engine and a recorder; it turns each thing that
happens into an event, and decides the next step from the state that those events fold into.

A resume takes the same way with a state that is not empty: every step looks at what the state says has ended, and does
the rest. So a crash costs no step twice, and there is no second path to keep in step with the first.

- `council.py` holds what every step needs, and the one question that stops it: may anything new be sent?
- `turn.py` asks one servant one message. A failed call ends as an event, never as an exception, because an exception
  would cancel the other servants in the task group.
- `recovery.py` helps a servant whose call failed, by the plan's word or by a person's.
- `errand.py` brings one message to its servants and settles it: the startup, a redirect, or what a person sent.
- `proof.py` proves the API; `startup.py` asks all the servants with a task, side by side.
- `redirects.py` starts each redirect when the ones it comes after have ended. A servant's own messages keep the plan's
  order by a chain of turns per slot; what persons send meanwhile waits its turn at the servant's lock.
- `desk.py` takes what other processes ask out of the inbox.
- `run.py` is the story in order.

The price of one task a target is memory that grows with the widest redirect, not with the run; the lanes bound what is
in flight.
"""
