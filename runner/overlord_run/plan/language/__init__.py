"""The template language: what a template may say, reach and cost; its door is `templates`."""
