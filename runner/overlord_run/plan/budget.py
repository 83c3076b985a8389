"""Find which price each model has, and which models a budget cannot hold."""

from collections.abc import Iterator, Mapping

from overlord_run.plan.pricing import answer_limit, listed_price
from overlord_run.playbook.address import parse_address
from overlord_run.playbook.model import Model, Playbook
from overlord_run.playbook.money import Limits, Price
from overlord_run.playbook.names import shown
from overlord_run.playbook.rules import problem
from overlord_run.problem import Problem

_MODEL = "normal"
_PRICE_IT = "give it a 'price', or 'engine.budget' the rates of 'unpriced'"


def used_models(playbook: Playbook) -> dict[str, Model]:
    """Return the models that a resolved playbook's servants use, by alias."""
    used = {one.model or playbook.roles[one.role].model or _MODEL for one in playbook.assignments}
    return {alias: model for alias, model in playbook.models.items() if alias in used}


def prices(playbook: Playbook, model_ids: Mapping[str, str], base_url: str | None = None) -> dict[str, Price | None]:
    """Return the price of each model that is used, by alias; None where it has none by any rule.

    The playbook's own price is the model's that it names: an id of the operator's has no part in it. Next is what ships
    with the runner, then what the budget says of models without a price.

    Args:
        playbook: A resolved one.
        model_ids: The operator's own ids, by alias.
        base_url: Where the API is; None for where the playbook says.
    """
    asked = base_url or _base_url(playbook)
    return {
        alias: (model.price if model_ids.get(alias, model.id) == model.id else None)
        or listed_price(model_ids.get(alias, model.id), asked)
        or playbook.engine.budget.unpriced
        for alias, model in used_models(playbook).items()
    }


def unbounded(models: Mapping[str, Model], limits: Limits) -> list[str]:
    """Return the aliases of the models whose answers have no limit, where a budget needs one."""
    if not limits.needs_reservations:
        return []
    return [alias for alias, model in models.items() if answer_limit(model.params) is None]


def unpriced(known: Mapping[str, Price | None], limits: Limits) -> list[str]:
    """Return the aliases of the models without a price, where a budget needs one."""
    return [] if limits.nano_usd is None else [alias for alias, price in known.items() if price is None]


def check(playbook: Playbook) -> list[Problem]:
    """Return what keeps a resolved playbook's budget from holding, at the models that it is about."""
    return list(_check(playbook))


def _check(playbook: Playbook) -> Iterator[Problem]:
    models, limits = used_models(playbook), playbook.engine.budget.limits
    if not limits.needs_reservations:
        return
    budget = playbook.places["engine", "budget"]
    for alias in unbounded(models, limits):
        message = f"under a budget the answers of {_named(models[alias])} need a limit, 'max_tokens'"
        hint = f"write models: {{{alias}: {{id: {models[alias].id}, params: {{max_tokens: 4096}}}}}}"
        yield problem(models[alias].place or budget, "unbounded-model", message, hint)
    for alias in unpriced(prices(playbook, {}), limits):
        message = f"a budget in USD cannot hold {_named(models[alias])}, which has no price"
        yield problem(models[alias].place or budget, "unpriced-model", message, _PRICE_IT)


def _named(model: Model) -> str:
    return f"the model {shown(model.alias)} ({model.id})"


def _base_url(playbook: Playbook) -> str | None:
    return None if playbook.engine.base_url is None else parse_address(playbook.engine.base_url).url
