"""The image, and what runs it beside Prometheus."""

import tempfile
from pathlib import Path

import yaml

from . import configurations


def container_file(findings, tools, root):
    findings.run(tools / "hadolint", root / "deploy" / "container" / "Containerfile")


def compose(findings, root, version):
    """No part of Docker is needed to see that what is mounted and built is there."""
    folder = root / "deploy" / "container"
    services = yaml.safe_load((folder / "compose.yaml").read_text(encoding="utf-8"))
    for name, service in services["services"].items():
        findings.expect(service.get("read_only") is True, f"{name} may write its root file system")
        findings.expect(service.get("cap_drop") == ["ALL"], f"{name} keeps capabilities")
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            if source.startswith("."):
                findings.expect((folder / source).exists(), f"{name} mounts {source}, which is not there")
            else:
                findings.expect(source in services["volumes"], f"{name} mounts {source}, which is no volume")
    tollgate = services["services"]["tollgate"]
    findings.expect(tollgate["image"] == f"tollgate:{version}", f"the image is {tollgate['image']}")
    build = tollgate["build"]
    file = folder / build["context"] / build["dockerfile"]
    findings.expect(file.resolve() == (folder / "Containerfile").resolve(), f"{file} is not the image's file")
    text = (folder / "tollgate" / "config.json").read_text(encoding="utf-8")
    grace = configurations.seconds(tollgate["stop_grace_period"])
    findings.expect(grace >= configurations.drain_seconds(text) + 15, f"it is killed after {grace} s of its drain")


def prometheus(findings, root):
    """Laid out as compose.yaml mounts it."""
    deploy = root / "deploy"
    with tempfile.TemporaryDirectory() as name:
        for source in (deploy / "container" / "prometheus.yml", deploy / "prometheus" / "tollgate.rules.yml"):
            (Path(name) / source.name).write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
        findings.run("promtool", "check", "config", Path(name) / "prometheus.yml")
