# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""A wanted container against the API's rules, without a server and against the live pod. Pure.

Field paths, reasons and wording are the API server's (pkg/apis/core/validation/validation.go, v1.36), so that a refusal
here reads like the refusal that it spares.
"""

from __future__ import annotations

import typing as t

from ._errors import FieldError
from ._rules import error, value_errors
from ._schema import CONTAINER, LARGEST, REFUSED, REFUSED_WHY, TYPES

#: The fields whose values have rules in _rules_nested.
_NESTED = ("env", "envFrom", "volumeMounts", "volumeDevices", "securityContext")
_WINDOWS_NEVER = (
    *("appArmorProfile", "seLinuxOptions", "seccompProfile", "capabilities", "readOnlyRootFilesystem", "privileged"),
    *("allowPrivilegeEscalation", "procMount", "runAsUser", "runAsGroup"),
)


def _is_quantity(value: t.Any) -> bool:
    from ._rules_nested import quantity

    return quantity(value) is not None


def _is_kind(value: t.Any, kind: str) -> bool:
    number = isinstance(value, int) and not isinstance(value, bool)
    return {
        "string": isinstance(value, str),
        "boolean": isinstance(value, bool),
        "integer": number and -(2**63) <= value < 2**63,
        "quantity": kind == "quantity" and (number or isinstance(value, (str, float))) and _is_quantity(value),
    }[kind]


def _is_utf8(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_zero(value: t.Any, kind: str) -> bool:
    zero = {"string": "", "{}": {}}
    return kind in zero and bool(value == zero[kind])


def _type_errors(value: t.Any, kind: str, path: str) -> t.Iterator[FieldError]:
    if value is None:
        return
    if isinstance(value, str) and not _is_utf8(value):
        yield error(path, "FieldValueTypeInvalid", "holds half a character (a lone surrogate), which no UTF-8 text can")
        return
    if kind.startswith("[]"):
        if not isinstance(value, list):
            yield error(path, "FieldValueTypeInvalid", "must be a list", value)
            return
        for index, item in enumerate(value):
            if item is None:
                yield error(f"{path}[{index}]", "FieldValueTypeInvalid", "must not be null")
            yield from _type_errors(item, kind[2:], f"{path}[{index}]")
    elif kind in TYPES:
        if isinstance(value, dict):
            yield from _object_errors(value, kind, path)
        else:
            yield error(path, "FieldValueTypeInvalid", "must be a mapping", value)
    elif not _is_kind(value, kind.lstrip("*")):
        hint = "; put it in quotes" if kind.endswith("string") and isinstance(value, (int, float)) else ""
        article = "an" if kind.lstrip("*") == "integer" else "a"
        yield error(path, "FieldValueTypeInvalid", f"must be {article} {kind.lstrip('*')}{hint}", value)


def _object_errors(value: t.Mapping[t.Any, t.Any], kind: str, path: str) -> t.Iterator[FieldError]:
    for key, item in value.items():
        place = f"{path}.{key}"
        if key in TYPES[kind]:
            yield from _type_errors(item, TYPES[kind][key], place)
        elif key in REFUSED.get(kind, {}):
            if item is not None and not _is_zero(item, REFUSED[kind][key]):
                yield error(place, "FieldValueForbidden", f"cannot be set for an Ephemeral Container ({REFUSED_WHY[key]})")
        else:
            yield FieldError(place, "UnknownField", f'{place}: unknown field "{key}": an ephemeral container has no such field')


def _well_typed(value: t.Any, kind: str) -> t.Any:
    """``value`` without nulls, unknown keys and what is of a wrong type; None where nothing is left."""
    if kind.startswith("[]"):
        items = (_well_typed(item, kind[2:]) for item in value) if isinstance(value, list) else ()
        return [{} if item is None and kind[2:] in TYPES else item for item in items]
    if kind in TYPES:
        fields = ((key, _well_typed(item, TYPES[kind][key])) for key, item in value.items() if key in TYPES[kind]) if isinstance(value, dict) else ()
        return {key: item for key, item in fields if item is not None}
    return value if value is not None and _is_kind(value, kind.lstrip("*")) else None


def static_errors(container: t.Mapping[str, t.Any], path: str) -> list[FieldError]:
    """Everything that is wrong with ``container`` and can be known without a server: keys, types, refused fields, values."""
    errors = list(_object_errors(container, CONTAINER, path))
    wrong = {found.field for found in errors}
    well_typed = _well_typed(container, CONTAINER)
    found = list(value_errors(well_typed, path))
    if any(key in well_typed for key in _NESTED):
        from ._rules_nested import nested_errors

        found.extend(nested_errors(well_typed, path))
    errors.extend(each for each in found if not is_within(each.field, wrong))
    errors.extend(_sub_path_errors(container, f"{path}.volumeMounts"))
    size = _size(container)
    if size > LARGEST:
        errors.append(error(path, "FieldValueTooLong", f"its texts alone are {size} bytes, and a pod may have about {LARGEST} in all"))
    return errors


def _size(value: t.Any) -> int:
    """Bytes of the texts in a value, which the server stores as they are: what is stored is larger."""
    if isinstance(value, str):
        return len(value.encode(errors="surrogatepass"))
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return sum(_size(part) for part in parts)


def is_within(field: str, wrong: t.Container[str]) -> bool:
    """Whether a field, or what it is a part of, has been found wrong already."""
    while field:
        if field in wrong:
            return True
        field = field[: max(field.rfind("."), field.rfind("["), 0)]
    return False


def _sub_path_errors(container: t.Mapping[str, t.Any], path: str) -> t.Iterator[FieldError]:
    mounts = container.get("volumeMounts")
    if not mounts:
        return
    from ._rules_nested import descending_path_faults

    for index, mount in enumerate(mounts if isinstance(mounts, list) else ()):
        given = {key: value for key in ("subPath", "subPathExpr") if isinstance(mount, dict) and isinstance(value := mount.get(key), str) and value}
        if len(given) == 2:
            yield error(f"{path}[{index}].subPathExpr", "FieldValueInvalid", "subPathExpr and subPath are mutually exclusive", given["subPathExpr"])
        for key, value in given.items():
            yield from (error(f"{path}.{key}", "FieldValueInvalid", fault, value) for fault in descending_path_faults(value))


def names(pod: t.Mapping[str, t.Any], *lists: str) -> list[str]:
    """The names of the containers in these lists of the pod's spec (``containers``, ``initContainers``, ``ephemeralContainers``)."""
    spec = pod.get("spec") or {}
    return [str(container.get("name")) for key in lists for container in spec.get(key) or ()]


