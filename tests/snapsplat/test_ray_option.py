"""`--ray [ADDRESS]`: what follows it is an address only where it looks like one."""

import pytest
import typer
from typer.testing import CliRunner

from snapsplat.ray_option import RayCommand


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["captures"], "None captures"),
        (["--ray", "captures"], "'' captures"),
        (["captures", "--ray"], "'' captures"),
        (["--ray", "10.0.0.1:6379", "captures"], "'10.0.0.1:6379' captures"),
        (["--ray", "local", "captures"], "'local' captures"),
        (["--ray", "s3://captures"], "'' s3://captures"),
        (["--ray=head:6379", "captures"], "'head:6379' captures"),
    ],
)
def test_the_address_may_be_left_out(arguments: list[str], told: str):
    app = typer.Typer()

    @app.command(cls=RayCommand)
    def command(captures: str, ray: str | None = None) -> None:
        typer.echo(f"{ray!r} {captures}")

    assert CliRunner().invoke(app, arguments).output == f"{told}\n"
