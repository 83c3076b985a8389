"""Refuse what a run's budget does not cover any more, and say how it is raised."""

from overlord_run.errors import BudgetError
from overlord_run.plan.account import Account
from overlord_run.playbook.money import in_limit
from overlord_run.store.folder import RunFolder


def require_budget(folder: RunFolder, account: Account) -> None:
    """Refuse a run that a limit of its budget has stopped.

    Raises:
        BudgetError: One has, and it was not raised since.
    """
    limit = account.reached
    if limit is None:
        return
    value = account.limits.of(limit) or 0
    message = f"the budget of {in_limit(limit, value)} of the run {folder.run_id} is reached, and nothing more is sent"
    remedy = f"to raise it and carry on: overlord-run resume --run {folder.run_id} --budget {account.remedy()}"
    raise BudgetError(message, next=remedy)
