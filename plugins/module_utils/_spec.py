# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""Options and a document become the ephemeral containers that are wanted. Pure: no Ansible, no HTTP."""

from __future__ import annotations

import typing as t

from ._errors import Failure, FieldError, type_of
from ._profiles import MATCH_TARGET, PROFILES, match_target
from ._schema import MERGE_KEYS

#: Module option -> field of the API, for the options that name a field of the container.
OPTION_FIELDS: dict[str, str] = {
    "name": "name",
    "image": "image",
    "command": "command",
    "args": "args",
    "target": "targetContainerName",
    "stdin": "stdin",
    "tty": "tty",
    "image_pull_policy": "imagePullPolicy",
}

_LISTS = ("command", "args")
_BOOLEANS = ("stdin", "tty")

_KIND_KEYS: dict[str, frozenset[str]] = {
    "EphemeralContainers": frozenset(("apiVersion", "kind", "metadata", "ephemeralContainers")),
    "Pod": frozenset(("apiVersion", "kind", "metadata", "spec", "status")),
}


class Wanted(t.NamedTuple):
    """What was asked for: the containers in API form, and the pod that the document names, if it names one.

    ``errors`` are about options, which they have as their field (``command[1]``, ``env.NAME``); what is wrong with the containers themselves
    is for _validate to find.
    """

    containers: list[dict[str, t.Any]]
    pod: str | None
    namespace: str | None
    pod_uid: str | None
    errors: list[FieldError]


_QUOTES = "Put it in quotes: YAML reads an unquoted 1.10 as 1.1 and an unquoted yes as true."


def _refuse(message: str, *, field: str, hint: str | None = None) -> t.NoReturn:
    raise Failure("invalid_options", message, field=field, hint=hint)


def _wrong(field: str, message: str) -> FieldError:
    return FieldError(field, "FieldValueTypeInvalid", message)


def _not_a_string(field: str, value: t.Any) -> FieldError:
    return _wrong(field, f"{field} is {value!r}, {type_of(value)} and not a string. {_QUOTES}")


def word_errors(option: str, value: t.Any, harm: str = "the container could never be changed") -> t.Iterator[FieldError]:
    """``command`` and ``args``: a list of strings, and nothing that would have to be guessed into one. ``harm``: what guessing wrong would do."""
    if isinstance(value, str):
        yield _wrong(
            option,
            f"{option} is the string {value!r}. It has to be a list, because a string would be cut at its commas and {harm}. "
            f'Write it as a list, for example {option}: [sleep, "900"], or {option}: [sh, -c, "..."] for a shell\'s words.',
        )
    elif not isinstance(value, list):
        yield _wrong(option, f"{option} is {type_of(value)}. It has to be a list of strings.")
    else:
        yield from (_not_a_string(f"{option}[{index}]", word) for index, word in enumerate(value) if not isinstance(word, str))


def _environment_errors(value: t.Any) -> t.Iterator[FieldError]:
    if not isinstance(value, dict):
        yield _wrong("env", f"env is {type_of(value)}. It has to be a dictionary of strings, for example env: {{LANG: C}}.")
        return
    for name, text in value.items():
        if not isinstance(name, str):
            yield _not_a_string(f"env.{name}", name)
        elif not isinstance(text, str):
            yield _not_a_string(f"env.{name}", text)


def option_errors(params: t.Mapping[str, t.Any]) -> list[FieldError]:
    """What is wrong with the types of the options that name a field of the container, each at its option."""
    errors: list[FieldError] = []
    for option in OPTION_FIELDS:
        value = params.get(option)
        if value is None:
            continue
        if option in _LISTS:
            errors.extend(word_errors(option, value))
        elif option not in _BOOLEANS and not isinstance(value, str):
            errors.append(_not_a_string(option, value))
    if params.get("env") is not None:
        errors.extend(_environment_errors(params["env"]))
    return errors