def live_errors(container: t.Mapping[str, t.Any], pod: t.Mapping[str, t.Any], path: str) -> list[FieldError]:
    """What is wrong with ``container``, whose types are right, on this very pod: its name, target, volumes, and what the pod's system forbids."""
    spec = pod.get("spec") or {}
    container = _well_typed(container, CONTAINER)
    errors = [*_name_errors(container, pod, path), *_target_errors(container, pod, path)]
    volumes = {str(volume.get("name")): volume for volume in spec.get("volumes") or ()}
    errors.extend(_volume_errors(container, volumes, path))
    if container.get("volumeDevices") and spec.get("hostUsers") is False:
        errors.append(error(f"{path}.volumeDevices", "FieldValueForbidden", "when `hostUsers` is false"))
    errors.extend(_system_errors(container.get("securityContext", {}), spec, f"{path}.securityContext"))
    return errors


def _name_errors(container: t.Mapping[str, t.Any], pod: t.Mapping[str, t.Any], path: str) -> t.Iterator[FieldError]:
    name = container.get("name")
    if name in names(pod, "containers", "initContainers"):
        yield error(f"{path}.name", "FieldValueDuplicate", "a container or init container of the pod has it", name)


def _target_errors(container: t.Mapping[str, t.Any], pod: t.Mapping[str, t.Any], path: str) -> t.Iterator[FieldError]:
    target, targets = container.get("targetContainerName"), names(pod, "containers", "initContainers")
    if target and target not in targets:
        ephemeral = target in names(pod, "ephemeralContainers") or target == container.get("name")
        why = "it is an ephemeral container, which cannot be a target" if ephemeral else f"the pod has {', '.join(targets)}"
        yield error(f"{path}.targetContainerName", "FieldValueNotFound", why, target)


