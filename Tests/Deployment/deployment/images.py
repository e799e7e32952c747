"""The image, and what runs it beside Prometheus, or beside HAProxy and PostgreSQL."""

import tempfile
from pathlib import Path

import yaml

from . import configurations


def container_file(findings, tools, root):
    findings.run(tools / "hadolint", root / "deploy" / "container" / "Containerfile")


def services_of(path):
    """The services of a compose file, with what they extend."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {name: whole(service, path, content) for name, service in content["services"].items()}, content


def whole(service, path, content):
    base = service.get("extends")
    if base is None:
        return service
    file = path.parent / base.get("file", path.name)
    there = content if file == path else yaml.safe_load(file.read_text(encoding="utf-8"))
    under = whole(there["services"][base["service"]], file, there)
    return under | {name: value for name, value in service.items() if name != "extends"}


def compose(findings, root, version):
    """No part of Docker is needed to see that what is mounted and built is there."""
    folder = root / "deploy" / "container"
    for file, own in (("compose.yaml", "tollgate"), ("nodes.yaml", "nodes")):
        findings.begin(f"compose, {file}")
        services, content = services_of(folder / file)
        for name, service in services.items():
            confinement(findings, name, service)
            mounts(findings, name, service, folder, content, folder / own / "config.json")
        nodes = {name: each for name, each in services.items() if name.startswith("tollgate")}
        for name, node in nodes.items():
            findings.expect(node["image"] == f"tollgate:{version}", f"the image of {name} is {node['image']}")
            build = node["build"]
            path = folder / build["context"] / build["dockerfile"]
            findings.expect(path.resolve() == (folder / "Containerfile").resolve(), f"{path} is not the image's file")
            text = (folder / own / "config.json").read_text(encoding="utf-8")
            grace = configurations.seconds(node["stop_grace_period"])
            is_long = grace >= configurations.drain_seconds(text) + 15
            findings.expect(is_long, f"{name} is killed after {grace} s of its drain")
        if file == "nodes.yaml":
            findings.expect(len(nodes) == 2, f"there are {len(nodes)} nodes")
            around_nodes(findings, services, nodes, content)


def confinement(findings, name, service):
    findings.expect(service.get("read_only") is True, f"{name} may write its root file system")
    findings.expect(service.get("cap_drop") == ["ALL"], f"{name} keeps capabilities")
    findings.expect(service.get("security_opt") == ["no-new-privileges:true"], f"{name} may gain privileges")
    for port in service.get("ports", []):
        findings.expect(port.startswith("127.0.0.1:"), f"{name} publishes {port} beyond this machine")


def mounts(findings, name, service, folder, content, configuration):
    # Who installs puts them there.
    secrets = {configuration.parent / "superuser-password"}
    secrets |= {configuration.parent / each for each in configurations.secret_files(configuration)}
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        if source.startswith("."):
            is_there = (folder / source).exists() or folder / source in secrets
            findings.expect(is_there, f"{name} mounts {source}, which is not there")
            findings.expect(volume.endswith(":ro"), f"{name} may write {source}")
        else:
            findings.expect(source in content["volumes"], f"{name} mounts {source}, which is no volume")


def around_nodes(findings, services, nodes, content):
    """What only the file of several nodes has."""
    name = services["haproxy"]["environment"]["TOLLGATE_NODES"]
    for each, node in nodes.items():
        findings.expect(name in node["networks"]["clients"]["aliases"], f"HAProxy does not find {each} as {name}")
        findings.expect("database" in node["networks"], f"{each} does not reach the database")
        mounted = {volume.split(":")[1] for volume in node["volumes"]}
        files = {f"/etc/tollgate/{file}" for file in ("config.json", "store-password")}
        findings.expect(files <= mounted, f"{each} mounts {sorted(mounted)}")
    findings.expect(services["haproxy"]["networks"] == ["clients"], "HAProxy reaches more than clients and nodes")
    findings.expect(services["postgresql"]["networks"] == ["database"], "others than the nodes reach the database")
    findings.expect(content["networks"]["database"].get("internal") is True, "the database's network leads outside")
    for each, service in services.items():
        waits = service.get("depends_on", {})
        if each in nodes:
            findings.expect(waits == {"postgresql": {"condition": "service_healthy"}}, f"{each} waits for {waits}")
        else:
            findings.expect("healthcheck" in service, f"{each} has no health check")


def prometheus(findings, root):
    """Laid out as compose.yaml mounts it."""
    deploy = root / "deploy"
    with tempfile.TemporaryDirectory() as name:
        for source in (deploy / "container" / "prometheus.yml", deploy / "prometheus" / "tollgate.rules.yml"):
            (Path(name) / source.name).write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
        findings.run("promtool", "check", "config", Path(name) / "prometheus.yml")