def from_options(params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The part of the container that the module's options give, in API form. An option that was not given is not in it."""
    container = {field: params[option] for option, field in OPTION_FIELDS.items() if params.get(option) is not None}
    if isinstance(params.get("env"), dict):
        container["env"] = [{"name": name, "value": text} for name, text in params["env"].items()]
    return container


def read_document(document: t.Any, origin: str) -> Wanted:
    """What a ``definition`` or ``src`` asks for.

    It is one container in API form, or ``kind: EphemeralContainers`` with its list (the form of the original documentation), or a
    ``kind: Pod`` whose ``spec.ephemeralContainers`` counts. ``origin`` is the option's name, for messages.
    """
    if not isinstance(document, dict):
        _refuse(f"{origin} holds {type_of(document)}. It has to be one mapping: a container, or a document with a kind.", field=origin)
    kind = document.get("kind")
    if kind is None and "ephemeralContainers" not in document and "spec" not in document:
        return Wanted([document], None, None, None, [])
    if not isinstance(kind, str) or kind not in _KIND_KEYS:
        _refuse(
            f"{origin} has kind {kind!r}, which holds no ephemeral containers.",
            field=f"{origin}.kind",
            hint="Give one container in API form, kind: EphemeralContainers with its list, or kind: Pod with spec.ephemeralContainers.",
        )
    if document.get("apiVersion") != "v1":
        _refuse(f"{origin} has apiVersion {document.get('apiVersion')!r}; {kind} is in v1.", field=f"{origin}.apiVersion", hint="Write apiVersion: v1.")
    unknown = sorted(str(key) for key in set(document) - _KIND_KEYS[kind])
    if unknown:
        _refuse(f"{origin} of kind {kind} has unknown keys: {', '.join(unknown)}.", field=f"{origin}.{unknown[0]}")

    metadata = document.get("metadata") or {}
    if not isinstance(metadata, dict):
        _refuse(f"{origin}.metadata is {type_of(metadata)}. It has to be a mapping.", field=f"{origin}.metadata")
    for key in ("name", "namespace", "uid"):
        if not isinstance(metadata.get(key, ""), str):
            _refuse(f"{origin}.metadata.{key} is {metadata[key]!r}. It has to be a string.", field=f"{origin}.metadata.{key}")

    parent: t.Any = document if kind == "EphemeralContainers" else document.get("spec")
    containers = parent.get("ephemeralContainers") if isinstance(parent, dict) else None
    where = f"{origin}.ephemeralContainers" if kind == "EphemeralContainers" else f"{origin}.spec.ephemeralContainers"
    if not isinstance(containers, list) or not containers:
        _refuse(f"{where} has to be a list with at least one container.", field=where)
    for index, container in enumerate(containers):
        if not isinstance(container, dict):
            _refuse(f"{where}[{index}] is {type_of(container)}. It has to be a mapping.", field=f"{where}[{index}]")
    return Wanted(containers, metadata.get("name"), metadata.get("namespace"), metadata.get("uid"), [])


def _merge_lists(key: str, under: list[t.Any], over: list[t.Any]) -> list[t.Any]:
    merged = list(under)
    for item in over:
        place = next((index for index, below in enumerate(under) if isinstance(item, dict) and below.get(key) == item.get(key)), None)
        if place is None:
            merged.append(item)
        else:
            merged[place] = merge(merged[place], item)
    return merged


def merge(under: t.Mapping[str, t.Any], over: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """``over`` laid over ``under`` by strategic-merge rules: mappings merge, lists with a merge key merge by it, all else is replaced, null removes."""
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict) and isinstance(below, dict):
            merged[key] = merge(below, value)
        elif isinstance(value, list) and isinstance(below, list) and key in MERGE_KEYS:
            merged[key] = _merge_lists(MERGE_KEYS[key], below, value)
        else:
            merged[key] = value
    return merged


def build(params: t.Mapping[str, t.Any], document: t.Any, origin: str = "definition") -> Wanted:
    """The wanted containers: the profile, over it the options, and over them each container of the document, if there is one.

    Raises Failure ``invalid_options``: no name, or a name or pod that contradicts the document. Wrong types are in ``errors``.
    """
    profile = params.get("profile")
    options = merge(PROFILES.get(profile or "", {}), from_options(params))
    if document is None:
        wanted = Wanted([options], None, None, None, [])
    else:
        wanted = read_document(document, origin)
        _check_agreement(params, wanted, origin)
        wanted = wanted._replace(containers=[merge(options, container) for container in wanted.containers])
    for index, container in enumerate(wanted.containers):
        if not container.get("name"):
            _refuse(
                "The ephemeral container has no name." if len(wanted.containers) == 1 else f"Container {index} of {origin} has no name.",
                field="name",
                hint="Set name: it is what makes a repeated run find the container again.",
            )
        if profile == MATCH_TARGET and not container.get("targetContainerName"):
            _refuse("profile is match_target, but there is no target to match.", field="target", hint="Set target to the container that is to be looked into.")
    return wanted._replace(errors=option_errors(params))


class Fitted(t.NamedTuple):
    """``container`` with what it takes from the pod. ``unknown``: the fields of its securityContext that the pod does not tell. ``left_out``: the
    mounts that could not be copied as they are, in words."""

    container: dict[str, t.Any]
    unknown: list[str]
    left_out: list[str]


def for_pod(container: t.Mapping[str, t.Any], pod: t.Mapping[str, t.Any], profile: str | None, mounts_from: str | None = None) -> Fitted:
    """What a profile and ``mounts_from`` take from the pod, under what was asked for."""
    fitted = Fitted(dict(container), [], [])
    if profile == MATCH_TARGET:
        matched = match_target(pod, container["targetContainerName"])
        merged = merge(matched.profile, container)
        fitted = Fitted(merged, [key for key in matched.unknown if key not in merged["securityContext"]], [])
    if mounts_from is not None:
        mounts, left_out = _copied_mounts(pod, mounts_from)
        fitted = fitted._replace(container=merge({"volumeMounts": mounts} if mounts else {}, fitted.container), left_out=left_out)
    return fitted


def _copied_mounts(pod: t.Mapping[str, t.Any], name: str) -> tuple[list[dict[str, t.Any]], list[str]]:
    """The volume mounts of a container of the pod as an ephemeral container may have them: no subPath, and nothing mounted back to the host."""
    spec = pod.get("spec") or {}
    containers = {str(container.get("name")): container for key in ("containers", "initContainers") for container in spec.get(key) or ()}
    if name not in containers:
        raise Failure(
            "invalid_spec",
            f"mounts_from is {name!r}, which is no container of the pod: it has {', '.join(containers)}.",
            field="mounts_from",
            hint="Nothing was written. Name a container or an init container of the pod.",
        )
    mounts, left_out = [], []
    for mount in containers[name].get("volumeMounts") or ():
        if mount.get("subPath") or mount.get("subPathExpr"):
            left_out.append(f"{mount.get('mountPath')} is not mounted: an ephemeral container cannot have a subPath of volume {mount.get('name')}")
            continue
        copied = dict(mount)
        if copied.get("mountPropagation") == "Bidirectional":
            copied["mountPropagation"] = "HostToContainer"
            left_out.append(f"{mount.get('mountPath')} is mounted with mountPropagation HostToContainer, for Bidirectional takes a privileged container")
        mounts.append(copied)
    return mounts, left_out


def _check_agreement(params: t.Mapping[str, t.Any], wanted: Wanted, origin: str) -> None:
    name = params.get("name")
    if name is not None:
        if len(wanted.containers) > 1:
            _refuse(f"name is {name!r}, but {origin} has {len(wanted.containers)} containers.", field="name", hint="Name each of them in the document.")
        if wanted.containers[0].get("name") not in (None, name):
            _refuse(f"name is {name!r}, but {origin} names the container {wanted.containers[0]['name']!r}.", field="name", hint="Give the name once.")
    for option, said in (("pod", wanted.pod), ("namespace", wanted.namespace), ("pod_uid", wanted.pod_uid)):
        if params.get(option) is not None and said and said != params[option]:
            _refuse(
                f"{option} is {params[option]!r}, but {origin} is a document for {option} {said!r} (metadata).",
                field=option,
                hint=f"Leave {option} out to follow the document, or correct one of them.",
            )