def _volume_errors(container: t.Mapping[str, t.Any], volumes: t.Mapping[str, t.Mapping[str, t.Any]], path: str) -> t.Iterator[FieldError]:
    there = f"the pod has {', '.join(volumes) or 'no volumes'}, and none can be added to it"
    for index, mount in enumerate(container.get("volumeMounts", ())):
        if mount.get("name", "") not in volumes:
            yield error(f"{path}.volumeMounts[{index}].name", "FieldValueNotFound", there, mount.get("name", ""))
    for index, device in enumerate(container.get("volumeDevices", ())):
        place, name = f"{path}.volumeDevices[{index}].name", device.get("name", "")
        if name not in volumes:
            yield error(place, "FieldValueNotFound", there, name)
        elif not volumes[name].get("persistentVolumeClaim") and not volumes[name].get("ephemeral"):
            yield error(place, "FieldValueInvalid", "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode", name)
    for index, variable in enumerate(container.get("env", ())):
        source = variable.get("valueFrom", {}).get("fileKeyRef")
        if source is None:
            continue
        place, name = f"{path}.env[{index}].valueFrom.fileKeyRef.volumeName", source.get("volumeName", "")
        if name not in volumes:
            yield error(place, "FieldValueNotFound", there, name)
        elif "emptyDir" not in volumes[name]:
            yield error(place, "FieldValueInvalid", "referenced volume must be of type emptyDir", name)


def _system_errors(context: t.Mapping[str, t.Any], spec: t.Mapping[str, t.Any], path: str) -> t.Iterator[FieldError]:
    system = (spec.get("os") or {}).get("name")
    if system == "linux" and "windowsOptions" in context:
        yield error(f"{path}.windowsOptions", "FieldValueForbidden", "windows options cannot be set for a linux pod")
    if system == "windows":
        for key in _WINDOWS_NEVER:
            if key in context:
                yield error(f"{path}.{key}", "FieldValueForbidden", "cannot be set for a windows pod")
    if context.get("procMount") == "Unmasked" and spec.get("hostUsers") is not False:
        yield error(f"{path}.procMount", "FieldValueInvalid", "`hostUsers` must be false to use `Unmasked`", "Unmasked")


def pod_errors(containers: t.Sequence[t.Mapping[str, t.Any]], pod: t.Mapping[str, t.Any]) -> list[FieldError]:
    """What these containers together, with those that the pod has, may not be: a mix with Windows HostProcess containers."""
    spec = pod.get("spec") or {}
    inherited = _host_process(spec)
    there = [container for key in ("containers", "initContainers", "ephemeralContainers") for container in spec.get(key) or ()]
    added = [_well_typed(container, CONTAINER) for container in containers]
    errors = []
    first = len(spec.get("ephemeralContainers") or ())
    for index, container in enumerate(added, first):
        own = _host_process(container)
        if None not in (own, inherited) and own != inherited:
            place = f"spec.ephemeralContainers[{index}].securityContext.windowsOptions.hostProcess"
            words = f"pod hostProcess value must be identical if both are specified, was {str(inherited).lower()}"
            errors.append(error(place, "FieldValueInvalid", words, own))
    everywhere = [inherited if _host_process(container) is None else _host_process(container) for container in (*there, *added)]
    if any(everywhere):
        if not all(everywhere):
            words = "If pod contains any hostProcess containers then all containers must be HostProcess containers"
            errors.append(error("spec", "FieldValueInvalid", words, ""))
        if not spec.get("hostNetwork"):
            words = "hostNetwork must be true if pod contains any hostProcess containers"
            errors.append(error("spec.hostNetwork", "FieldValueInvalid", words, False))
    return errors


def _host_process(holder: t.Mapping[str, t.Any]) -> bool | None:
    return ((holder.get("securityContext") or {}).get("windowsOptions") or {}).get("hostProcess")
