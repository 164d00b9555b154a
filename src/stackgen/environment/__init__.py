"""One opened environment: its plan, program, deployment, bindings and guards."""
