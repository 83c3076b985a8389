"""Turn the bytes of a playbook or role file into frozen values, or into problems with their places."""
