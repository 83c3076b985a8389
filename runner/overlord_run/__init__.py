"""Run a council of LLM advisers from one YAML playbook."""

__version__ = "0.1.0"
