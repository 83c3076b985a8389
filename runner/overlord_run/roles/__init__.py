"""Find the text of roles and of the files that a playbook names."""
