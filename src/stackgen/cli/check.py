"""stackgen check: is a spec right, in every environment?"""

from __future__ import annotations

from argparse import Namespace

from stackgen.cli.console import Answer, Console
from stackgen.cli.environment import load_named_stack
from stackgen.environment.opening import load_shelf


def run(arguments: Namespace, console: Console) -> Answer:
    """Plan every environment, and read the golden questions if there are any; all problems at once."""
    from stackgen.planning.plan import check_stack
    from stackgen.planning.user_code import code_allowances, refuse_unpinned

    loaded = load_named_stack(arguments)
    shelf = load_shelf(loaded.path.parent)
    plans = check_stack(loaded, shelf)
    for plan in plans.values():
        refuse_unpinned(plan)
    corpus = loaded.path.parent / "golden" / "corpus.yaml"
    if corpus.is_file():
        from stackgen.golden.corpus import load_corpus

        load_corpus(corpus, loaded.stack, shelf)
    name = loaded.stack.name
    data = {environment: len(plan.components) for environment, plan in plans.items()}
    text = f"{name} is right: {len(loaded.stack.components)} components in {', '.join(plans)}"
    return Answer(
        {"environments": data},
        text,
        warnings=tuple(
            dict.fromkeys(w for plan in plans.values() for w in (*plan.warnings, *code_allowances(plan)))
        ),
        next=f"stackgen plan {name} -e {next(iter(plans))}",
        stack=name,
    )
