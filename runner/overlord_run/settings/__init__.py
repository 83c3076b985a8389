"""Work out what a run is set to, by flags, environment, playbook and the user's config file, and where a key may go.

`environment.py` reads the environment, `config.py` the user's file; `precedence.py` settles it all.
"""
