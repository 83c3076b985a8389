"""Hold what the operator said and what a run is set to as frozen values."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct, field

from overlord_run.credential import Credential
from overlord_run.playbook.model import Preflight, Rate
from overlord_run.playbook.money import NO_LIMITS, Limits

DEFAULT_LEASE_S = 1800.0

StandIn = Literal["rehearsal", "replay"]
"""What answers in the API's place, so that nothing is sent."""


class Flags(Struct, frozen=True):
    """What the command line says, as it was typed; None where it is silent.

    Attributes:
        timeout: A duration like `90s` or `5m`; a bare number is seconds.
        fail_fast: Make one attempt a call and no other.
        max_usd: What the run may cost, in USD.
        max_tokens: How many tokens it may take.
    """

    base_url: str | None = None
    model: str | None = None
    ultra_model: str | None = None
    api_key_env: str | None = None
    api_key_file: str | None = None
    timeout: str | None = None
    concurrency: int | None = None
    trust_hosts: tuple[str, ...] = ()
    proxy: str | None = None
    ca_file: str | None = None
    fail_fast: bool = False
    max_usd: str | None = None
    max_tokens: int | None = None
    state_dir: str | None = None


class Config(Struct, frozen=True):
    """What the user's config file says.

    Attributes:
        path: Where the file is, or would be.
        ca_file: An absolute path.
    """

    path: Path
    trust_hosts: tuple[str, ...] = ()
    proxy: str | None = None
    ca_file: str | None = None


class Settings(Struct, frozen=True):
    """What a run is set to.

    Attributes:
        base_url: Without a slash at its end.
        key: The key to send; None where none is set or none may be sent.
        key_name: The variable, or the flag or variable that names the file, which the key came from.
        key_required: Whether the API cannot be proved without a key.
        timeout_s: Bounds one attempt.
        concurrency: How many calls are in flight at most.
        attempts: How many attempts a call is given at most.
        rate: How many requests and tokens may leave a minute.
        model_ids: The model ids that the operator gave, by alias: `normal`, `ultra`.
        proxy: A proxy's URL, `http` or `https`, without a user or a password.
        base_url_from: The flag or variable that named the base URL; None for the playbook's and for the default.
        lease_s: How long a sign of a servant proves that it is ready.
        limits: What the run may spend.
        trusted: The host whose `base_url` was let through because the operator trusts it, or None.
        overrides: A sentence for each setting that won over the playbook's.
        notes: A sentence for each thing that the operator asked for and was not done so.
    """

    base_url: str
    provider: str
    key: Credential | None
    key_name: str | None
    key_required: bool
    timeout_s: float
    concurrency: int
    attempts: int
    preflight: Preflight
    model_ids: Mapping[str, str]
    proxy: str | None
    ca_file: str | None
    trusted: str | None
    base_url_from: str | None = None
    rate: Rate = field(default_factory=Rate)
    lease_s: float = DEFAULT_LEASE_S
    limits: Limits = NO_LIMITS
    overrides: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the settings as JSON values for the record; of the key only the name of where it came from."""
        return {
            "baseUrl": self.base_url,
            "provider": self.provider,
            "keyName": self.key_name,
            "keyRequired": self.key_required,
            "timeoutS": self.timeout_s,
            "concurrency": self.concurrency,
            "attempts": self.attempts,
            "rate": {
                "requestsPerMinute": self.rate.requests_per_minute,
                "tokensPerMinute": self.rate.tokens_per_minute,
            },
            "preflight": self.preflight,
            "modelIds": dict(self.model_ids),
            "proxy": self.proxy,
            "caFile": self.ca_file,
            "trusted": self.trusted,
            "baseUrlFrom": self.base_url_from,
            "leaseS": self.lease_s,
            "budget": self.limits.to_json() if self.limits else None,
            "overrides": list(self.overrides),
            "notes": list(self.notes),
        }
