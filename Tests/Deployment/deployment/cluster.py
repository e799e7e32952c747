"""What Kubernetes would be given: rendered by kustomize, held against the schemas, and against itself."""

import os
import tempfile
from pathlib import Path

import yaml

from . import configurations

# Resources of operators, which no schema of Kubernetes describes.
FOREIGN = {"PodMonitor"}
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: tollgate}
spec:
  replicas: 2
  selector: {matchLabels: {app.kubernetes.io/name: tollgate}}
  template:
    metadata: {labels: {app.kubernetes.io/name: tollgate}}
    spec: {containers: [{name: tollgate}]}
"""


def render(findings, tools, folder):
    return list(yaml.safe_load_all(findings.run(tools / "kubectl", "kustomize", folder)))


def overlay(findings, tools, root, resources, components):
    """Renders an overlay that is not in the tree: what is there must allow for it."""
    kubernetes = root / "deploy" / "kubernetes"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "deployment.yaml").write_text(DEPLOYMENT, encoding="utf-8")
        content = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "resources": [os.path.relpath(kubernetes / each, folder.resolve()) for each in resources],
            "components": [os.path.relpath(kubernetes / each, folder.resolve()) for each in components],
        }
        content["resources"] += [] if "sqlite" in resources else ["deployment.yaml"]
        (folder / "kustomization.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
        return render(findings, tools, folder)


def validate(findings, tools, resources):
    known = [each for each in resources if each["kind"] not in FOREIGN]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
        yaml.safe_dump_all(known, file)
        file.flush()
        findings.run(tools / "kubernetes-validate", "--strict", file.name)


def one(resources, kind, name="tollgate"):
    found = [each for each in resources if each["kind"] == kind and each["metadata"]["name"].startswith(name)]
    if len(found) != 1:
        raise SystemExit(f"{len(found)} resources {kind} {name}; one was expected")
    return found[0]


def references(findings, resources, owner):
    """Names that one resource has for another, or for a part of it, lead somewhere."""
    template = one(resources, owner)["spec"]["template"]
    labels, pod = template["metadata"]["labels"], template["spec"]
    container = pod["containers"][0]
    ports = {each["name"] for each in container["ports"]}
    names = {(each["kind"], each["metadata"]["name"]) for each in resources}

    findings.expect(("ServiceAccount", pod["serviceAccountName"]) in names, "the pod's service account is not there")
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        findings.expect(container[probe]["httpGet"]["port"] in ports, f"{probe} asks a port that is not there")
    for each in resources:
        name, spec = each["metadata"]["name"], each.get("spec", {})
        if each["kind"] == "Service":
            selector, wanted = spec["selector"], [port["targetPort"] for port in spec["ports"]]
        elif each["kind"] == "NetworkPolicy":
            selector = spec["podSelector"]["matchLabels"]
            wanted = [port["port"] for rule in spec["ingress"] for port in rule["ports"]]
        elif each["kind"] == "PodMonitor":
            selector = spec["selector"]["matchLabels"]
            wanted = [endpoint["port"] for endpoint in spec["podMetricsEndpoints"]]
        else:
            continue
        findings.expect(selector.items() <= labels.items(), f"{each['kind']} {name} selects other pods")
        findings.expect(set(wanted) <= ports, f"{each['kind']} {name} has ports {wanted} of {sorted(ports)}")
    mounts = {each["name"] for each in container["volumeMounts"]}
    claims = one(resources, owner)["spec"].get("volumeClaimTemplates", [])
    volumes = {each["name"] for each in pod["volumes"]} | {each["metadata"]["name"] for each in claims}
    findings.expect(mounts == volumes, f"mounts {sorted(mounts)} of volumes {sorted(volumes)}")


def pod_security(findings, resources, owner):
    """The profile "restricted" of the Pod Security Standards, and a root that cannot be written."""
    pod = one(resources, owner)["spec"]["template"]["spec"]
    container = pod["containers"][0]
    context, own = pod["securityContext"], container["securityContext"]
    findings.expect(context.get("runAsNonRoot") is True and context.get("runAsUser", 0) > 0, "the pod may run as root")
    findings.expect(context.get("seccompProfile") == {"type": "RuntimeDefault"}, "seccomp is not RuntimeDefault")
    findings.expect(own.get("allowPrivilegeEscalation") is False, "privileges may be gained")
    findings.expect(own.get("readOnlyRootFilesystem") is True, "the root file system may be written")
    findings.expect(own.get("capabilities") == {"drop": ["ALL"]}, "capabilities are kept")
    findings.expect(pod.get("automountServiceAccountToken") is False, "the pod has a token of the cluster")


def configuration(findings, programs, resources, owner):
    """The ConfigMap's content is in order, and fits to the pod around it."""
    generated = one(resources, "ConfigMap", "tollgate-config-")
    text = generated["data"]["config.json"]
    configurations.check(findings, programs, text)
    pod = one(resources, owner)["spec"]["template"]["spec"]
    sources = [source for volume in pod["volumes"] for source in volume.get("projected", {}).get("sources", [])]
    used = [source["configMap"]["name"] for source in sources if "configMap" in source]
    findings.expect(used == [generated["metadata"]["name"]], f"the pod uses {used}")
    grace, drain = pod["terminationGracePeriodSeconds"], configurations.drain_seconds(text)
    findings.expect(grace >= drain + 15, f"{grace} s until the pod is killed, and the drain may take {drain} s")
    ports = {each["name"]: each["containerPort"] for each in pod["containers"][0]["ports"]}
    for side, name in (("listen", "http"), ("admin", "admin")):
        findings.expect(configurations.port(text, side) == ports[name], f"{side}.address has another port than the pod")
