"""Turn a playbook and its inputs into a plan: all that can be known before the first call."""
