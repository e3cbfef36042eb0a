"""Looking after an installation: its tables and settings, who owns it, what shares it, its demo world."""

import click

from mailer.cli.building import core, with_doors
from mailer.config import Settings, in_force
from mailer.runtime import logs


@click.command()
@click.option("--to", "revision", default="head", show_default=True, help="A revision, or -1 for one back.")
@click.pass_obj
def migrate(settings: Settings, revision: str) -> None:
    """Bring the database's tables to this version, or to another."""
    from mailer.runtime.migrations import migrate_to

    logs.begin("migrate", settings.log_level)
    with core(settings).app_context():
        migrate_to(revision)


@click.command("config")
@click.pass_obj
def show_config(settings: Settings) -> None:
    """Print the settings in force, with secrets masked."""
    for name, value in in_force(settings).items():
        click.echo(f"{name}={value}")


@click.group()
def owner() -> None:
    """People who own a workspace."""


@owner.command("create")
@click.option("--email", required=True, help="The address to sign in with.")
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True)
@click.option("--workspace", required=True, help="The name of their new workspace.")
@click.option("--name", default="", help="Their own name.")
@click.pass_obj
def owner_create(settings: Settings, email: str, password: str, workspace: str, name: str) -> None:
    """Make someone who can sign in, with a workspace of their own."""
    from mailer.accounts.found import create_owner
    from mailer.db import db
    from mailer.runtime.migrations import migrate_to

    with with_doors(settings).app_context():
        # The first command on an empty database, often: there is nothing to ask then.
        migrate_to("head")
        _, made = create_owner(email=email, password=password, workspace=workspace, name=name)
        db.session.commit()
        click.echo(made.slug)


@click.group()
def key() -> None:
    """Keys for programs."""


@key.command("create")
@click.option("--workspace", required=True, help="Its slug, id or name.")
@click.option("--name", required=True, help="What the key is for.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    default=("all",),
    show_default=True,
    help="all, sending, read, or one such as emails:send; may be given several times.",
)
@click.pass_obj
def key_create(settings: Settings, workspace: str, name: str, scopes: tuple[str, ...]) -> None:
    """Make an API key and print it; it cannot be shown again."""
    from mailer.accounts.keys import create_key
    from mailer.accounts.queries import workspace_called
    from mailer.accounts.scopes import KINDS
    from mailer.db import db

    with core(settings).app_context():
        meant = [one for given in scopes for one in KINDS.get(given, (given,))]
        _, secret = create_key(workspace_called(workspace).id, name=name, scopes=meant)
        db.session.commit()
        click.echo(secret)


@click.command()
@click.option("--workspace", required=True, help="Its slug, id or name.")
@click.option("--weight", type=click.IntRange(1, 1000), help="Beside the others’, which have 100 at first.")
@click.pass_obj
def share(settings: Settings, workspace: str, weight: int | None) -> None:
    """Say or change how much of the sending a workspace gets. It counts while others send too."""
    from mailer.accounts.queries import workspace_called
    from mailer.db import db
    from mailer.delivery.share import set_weight, weight_of

    with core(settings).app_context():
        chosen = workspace_called(workspace)
        if weight is not None:
            set_weight(chosen.id, weight)
            db.session.commit()
        click.echo(weight_of(chosen.id))


@click.group()
def demo() -> None:
    """The demo world: a bakery's newsletter, with results."""


@demo.command("plant")
@click.option("--owner", "email", required=True, help="The address of who will see it.")
@click.pass_obj
def demo_plant(settings: Settings, email: str) -> None:
    """Plant the demo world in a workspace of its own; it sends nothing."""
    from mailer.accounts.queries import user_by_email
    from mailer.db import db
    from mailer.errors import NotFound
    from mailer.lib.clock import utcnow
    from mailer.seeds.demo import plant

    with core(settings).app_context():
        user = user_by_email(email)
        if user is None:
            raise NotFound(f"Nobody signs in with {email}.")
        made = plant(user, now=utcnow())
        db.session.commit()
        click.echo(made.slug)


@demo.command("remove")
@click.option("--workspace", required=True, help="The slug of the demo world.")
@click.pass_obj
def demo_remove(settings: Settings, workspace: str) -> None:
    """Remove a demo world and everything in it."""
    from mailer.accounts.queries import workspace_called
    from mailer.db import db
    from mailer.seeds.demo import remove

    with core(settings).app_context():
        remove(workspace_called(workspace))
        db.session.commit()
