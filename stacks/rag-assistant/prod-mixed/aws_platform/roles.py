"""The role that applications connect as: no superuser, created by a task before any client connects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_aws as aws
import pulumi_random as random

from aws_platform.containers import Container
from aws_platform.fargate import Compute, Task
from aws_platform.naming import physical_name
from aws_platform.policies import Statement, policy, trust_policy
from aws_platform.workloads import admit
from aws_platform.zone import Zone
from database_roles import IMAGE, make_role_command

PORT = 5432
LIMIT = 900  # seconds; the longest that a function may run


@dataclass(frozen=True, kw_only=True)
class Administrator:
    """The user of a server who may create roles.

    group_id: the server's security group. ready: resources that must exist before it can connect.
    """

    host: pulumi.Output[str]
    user: str
    password: pulumi.Output[str]
    group_id: pulumi.Output[str]
    ready: Sequence[pulumi.Resource]


class ApplicationRole(pulumi.ComponentResource):
    """Owner of a database with extensions, on a server that others administer.

    component: owner of the database; if it may connect to the internet, the task pulls its image from there.
    password: the role's, whose name is `database_roles.APPLICATION`. host: the server's, known once the role exists.
    """

    host: pulumi.Output[str]
    password: pulumi.Output[str]

    def __init__(
        self,
        server: str,
        zone: Zone,
        administrator: Administrator,
        *,
        component: str,
        database: str,
        extensions: Sequence[str] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        name = f"{server}-roles"
        super().__init__("stackgen:aws:ApplicationRole", name, None, opts)
        self._child = child = pulumi.ResourceOptions(parent=self)
        self.password = random.RandomPassword(f"{name}-password", length=40, special=False, opts=child).result
        psql = Container(
            name="psql",
            image=zone.image(IMAGE),
            entry_point=["sh", "-euc"],
            command=[make_role_command(database, *extensions)],
            environment={
                "PGHOST": administrator.host,
                "PGPORT": str(PORT),
                "PGUSER": administrator.user,
                "PGSSLMODE": "require",
            },
            secrets={"PGPASSWORD": administrator.password, "APPLICATION_PASSWORD": self.password},
        )
        task = Task(name, zone, [psql], Compute(cpu=256, memory=512), opts=child)
        task.workload.reach(server, PORT, group_id=administrator.group_id)
        admit(
            server, administrator.group_id, name, PORT, child, source_group_id=task.workload.security_group_id
        )
        if component in zone.egress:
            task.workload.reach("internet", 443, cidr="0.0.0.0/0")
        done = self._run(name, zone, task, psql.name, administrator.ready)
        self.host = pulumi.Output.all(done.result, administrator.host).apply(lambda known: known[1])
        self.register_outputs({"host": self.host})

    def _run(
        self, name: str, zone: Zone, task: Task, container: str, ready: Sequence[pulumi.Resource]
    ) -> aws.lambda_.Invocation:
        """Run the task, and again after a change of the definition or of passwords; fails if the task fails."""
        code = (Path(__file__).parent / "run_task.py").read_text(encoding="utf-8")
        logs = zone.log_group(f"{name}-run", self._child)
        role, may_run = self._runner(name, zone, task, logs)
        function = aws.lambda_.Function(
            f"{name}-run",
            name=physical_name(f"{name}-run", 64),
            description=f"Runs the task {name} to its end",
            role=role.arn,
            runtime="python3.13",
            architectures=["arm64"],
            handler="run_task.handler",
            code=pulumi.AssetArchive({"run_task.py": pulumi.StringAsset(code)}),
            timeout=LIMIT,
            memory_size=128,
            logging_config=aws.lambda_.FunctionLoggingConfigArgs(log_format="JSON", log_group=logs.name),
            opts=self._child,
        )
        event = {
            "cluster": zone.cluster.arn,
            "definition": task.definition.arn,
            "subnets": list(zone.network.private_subnet_ids),
            "group": task.workload.security_group_id,
            "container": container,
        }
        return aws.lambda_.Invocation(
            f"{name}-run",
            function_name=function.name,
            input=pulumi.Output.json_dumps(event),
            triggers={"definition": task.definition.arn, "secret": task.secret_version},
            opts=pulumi.ResourceOptions.merge(
                self._child, pulumi.ResourceOptions(depends_on=[may_run, *ready])
            ),
        )

    def _runner(
        self, name: str, zone: Zone, task: Task, logs: aws.cloudwatch.LogGroup
    ) -> tuple[aws.iam.Role, aws.iam.RolePolicy]:
        """Create the function's role, which may run this one task, pass its two roles, and read its status."""
        role = aws.iam.Role(
            f"{name}-run",
            name=physical_name(f"{name}-run", 64),
            description=f"Runs the task {name}",
            assume_role_policy=trust_policy("lambda.amazonaws.com"),
            opts=self._child,
        )
        here = {"ArnEquals": {"ecs:cluster": zone.cluster.arn}}
        tasks = f"arn:aws:ecs:{zone.region}:{zone.account}:task/"
        may_run = aws.iam.RolePolicy(
            f"{name}-run",
            role=role.name,
            policy=policy(
                Statement(
                    ("ecs:RunTask",),
                    [task.definition.arn_without_revision.apply(lambda arn: f"{arn}:*")],
                    here,
                ),
                Statement(
                    ("ecs:DescribeTasks",), [pulumi.Output.concat(tasks, zone.cluster.name, "/*")], here
                ),
                Statement(
                    ("iam:PassRole",),
                    [task.execution_role_arn, task.workload.role.arn],
                    {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
                ),
                Statement(
                    ("logs:CreateLogStream", "logs:PutLogEvents"), [pulumi.Output.concat(logs.arn, ":*")]
                ),
            ),
            opts=self._child,
        )
        return role, may_run
