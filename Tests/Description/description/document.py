"""The document by itself: whether it is OpenAPI 3.1, and its examples are what it says."""

import jsonschema
from openapi_spec_validator import OpenAPIV31SpecValidator

METHODS = ("get", "put", "post", "delete", "patch")


def operations(document):
    """Path, method and operation of each."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert method in METHODS, method
            yield path, method, operation


def resolved(document, value):
    """What a reference of the document leads to; `value` when it is none."""
    while "$ref" in value:
        target = document
        for name in value["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        value = target
    return value


def faults(document, schema, value):
    """How `value` differs from a schema of the document."""
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "components": document["components"], **schema}
    validator = jsonschema.Draft202012Validator(whole, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
    return [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(value)]


def media(document, operation):
    """Each content of an operation: its place, media type and description."""
    if "requestBody" in operation:
        for name, content in operation["requestBody"]["content"].items():
            yield "body", name, content
    for status, reply in operation["responses"].items():
        for name, content in resolved(document, reply).get("content", {}).items():
            yield status, name, content


def complaints(document):
    lines = [f"{list(error.absolute_path)}: {error.message[:300]}"
             for error in OpenAPIV31SpecValidator(document).iter_errors()]
    examples = 0
    for path, method, operation in operations(document):
        for place, _, content in media(document, operation):
            if "example" in content:
                examples += 1
                lines += [f"example of {method} {path} {place}: {fault}"
                          for fault in faults(document, content["schema"], content["example"])]
    if examples < 20:
        lines.append(f"only {examples} examples")
    return lines
