# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The API server's rules about values within an ephemeral container's fields: sources of variables, mounts, devices, securityContext. Pure.

As in _rules. Where a path lacks an index (``volumeMounts.mountPropagation``), it lacks it there too.
"""

from __future__ import annotations

import re
import typing as t

from ._rules import ALNUM, SUBDOMAIN, env_name_faults, error, invalid, invalids, label_faults, required, required_with, size, unsupported

if t.TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from ._errors import FieldError

_CONFIG_KEY = "[-._a-zA-Z0-9]+"
_LABEL_KEY = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_SUBDOMAIN_WORDS = (
    f"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', {ALNUM} "
    f"(e.g. 'example.com', regex used for validation is '{SUBDOMAIN}')"
)
_CONFIG_KEY_WORDS = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' "
    f"(e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '{_CONFIG_KEY}')"
)
_LABEL_KEY_WORDS = (
    f"must consist of alphanumeric characters, '-', '_' or '.', {ALNUM} "
    f"(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{_LABEL_KEY}')"
)
ENV_SOURCES = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")
_FIELD_PATHS = (
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
)
#: Field labels that the API knows and the environment does not (ConvertDownwardAPIFieldLabel).
_OTHER_FIELD_PATHS = ("metadata.annotations", "metadata.labels", "spec.restartPolicy", "spec.schedulerName", "status.phase")
_RESOURCES = tuple(f"{kind}.{name}" for kind in ("limits", "requests") for name in ("cpu", "ephemeral-storage", "memory"))
_PROFILES = ("Localhost", "RuntimeDefault", "Unconfined")
_LARGEST_ID = 2**31 - 1


def nested_errors(container: t.Mapping[str, t.Any], path: str) -> Iterator[FieldError]:
    """What the server's validation would refuse on any pod within the container's fields (types right, nulls left out)."""
    for index, variable in enumerate(container.get("env", ())):
        yield from _env(variable, f"{path}.env[{index}]")
    for index, source in enumerate(container.get("envFrom", ())):
        yield from _env_from(source, f"{path}.envFrom", index)
    context = container.get("securityContext", {})
    yield from _mounts(container, context.get("privileged", False), f"{path}.volumeMounts")
    yield from _devices(container, f"{path}.volumeDevices")
    yield from _security_context(context, f"{path}.securityContext")


def _subdomain_faults(value: str) -> Iterator[str]:
    if size(value) > 253:
        yield "must be no more than 253 characters"
    if not re.fullmatch(SUBDOMAIN, value):
        yield _SUBDOMAIN_WORDS


def _config_key_faults(value: str) -> Iterator[str]:
    if size(value) > 253:
        yield "must be no more than 253 characters"
    if not re.fullmatch(_CONFIG_KEY, value):
        yield _CONFIG_KEY_WORDS
    if value in (".", ".."):
        yield f"must not be '{value}'"
    elif value.startswith(".."):
        yield "must not start with '..'"


def _backstep_faults(value: str) -> Iterator[str]:
    if ".." in value.split("/"):
        yield "must not contain '..'"


def descending_path_faults(value: str) -> Iterator[str]:
    """Why a path cannot stay below its directory (validateLocalDescendingPath)."""
    if value.startswith("/"):
        yield "must be a relative path"
    yield from _backstep_faults(value)


def _label_key_faults(value: str) -> Iterator[str]:
    *prefixes, name = value.split("/")
    if len(prefixes) > 1:
        yield f"a valid label key {_LABEL_KEY_WORDS} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        return
    for prefix in prefixes:
        faults = _subdomain_faults(prefix) if prefix else iter(["must be non-empty"])
        yield from (f"prefix part {fault}" for fault in faults)
    if not name:
        yield "name part must be non-empty"
    elif size(name) > 63:
        yield "name part must be no more than 63 characters"
    if not re.fullmatch(_LABEL_KEY, name):
        yield f"name part {_LABEL_KEY_WORDS}"


def _env(variable: t.Mapping[str, t.Any], path: str) -> Iterator[FieldError]:
    source = variable.get("valueFrom")
    if source is None:
        return
    place = f"{path}.valueFrom"
    given = [key for key in ENV_SOURCES if key in source]
    for key in given:
        yield from _ENV_SOURCE_RULES[key](source[key], f"{place}.{key}")
    if not given:
        yield invalid(place, "", "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`")
    elif variable.get("value"):
        yield invalid(place, "", "may not be specified when `value` is not empty")
    elif len(given) > 1:
        yield invalid(place, "", "may not have more than one field specified at a time")


def _field_ref(source: t.Mapping[str, t.Any], path: str) -> Iterator[FieldError]:
    version, field = source.get("apiVersion") or "v1", source.get("fieldPath", "")
    place = f"{path}.fieldPath"
    if not field:
        yield required(place)
        return
    if version != "v1":
        yield invalid(place, field, f"error converting fieldPath: unsupported pod version: {version}")
        return
    subscripted = re.fullmatch(r"(.+?)\['(.*)'\]", field, re.DOTALL)
    if subscripted:
        holder, key = subscripted.groups()
        if holder not in ("metadata.annotations", "metadata.labels"):
            yield invalid(place, field, f"error converting fieldPath: field label does not support subscript: {field}")
        else:
            key = key.lower() if holder == "metadata.annotations" else key
            yield from invalids(path, key, _label_key_faults(key))
    elif field in _OTHER_FIELD_PATHS:
        yield unsupported(place, field, _FIELD_PATHS)
    elif field not in (*_FIELD_PATHS, "spec.host"):
        yield invalid(place, field, f"error converting fieldPath: field label not supported: {field}")


def _resource_field_ref(source: t.Mapping[str, t.Any], path: str) -> Iterator[FieldError]:
    resource = source.get("resource", "")
    huge = resource.startswith(("limits.hugepages-", "requests.hugepages-"))
    if not resource:
        yield required(f"{path}.resource")
    elif resource not in _RESOURCES and not huge:
        yield unsupported(f"{path}.resource", resource, _RESOURCES)
    divisor = source.get("divisor", 0)
    if not quantity(divisor):
        return
    kind = resource.partition(".")[2]
    if kind == "cpu" and resource in _RESOURCES:
        powers, words = range(-1, 1), "values 1m and 1 are supported with the cpu resource"
    elif resource in _RESOURCES or huge:
        what = {"memory": "memory", "ephemeral-storage": "local ephemeral storage"}.get(kind, "hugepages")
        words = f"values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the {what} resource"
        powers = range(7)
    else:
        return
    if not _is_divisor(divisor, powers):
        yield invalid(f"{path}.divisor", resource, f"only divisor's {words}")


_QUANTITY = re.compile(r"(?P<number>[+-]?(?:\d+\.?\d*|\.\d+))(?:(?P<exponent>[eE][+-]?\d{1,9})|(?P<suffix>[numkMGTPE]|[KMGTPE]i))?", re.ASCII)
_DECIMAL = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY: dict[str, int] = {f"{letter}i": 1024**power for power, letter in enumerate("KMGTPE", 1)}


def quantity(value: t.Any) -> Decimal | None:
    """A quantity as a number, rounded up to a billionth as the API rounds it; None for what is none (apimachinery, resource.ParseQuantity)."""
    from decimal import ROUND_UP, Decimal

    match = _QUANTITY.fullmatch(str(value))
    if match is None:
        return None
    suffix = match["suffix"] or ""
    number: Decimal = Decimal(f"{match['number']}{match['exponent'] or ''}") * _BINARY.get(suffix, 1)
    number = number.scaleb(_DECIMAL.get(suffix, 0))
    return number if number.adjusted() > 18 else number.quantize(Decimal("1e-9"), ROUND_UP)


def _is_divisor(value: t.Any, powers: t.Iterable[int]) -> bool:
    """Whether a divisor is one of the powers of a thousand, or with a binary suffix one of 1024. How the server writes those with a plus sign
    or an exponent depends on their digits, so it has to judge them."""
    match, number = _QUANTITY.fullmatch(str(value)), quantity(value)
    if match is None or match["exponent"] or match["number"].startswith("+"):
        return True
    base = 1024 if match["suffix"] in _BINARY else 1000
    return any(number * base**-power == 1 if power < 0 else number == base**power for power in powers if base == 1000 or power >= 0)


def _key_ref(source: t.Mapping[str, t.Any], path: str) -> Iterator[FieldError]:
    name = source.get("name", "")
    yield from invalids(f"{path}.name", name, _subdomain_faults(name))
    yield from required_with(_config_key_faults, source, "key", path)


def _file_key_ref(source: t.Mapping[str, t.Any], path: str) -> Iterator[FieldError]:
    for key, rule in (("key", env_name_faults), ("volumeName", label_faults), ("path", _backstep_faults)):
        yield from required_with(rule, source, key, path)


_ENV_SOURCE_RULES: dict[str, t.Callable[[t.Mapping[str, t.Any], str], Iterator[FieldError]]] = {
    "fieldRef": _field_ref,
    "resourceFieldRef": _resource_field_ref,
    "configMapKeyRef": _key_ref,
    "secretKeyRef": _key_ref,
    "fileKeyRef": _file_key_ref,
}


def _env_from(source: t.Mapping[str, t.Any], path: str, index: int) -> Iterator[FieldError]:
    prefix = source.get("prefix", "")
    yield from invalids(f"{path}[{index}].prefix", prefix, env_name_faults(prefix))
    given = [key for key in ("configMapRef", "secretRef") if key in source]
    for key in given:
        place, name = f"{path}[{index}].{key}.name", source[key].get("name", "")
        if name:
            # A name is checked as a prefix of generated names: a last dash passes.
            yield from invalids(place, name, _subdomain_faults(f"{name[:-1]}a" if len(name) > 1 and name.endswith("-") else name))
        else:
            yield required(place)
    if not given:
        yield invalid(path, "", "must specify one of: `configMapRef` or `secretRef`")
    elif len(given) > 1:
        yield invalid(path, "", "may not have more than one field specified at a time")


def _mounts(container: t.Mapping[str, t.Any], privileged: bool, path: str) -> Iterator[FieldError]:
    devices = {device.get("name", ""): device.get("devicePath", "") for device in container.get("volumeDevices", ())}
    seen: set[str] = set()
    for index, mount in enumerate(container.get("volumeMounts", ())):
        place, name, target = f"{path}[{index}]", mount.get("name", ""), mount.get("mountPath", "")
        if not name:
            yield required(f"{place}.name")
        if not target:
            yield required(f"{place}.mountPath")
        if target in seen:
            yield invalid(f"{place}.mountPath", target, "must be unique")
        seen.add(target)
        if name in devices:
            yield invalid(f"{place}.name", name, "must not already exist in volumeDevices")
        if target in devices.values():
            yield invalid(f"{place}.mountPath", target, "must not already exist as a path in volumeDevices")
        yield from _mount_modes(mount, privileged, path)


def _mount_modes(mount: t.Mapping[str, t.Any], privileged: bool, path: str) -> Iterator[FieldError]:
    propagation, recursive = mount.get("mountPropagation"), mount.get("recursiveReadOnly")
    place = f"{path}.mountPropagation"
    if propagation is not None and propagation not in ("Bidirectional", "HostToContainer", "None"):
        yield unsupported(place, propagation, ("Bidirectional", "HostToContainer", "None"))
    if propagation == "Bidirectional" and not privileged:
        yield error(place, "FieldValueForbidden", "Bidirectional mount propagation is available only to privileged containers")
    place = f"{path}.recursiveReadOnly"
    if recursive in ("Enabled", "IfPossible"):
        if not mount.get("readOnly"):
            yield error(place, "FieldValueForbidden", "may only be specified when readOnly is true")
        if propagation not in (None, "None"):
            yield error(place, "FieldValueForbidden", "may only be specified when mountPropagation is None or not specified")
    elif recursive not in (None, "Disabled"):
        yield unsupported(place, recursive, ("Disabled", "Enabled", "IfPossible"))


def _devices(container: t.Mapping[str, t.Any], path: str) -> Iterator[FieldError]:
    mounts = {mount.get("name", ""): mount.get("mountPath", "") for mount in container.get("volumeMounts", ())}
    names: set[str] = set()
    paths: set[str] = set()
    for index, device in enumerate(container.get("volumeDevices", ())):
        place, name, target = f"{path}[{index}]", device.get("name", ""), device.get("devicePath", "")
        if not name:
            yield required(f"{place}.name")
        if name in names:
            yield invalid(f"{place}.name", name, "must be unique")
        if not target:
            yield required(f"{place}.devicePath")
        if target in paths:
            yield invalid(f"{place}.devicePath", target, "must be unique")
        if ".." in target.split("/"):
            yield invalid(f"{place}.devicePath", target, "can not contain backsteps ('..')")
        else:
            paths.add(target)
        if name in mounts:
            yield invalid(f"{place}.name", name, "must not already exist in volumeMounts")
        if target in mounts.values():
            yield invalid(f"{place}.devicePath", target, "must not already exist as a path in volumeMounts")
        names |= {name} - {""}


def _security_context(context: t.Mapping[str, t.Any], path: str) -> Iterator[FieldError]:
    for key in ("runAsUser", "runAsGroup"):
        if not 0 <= context.get(key, 0) <= _LARGEST_ID:
            yield invalid(f"{path}.{key}", context[key], f"must be between 0 and {_LARGEST_ID}, inclusive")
    proc_mount = context.get("procMount")
    if proc_mount not in (None, "Default", "Unmasked"):
        yield unsupported(f"{path}.procMount", proc_mount, ("Default", "Unmasked"))
    if "seccompProfile" in context:
        yield from _seccomp(context["seccompProfile"], f"{path}.seccompProfile")
    if context.get("allowPrivilegeEscalation") is False:
        if context.get("privileged"):
            yield error(path, "FieldValueInvalid", "cannot set `allowPrivilegeEscalation` to false and `privileged` to true")
        for capability in context.get("capabilities", {}).get("add", ()):
            if capability == "CAP_SYS_ADMIN":
                yield error(path, "FieldValueInvalid", "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN")
    yield from _windows_options(context.get("windowsOptions", {}), f"{path}.windowsOptions")
    if "appArmorProfile" in context:
        yield from _app_armor(context["appArmorProfile"], f"{path}.appArmorProfile")


def _profile_type(profile: t.Mapping[str, t.Any], words: str, path: str) -> Iterator[FieldError]:
    kind = profile.get("type", "")
    if not kind:
        yield required(f"{path}.type", words)
    elif kind not in _PROFILES:
        yield unsupported(f"{path}.type", kind, _PROFILES)


def _seccomp(profile: t.Mapping[str, t.Any], path: str) -> Iterator[FieldError]:
    yield from _profile_type(profile, "type is required when seccompProfile is set", path)
    place, local = f"{path}.localhostProfile", profile.get("localhostProfile")
    if profile.get("type") != "Localhost":
        if local is not None:
            yield invalid(place, local, "can only be set when seccomp type is Localhost")
    elif local is None:
        yield required(place, "must be set when seccomp type is Localhost")
    else:
        yield from invalids(place, local, descending_path_faults(local))


def _app_armor(profile: t.Mapping[str, t.Any], path: str) -> Iterator[FieldError]:
    yield from _profile_type(profile, "type is required when appArmorProfile is set", path)
    place, local = f"{path}.localhostProfile", profile.get("localhostProfile")
    if profile.get("type") in ("RuntimeDefault", "Unconfined"):
        if local is not None:
            yield invalid(place, local, "can only be set when AppArmor type is Localhost")
    elif profile.get("type") == "Localhost":
        if not local:
            yield required(place, "must be set when AppArmor type is Localhost")
        elif local != local.strip():
            yield invalid(place, local, "must not be padded with whitespace")
        if local and size(local) > 4095:
            yield error(place, "FieldValueTooLong", "may not be more than 4095 bytes")


_NETBIOS = r'[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}'
_DNS_LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"


def _windows_options(options: t.Mapping[str, t.Any], path: str) -> Iterator[FieldError]:
    if "gmsaCredentialSpecName" in options:
        name = options["gmsaCredentialSpecName"]
        yield from invalids(f"{path}.gmsaCredentialSpecName", name, _subdomain_faults(name))
    place, spec = f"{path}.gmsaCredentialSpec", options.get("gmsaCredentialSpec")
    if spec == "":
        yield invalid(place, spec, "gmsaCredentialSpec cannot be an empty string")
    elif spec and size(spec) > 64 * 1024:
        yield invalid(place, spec, "gmsaCredentialSpec size must be under 64 KiB")
    if "runAsUserName" in options:
        name = options["runAsUserName"]
        yield from invalids(f"{path}.runAsUserName", name, _user_name_faults(name))


def _user_name_faults(name: str) -> Iterator[str]:
    parts = name.split("\\")
    if not name:
        yield "runAsUserName cannot be an empty string"
    elif any(letter < " " or letter == "\x7f" for letter in name):
        yield "runAsUserName cannot contain control characters"
    elif len(parts) > 2:
        yield "runAsUserName cannot contain more than one backslash"
    else:
        domain, user = parts[0] if len(parts) == 2 else None, parts[-1]
        if domain is not None and size(domain) >= 256:
            yield "runAsUserName's Domain length must be under 256 characters"
        if domain is not None and not (re.fullmatch(_NETBIOS, domain) or re.fullmatch(rf"{_DNS_LABEL}(?:\.{_DNS_LABEL})*", domain)):
            yield "runAsUserName's Domain doesn't match the NetBios nor the DNS format"
        if not user:
            yield "runAsUserName's User cannot be empty"
        elif size(user) > 104:
            yield "runAsUserName's User length must not be longer than 104 characters"
        if user and not user.strip(". "):
            yield "runAsUserName's User cannot contain only periods or spaces"
        if re.search(r'["/\\:;|=,+*?<>@\[\]]', user):
            yield "runAsUserName's User cannot contain the following characters: \"/\\:;|=,+*?<>@[]"
