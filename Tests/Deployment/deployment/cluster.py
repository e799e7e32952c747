"""What Kubernetes would be given: rendered by kustomize, held against the schemas, and against itself."""

import os
import tempfile
from pathlib import Path

import yaml

from . import configurations

# Resources of operators, which no schema of Kubernetes describes.
FOREIGN = {"PodMonitor"}
WORKLOADS = {"Deployment", "StatefulSet"}
# What who installs has made.
SECRETS = {"tollgate-secrets", "tollgate-postgresql"}


def render(findings, tools, folder):
    return list(yaml.safe_load_all(findings.run(tools / "kubectl", "kustomize", folder)))


def monitored(findings, tools, root, overlay):
    """Renders an overlay with monitoring, which is in it as a comment."""
    kubernetes = root / "deploy" / "kubernetes"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        content = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "resources": [os.path.relpath(kubernetes / overlay, folder.resolve())],
            "components": [os.path.relpath(kubernetes / "monitoring", folder.resolve())],
        }
        (folder / "kustomization.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
        return render(findings, tools, folder)


def validate(findings, tools, resources):
    known = [each for each in resources if each["kind"] not in FOREIGN]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
        yaml.safe_dump_all(known, file)
        file.flush()
        findings.run(tools / "kubernetes-validate", "--strict", file.name)


def named(resources, kind, name):
    """The one resource of this kind whose name is this, or begins with it where a hash follows."""
    found = [each for each in resources if each["kind"] == kind and (
        each["metadata"]["name"] == name or name.endswith("-") and each["metadata"]["name"].startswith(name))]
    if len(found) != 1:
        raise SystemExit(f"{len(found)} resources {kind} {name}; one was expected")
    return found[0]


def workloads(resources):
    return [each for each in resources if each["kind"] in WORKLOADS]


def labels(workload):
    return workload["spec"]["template"]["metadata"]["labels"]


def pod(workload):
    return workload["spec"]["template"]["spec"]


def container(workload):
    return pod(workload)["containers"][0]


def ports(workload):
    """By name."""
    return {each["name"]: each["containerPort"] for each in container(workload).get("ports", [])}


def matches(selector, having):
    return selector["matchLabels"].items() <= having.items()


# MARK: Names

def references(findings, resources):
    """Names that one resource has for another, or for a part of it, lead somewhere."""
    for workload in workloads(resources):
        own_names(findings, resources, workload)
    for each in resources:
        name, spec = each["metadata"]["name"], each.get("spec", {})
        if each["kind"] == "Service":
            selector = {"matchLabels": spec["selector"]}
            wanted = [port["targetPort"] for port in spec["ports"]]
        elif each["kind"] == "NetworkPolicy":
            selector = spec["podSelector"]
            wanted = [port["port"] for rule in spec.get("ingress", []) for port in rule["ports"]]
        elif each["kind"] == "PodMonitor":
            selector = spec["selector"]
            wanted = [endpoint["port"] for endpoint in spec["podMetricsEndpoints"]]
        elif each["kind"] == "PodDisruptionBudget":
            selector, wanted = spec["selector"], []
        else:
            continue
        selected = [workload for workload in workloads(resources) if matches(selector, labels(workload))]
        findings.expect(len(selected) == 1, f"{each['kind']} {name} selects the pods of {len(selected)} workloads")
        for workload in selected:
            there = ports(workload)
            findings.expect(set(wanted) <= set(there), f"{each['kind']} {name} has ports {wanted} of {sorted(there)}")


def own_names(findings, resources, workload):
    """Those of a pod, and of what keeps it."""
    what, template, main = workload["metadata"]["name"], pod(workload), container(workload)
    names = {(each["kind"], each["metadata"]["name"]) for each in resources}
    account = template.get("serviceAccountName")
    findings.expect(account is None or ("ServiceAccount", account) in names, f"{what} has no service account {account}")
    findings.expect(matches(workload["spec"]["selector"], labels(workload)), f"{what} does not select its own pods")
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        port = main.get(probe, {}).get("httpGet", {}).get("port")
        findings.expect(port is None or port in ports(workload), f"{probe} of {what} asks a port that is not there")
    findings.expect("readinessProbe" in main, f"{what} is ready whatever happens")
    claims = workload["spec"].get("volumeClaimTemplates", [])
    mounts = {each["name"] for each in main.get("volumeMounts", [])}
    volumes = {each["name"] for each in template.get("volumes", [])} | {each["metadata"]["name"] for each in claims}
    findings.expect(mounts == volumes, f"{what} mounts {sorted(mounts)} of volumes {sorted(volumes)}")
    for volume in template.get("volumes", []):
        for source in (volume, *volume.get("projected", {}).get("sources", [])):
            if "configMap" in source:
                name = source["configMap"]["name"]
                findings.expect(("ConfigMap", name) in names, f"{what} mounts ConfigMap {name}, which is not there")
            if "secret" in source:
                name = source["secret"]["name"]
                findings.expect(name in SECRETS, f"{what} mounts secret {name}, which nobody is told to make")
    for each in main.get("env", []):
        if each["name"] == "TOLLGATE_NODES":
            name, _, domain = each["value"].partition(".")
            findings.expect(domain == "$(NAMESPACE).svc.cluster.local", f"HAProxy looks for {name} in no domain")
            nodes = named(resources, "Service", name)["spec"]
            findings.expect(nodes.get("clusterIP") == "None", f"{name} has one address for all nodes")
            findings.expect(nodes.get("publishNotReadyAddresses") is True, f"{name} hides nodes")


# MARK: Confinement

def pod_security(findings, resources):
    """The profile "restricted" of the Pod Security Standards, and a root that cannot be written."""
    for workload in workloads(resources):
        what, template = workload["metadata"]["name"], pod(workload)
        context, own = (each.get("securityContext", {}) for each in (template, container(workload)))
        is_other = context.get("runAsNonRoot") is True and context.get("runAsUser", 0) > 0
        findings.expect(is_other, f"{what} may run as root")
        findings.expect(context.get("seccompProfile") == {"type": "RuntimeDefault"}, f"{what}: seccomp is another")
        findings.expect(own.get("allowPrivilegeEscalation") is False, f"{what} may gain privileges")
        findings.expect(own.get("readOnlyRootFilesystem") is True, f"{what} may write its root file system")
        findings.expect(own.get("capabilities") == {"drop": ["ALL"]}, f"{what} keeps capabilities")
        findings.expect(template.get("automountServiceAccountToken") is False, f"{what} has a token of the cluster")
        limits = container(workload).get("resources", {}).get("limits", {})
        findings.expect("memory" in limits, f"{what} may take all memory")


def reaches(resources, source, target, port):
    """Whether policies let pods of one workload connect to a port of another in the same namespace."""
    def allows(direction, policed, other):
        policies = [each["spec"] for each in resources if each["kind"] == "NetworkPolicy"]
        policies = [each for each in policies
                    if direction in each["policyTypes"] and matches(each["podSelector"], labels(policed))]
        field, side = ("ingress", "from") if direction == "Ingress" else ("egress", "to")
        numbers = ports(target)
        return not policies or any(
            "podSelector" in peer and matches(peer["podSelector"], labels(other))
            and port in [numbers.get(each["port"], each["port"]) for each in rule["ports"]]
            for policy in policies for rule in policy.get(field, []) for peer in rule[side])
    return allows("Egress", source, target) and allows("Ingress", target, source)


# MARK: The gateway

def configuration(findings, programs, resources, owner, server=None):
    """The ConfigMap's content is in order, and fits to the pod around it."""
    generated = named(resources, "ConfigMap", "tollgate-config-")
    text = generated["data"]["config.json"]
    configurations.check(findings, programs, text, server)
    workload = named(resources, owner, "tollgate")
    volumes = pod(workload)["volumes"]
    sources = [source for volume in volumes for source in volume.get("projected", {}).get("sources", [])]
    used = [source["configMap"]["name"] for source in sources if "configMap" in source]
    findings.expect(used == [generated["metadata"]["name"]], f"the pod uses {used}")
    grace, drain = pod(workload).get("terminationGracePeriodSeconds", 30), configurations.drain_seconds(text)
    findings.expect(grace >= drain + 15, f"{grace} s until the pod is killed, and the drain may take {drain} s")
    for side, name in (("listen", "http"), ("admin", "admin")):
        findings.expect(configurations.port(text, side) == ports(workload)[name],
                        f"{side}.address has another port than the pod")


def several_nodes(findings, resources):
    """A rolling update leaves no gap, machines are emptied one by one, and traffic goes as it is meant to."""
    nodes, balancer = (named(resources, "Deployment", name) for name in ("tollgate", "tollgate-haproxy"))
    database = named(resources, "StatefulSet", "tollgate-postgresql")
    for each in (nodes, balancer):
        name, spec = each["metadata"]["name"], each["spec"]
        rolling = spec["strategy"]["rollingUpdate"]
        findings.expect(rolling.get("maxUnavailable") == 0 and rolling.get("maxSurge", 0) > 0, f"{name} has a gap")
        findings.expect(spec["replicas"] >= 2, f"{name} has {spec['replicas']} pods")
        budget = named(resources, "PodDisruptionBudget", name)["spec"]
        findings.expect(matches(budget["selector"], labels(each)), f"the disruption budget of {name} is another's")
        findings.expect(budget.get("maxUnavailable") == 1, f"{name} may be emptied at once, or never")
        spread = pod(each)["topologySpreadConstraints"]
        is_spread = spread and all(matches(one["labelSelector"], labels(each)) for one in spread)
        findings.expect(is_spread, f"{name} stays together")
    for source, target, port, is_meant in (
        (balancer, nodes, 8080, True), (nodes, database, 5432, True), (balancer, nodes, 9090, False),
        (balancer, database, 5432, False), (database, nodes, 8080, False),
    ):
        names = f"{source['metadata']['name']} to port {port} of {target['metadata']['name']}"
        findings.expect(reaches(resources, source, target, port) == is_meant, f"from {names}: not as it is meant")
    text = named(resources, "ConfigMap", "tollgate-config-")["data"]["config.json"]
    service = named(resources, "Service", configurations.database(text) or "-")["spec"]
    findings.expect(service["selector"].items() <= labels(database).items(), "store.url leads to another service")
    findings.expect([each["port"] for each in service["ports"]] == [5432], "the database has another port")
