"""Keep the key out of what is sent: a request whose prompt or parameters hold it does not leave."""

import json

from overlord_run.credential import Redactor
from overlord_run.engine.base import Request


class Guard:
    """Looks for the key in requests. A text that it has looked through before, it does not look through again.

    Attributes:
        redactor: Knows the key in its spellings.
    """

    def __init__(self, redactor: Redactor) -> None:
        self.redactor = redactor
        self._clean: set[str] = set()

    def holds_key(self, request: Request) -> bool:
        """Return whether a request holds the key, in any of the spellings that the redactor knows."""
        texts = set(request.contents()) - self._clean
        if self.redactor.occurs_in(json.dumps([request.model, *request.params.items()])):
            return True
        if any(map(self.redactor.occurs_in, texts)):
            return True
        self._clean |= texts
        return False
