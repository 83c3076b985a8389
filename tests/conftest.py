"""What holds for every test: a property is not judged by a clock, since the machine may be busy with other work."""

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
