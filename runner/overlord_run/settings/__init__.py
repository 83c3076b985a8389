"""Work out what a run is set to, by flags, environment, playbook and the user's config file, and where a key may go.

What is light to import stands here; `precedence.py` settles it all, `config.py` reads the user's file.
"""

from overlord_run.settings.environment import environment, is_github_actions, run_id, state_folder
from overlord_run.settings.model import Config, Flags, Settings

__all__ = ["Config", "Flags", "Settings", "environment", "is_github_actions", "run_id", "state_folder"]
