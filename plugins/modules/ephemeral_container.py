#!/usr/bin/python
# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ephemeral_container
short_description: Ensure that an ephemeral container is on running pods
version_added: 0.1.0
description:
  - Adds an ephemeral container to a pod through the C(ephemeralcontainers) subresource, and waits until it runs or has completed.
  - Kubernetes never changes or removes an ephemeral container. So when a container of that name is there and differs from what was asked
    for, or when its removal is asked for, the task fails before anything is written, and says what to do instead.
  - What the API server would refuse is refused before it is asked, all errors at once. What it would accept although it can never run
    (a container on a finished, a terminating or a static pod) is refused too.
  - A task on a container that is there as asked sends one GET request and changes nothing, also when the pod has finished since.
  - With O(label_selectors), O(field_selectors) or O(workload) it does so on many pods at once. Each has its own outcome. The task fails at
    the end if any pod failed, and says which were changed. Pods that can take no container are left out and listed in RV(skipped_pods).
extends_documentation_fragment:
  - kubedebug.pods._auth
  - kubedebug.pods._pods
  - kubedebug.pods._attributes
attributes:
  check_mode:
    support: full
    details:
      - The API server is asked for a dry run, with all its defaulting, validation and admission. That needs the same right as the write.
      - Check mode does not wait, and a container that would be added has no log.
  diff_mode:
    support: full
  idempotent:
    support: full
    details:
      - The container's name is what makes a repeated run find it. With O(on_finished=next) a run after the container has ended adds
        another one.
options:
  namespace:
    description:
      - The namespace of the pods.
      - Defaults to that of the document in O(definition) or O(src), else of the kubeconfig's context or of the service account, else V(default).
    type: str
  pod:
    description:
      - The name of one pod. Not needed where O(definition) or O(src) is a document whose C(metadata.name) says it.
    type: str
  name:
    description:
      - The name of the ephemeral container. It is used up for the life of the pod.
      - Required unless O(definition) or O(src) has it.
    type: raw
    aliases:
      - container
  image:
    description:
      - The image to run. Required, here or in O(definition) or O(src), to add a container.
      - What is not a string is refused, as an unquoted V(1.10) would be another number.
    type: raw
  command:
    description:
      - The command, as a list of strings, instead of the image's entry point.
      - A string is refused, because it would be cut at its commas. V($(VARIABLE\)) in a word is expanded by the kubelet, as in any pod.
    type: raw
  args:
    description:
      - The arguments, as a list of strings, instead of the image's command.
    type: raw
  env:
    description:
      - Environment variables, as a dictionary of strings. Values that are not strings are refused; put numbers and booleans in quotes.
    type: raw
  target:
    description:
      - The container or init container of the pod whose process namespace is shared, so that its processes can be seen
        (C(targetContainerName)).
    type: raw
  stdin:
    description:
      - Whether the container gets a standard input that C(kubectl attach) can write to.
    type: bool
  tty:
    description:
      - Whether the container gets a terminal. Needs O(stdin) to be of use.
    type: bool
  image_pull_policy:
    description:
      - When the image is pulled. The API server's default is V(Always) for the tag C(latest) or none, else V(IfNotPresent).
    type: str
    choices:
      - Always
      - IfNotPresent
      - Never
  profile:
    description:
      - The C(securityContext) that C(kubectl debug) gives an ephemeral container with its C(--profile) of that name. The options and
        O(definition) are laid over it.
      - V(general) adds the capability SYS_PTRACE, V(netadmin) adds NET_ADMIN and NET_RAW, V(sysadmin) is privileged. Pod Security admission refuses
        these three in namespaces of level baseline and restricted.
      - V(match_target) makes the container like O(target), with the same user and group, capabilities, seccomp and AppArmor profiles and SELinux
        labels, and never privileged. It can read the target's files under C(/proc/1/root) then, its environment and open files, and is
        admitted where the target is. User and group come from the pod's spec, else from the status that the kubelet reports (Kubernetes 1.31
        and containerd 2); where neither tells, give C(securityContext.runAsUser) and C(runAsGroup) in O(definition).
      - V(restricted) is what namespaces of level restricted demand. V(baseline) and V(legacy) give nothing.
      - Without a profile nothing is given either.
    type: str
    choices:
      - legacy
      - general
      - baseline
      - restricted
      - netadmin
      - sysadmin
      - match_target
  mounts_from:
    description:
      - Mount the volumes that this container or init container of the pod mounts, at the same paths.
      - Mounts with C(subPath) are left out, which an ephemeral container cannot have, and C(mountPropagation=Bidirectional) becomes
        C(HostToContainer); the task warns of both. O(definition) can add to the mounts, and change the one of a path.
    type: str
  definition:
    description:
      - The container in the form of the API, for what there is no option for, for example C(securityContext) or C(volumeMounts).
      - Or a document of C(kind=EphemeralContainers) with a list of containers, or of C(kind=Pod) with C(spec.ephemeralContainers). All its
        containers are ensured, with one write.
      - It is laid over the options by the rules of a strategic merge patch (C(env) by name, C(volumeMounts) by mountPath).
      - O(pod), O(namespace) and O(pod_uid) must not contradict its C(metadata).
      - A string is read as JSON or YAML.
    type: raw
  src:
    description:
      - A file with what O(definition) takes, in JSON or YAML, of 1.5 MiB at most.
      - It is looked for, and decrypted, as O(kubeconfig) is. What is in it goes into the pod, and so is no secret in the task's result.
    type: path
  state:
    description:
      - V(present) ensures that the container is on the pod.
      - V(absent) succeeds where there is no such container, or no such pod. Where there is one it fails, for Kubernetes never removes one.
    type: str
    choices:
      - present
      - absent
    default: present
  on_difference:
    description:
      - What to do when a container of that name is there and is not what was asked for.
      - V(fail) fails with the differences, field by field. V(keep) returns the one that is there, lists the differences and warns.
    type: str
    choices:
      - fail
      - keep
    default: fail
  on_finished:
    description:
      - What a container of that name means that has ended, for it is never started again.
      - V(keep) takes it as being there. V(fail) fails. V(next) takes the newest of NAME, NAME-2, NAME-3 and so on that has not ended, or adds
        another one under the next of these names. One that can never start, or whose image cannot be pulled and is not what is asked for
        now, counts as ended.
    type: str
    choices:
      - keep
      - fail
      - next
    default: keep
  allow_injected:
    description:
      - Accept C(securityContext), C(env), C(envFrom) and C(volumeMounts) of the stored container beyond what was asked for, as an
        admission webhook may add them. Without it they are differences. What only its author gives a container, as C(command) or C(targetContainerName), is
        a difference in any case.
    type: bool
    default: false
  wait:
    description:
      - Whether to wait for O(wait_for).
    type: bool
    default: true
  wait_for:
    description:
      - V(running) waits until the container has started, whether it has ended since or not.
      - V(completed) waits until it has ended, and fails unless its exit code is one of O(success_exit_codes).
      - A start that has failed for good, an image that cannot be had, a pod that has finished or is gone end the wait at once.
    type: str
    choices:
      - running
      - completed
    default: running
  wait_timeout:
    description:
      - Seconds that the task may take to write and to wait, for all pods together. It also bounds how long the API server is asked what became
        of a write whose reply was lost. A request that is under way has at least 5 seconds, and so has writing as a whole. A pod whose turn has
        not come by then is left as it is, and fails with V(timed_out).
    type: int
    default: 120
  success_exit_codes:
    description:
      - Exit codes that are a success for O(wait_for=completed).
    type: list
    elements: int
    default:
      - 0
  logs:
    description:
      - Return the container's output. Needs the right to get C(pods/log).
    type: bool
    default: false
  log_tail_lines:
    description:
      - Return only so many of the last lines.
    type: int
  log_limit_bytes:
    description:
      - Return at most so many bytes of the output of a pod's containers, from its beginning on. RV(containers[].log_truncated) says whether
        there is more. A task returns at most 1 MiB in all, in equal shares.
    type: int
    default: 65536
  requested_by:
    description:
      - Words about who asks for the container, for example a person, a job or an incident. The API server keeps them with the container,
        in the field manager's name, and M(kubedebug.pods.ephemeral_container_info) returns them.
    type: str
notes:
  - The account needs the rights of the Role in the collection's C(docs/rbac.yml). The built-in roles C(view), C(edit) and C(admin) do not
    contain C(pods/ephemeralcontainers).
seealso:
  - module: kubedebug.pods.ephemeral_container_info
  - name: Ephemeral Containers
    description: The concept in the Kubernetes documentation.
    link: https://kubernetes.io/docs/concepts/workloads/pods/ephemeral-containers/
author:
  - The kubedebug.pods authors (@kubedebug)
"""

EXAMPLES = r"""
- name: A shell beside a distroless container, for a person to attach to
  kubedebug.pods.ephemeral_container:
    namespace: shop
    pod: cart-7c9f
    name: debugger
    image: busybox:1.37
    target: cart
    stdin: true
    tty: true
  register: result

- name: How to attach to it
  ansible.builtin.debug:
    var: result.container.attach_command

- name: Run one command beside the application and show what it says
  kubedebug.pods.ephemeral_container:
    namespace: shop
    pod: cart-7c9f
    name: probe
    image: busybox:1.37
    command: [wget, -qO-, "http://127.0.0.1:8080/healthz"]
    wait_for: completed
    logs: true
  register: probe

- name: The same on every pod of a deployment
  kubedebug.pods.ephemeral_container:
    namespace: shop
    workload: deployment/cart
    max_pods: 200
    name: probe
    image: busybox:1.37
    command: [wget, -qO-, "http://127.0.0.1:8080/healthz"]
    wait_for: completed
    logs: true
  register: fleet

- name: Pods that do not answer as they should
  ansible.builtin.debug:
    msg: "{{ fleet.containers | rejectattr('log', 'equalto', 'ok') | map(attribute='pod') }}"

- name: A container that may trace the target, in the form of the API
  kubedebug.pods.ephemeral_container:
    namespace: shop
    pod: cart-7c9f
    requested_by: "{{ incident_id }}"
    definition:
      name: tracer
      image: registry.example.com/tools:1.4
      command: [sleep, "900"]
      targetContainerName: cart
      securityContext:
        capabilities:
          add: [SYS_PTRACE]

- name: The document of the original documentation, as it stands
  kubedebug.pods.ephemeral_container:
    definition:
      apiVersion: v1
      kind: EphemeralContainers
      metadata:
        name: example-pod
      ephemeralContainers:
        - command: [sh]
          image: busybox
          imagePullPolicy: IfNotPresent
          name: debugger
          stdin: true
          tty: true
          terminationMessagePolicy: File

- name: Run the same check again each time, and keep what the earlier ones left
  kubedebug.pods.ephemeral_container:
    namespace: shop
    pod: cart-7c9f
    name: check
    image: busybox:1.37
    command: [nslookup, kubernetes.default]
    on_finished: next
    wait_for: completed
    logs: true
"""

RETURN = r"""
containers:
  description: One entry for each pod and each ephemeral container that was asked for. Also returned when the task fails on a pod.
  returned: success, and failures that concern a pod
  type: list
  elements: dict
  contains: &entry
    namespace:
      description: The pod's namespace.
      type: str
      returned: always
    pod:
      description: The pod's name.
      type: str
      returned: always
    uid:
      description: The pod's uid.
      type: str
      returned: always
    node:
      description: The node that the pod runs on, null where it runs on none.
      type: str
      returned: always
    name:
      description: The ephemeral container's name.
      type: str
      returned: always
    changed:
      description: Whether this task added it. In check mode, whether it would.
      type: bool
      returned: always
    spec:
      description: The container as the API server stores it, null where it is not on the pod.
      type: dict
      returned: always
    status:
      description: The container's status as the kubelet reports it, null where it has not yet.
      type: dict
      returned: always
    state:
      description: V(waiting), V(running) or V(terminated), or V(unknown) where the kubelet has not reported.
      type: str
      returned: always
    exit_code:
      description: The exit code of a container that has ended.
      type: int
      returned: always
    reason:
      description: The kubelet's word for the state, for example V(Completed) or V(ImagePullBackOff).
      type: str
      returned: always
    message:
      description: The kubelet's message, or the termination message that the container left.
      type: str
      returned: always
    started_at:
      description: When it started.
      type: str
      returned: always
    finished_at:
      description: When it ended.
      type: str
      returned: always
    differences:
      description: Where the stored container is not what was asked for, with O(on_difference=keep).
      type: list
      elements: dict
      returned: always
      contains:
        field:
          description: The field's path in the API.
          type: str
          returned: always
        wanted:
          description: What was asked for, null where nothing was.
          type: raw
          returned: always
        stored:
          description: What is stored, null where nothing is.
          type: raw
          returned: always
    injected:
      description: What is stored beyond what was asked for.
      type: list
      elements: dict
      returned: always
      contains:
        field:
          description: The field's path in the API.
          type: str
          returned: always
        stored:
          description: What is stored.
          type: raw
          returned: always
    not_compared:
      description: Fields that could not be compared.
      type: list
      elements: str
      returned: always
    log:
      description: The container's output, null unless O(logs=true).
      type: str
      returned: always
    log_truncated:
      description: Whether there is more output than RV(containers[].log) has.
      type: bool
      returned: always
    failure:
      description: What went wrong on this pod, as RV(failure) with C(msg), null where nothing did.
      type: dict
      returned: always
    attach_command:
      description:
        - The command that attaches a person to the container, null where it has ended or its pod has. It names the context of the kubeconfig that
          was used, or the O(host), and never credentials.
      type: str
      returned: always
      sample: kubectl attach -it -n shop cart-7c9f -c debugger
container:
  description: The same entry, for one container of one O(pod). Also returned when the task fails on the pod.
  returned: when O(pod) is given and RV(containers) has one entry
  type: dict
  contains: *entry
skipped_pods:
  description: The pods of a selection or workload that can take no container, at most 100 of them.
  returned: success, and failures that concern a pod
  type: list
  elements: dict
  contains:
    namespace:
      description: The pod's namespace.
      type: str
      returned: always
    pod:
      description: The pod's name.
      type: str
      returned: always
    reason:
      description: Why, as V(pod_finished), V(pod_terminating), V(static_pod), or V(pod_not_found) and V(pod_replaced) where it went in the meantime.
      type: str
      returned: always
    message:
      description: The same in words.
      type: str
      returned: always
failure:
  description: What went wrong, for programs. RV(ignore:msg) says it for people.
  returned: failure
  type: dict
  contains:
    code:
      description:
        - What kind of failure it is. One of V(invalid_options), V(missing_library), V(unauthorized), V(forbidden_rbac), V(forbidden_pod_security),
          V(forbidden_admission), V(api_unreachable), V(api_error), V(dry_run_unsupported), V(outcome_unknown), V(pod_not_found),
          V(workload_not_found), V(no_pods_matched), V(too_many_pods), V(pod_replaced), V(pod_terminating), V(pod_finished), V(static_pod),
          V(subresource_missing), V(invalid_spec), V(different), V(removal_refused), V(finished), V(dropped_by_server), V(image_error),
          V(start_error), V(exited), V(timed_out); of M(kubedebug.pods.ephemeral_container_exec) and
          M(kubedebug.pods.ephemeral_container_fetch) also V(container_not_found), V(not_running), V(exec_failed), V(transfer_failed); of
          M(kubedebug.pods.evidence_bundle) and M(kubedebug.pods.evidence_bundle_info) also V(bundle_unwritable), V(bundle_altered), V(bundle_invalid),
          V(signing_failed).
      type: str
      returned: always
      sample: different
    namespace:
      description: The pod's namespace.
      type: str
      returned: always
    pod:
      description: The pod's name.
      type: str
      returned: always
    container:
      description: The ephemeral container's name.
      type: str
      returned: always
    field:
      description: The option, or the field's path in the API, that it is about.
      type: str
      returned: always
    details:
      description:
        - The single findings, for example each field error or each difference.
        - Where the task worked on several pods, one for each that failed, with C(pod), C(code) and C(message), at most 100 of them.
      type: list
      elements: dict
      returned: always
    hint:
      description: What to do instead.
      type: str
      returned: always
"""

import typing as t

from ansible_collections.kubedebug.pods.plugins.module_utils._argspec import AUTH, CONTAINER, LOG, PODS
from ansible_collections.kubedebug.pods.plugins.module_utils._decide import Policy, check_offline
from ansible_collections.kubedebug.pods.plugins.module_utils._ensure import Pods, Request, ensure
from ansible_collections.kubedebug.pods.plugins.module_utils._errors import Failure
from ansible_collections.kubedebug.pods.plugins.module_utils._module import Module, make_client, names_pods, option_errors, run
from ansible_collections.kubedebug.pods.plugins.module_utils._report import ensured, outcome_diff
from ansible_collections.kubedebug.pods.plugins.module_utils._spec import Wanted, build

if t.TYPE_CHECKING:
    from ansible_collections.kubedebug.pods.plugins.module_utils._client import Client

_REQUEST_OPTIONS = (
    *("wait", "wait_for", "wait_timeout", "success_exit_codes"),
    *("logs", "log_tail_lines", "log_limit_bytes", "profile", "mounts_from", "concurrency"),
)


def ensure_containers(module: Module) -> dict[str, t.Any]:
    params = module.params
    wanted = _wanted(params)
    place = {option: said if params[option] is None else params[option] for option, said in (("pod", wanted.pod), ("namespace", wanted.namespace))}
    check_offline(wanted.containers, [*option_errors({**params, **place}), *wanted.errors], state=params["state"])
    named = _named_pod(params, wanted)
    policy = Policy(**{key: params[key] for key in Policy._fields})._replace(pod_uid=params["pod_uid"] or wanted.pod_uid)
    request = Request(
        containers=wanted.containers,
        policy=policy,
        dry_run=module.check_mode,
        requested_by=params["requested_by"] or "",
        **{key: params[key] for key in _REQUEST_OPTIONS},
    )
    client, warnings = make_client(module)
    namespace = place["namespace"] or client.namespace
    done = ensure(client, request, _selected(client, namespace, params) if named is None else Pods(namespace, named))
    result = ensured(done, client.kubectl, selected=named is None)
    if module._diff:
        result["diff"] = [diff for diff in map(outcome_diff, done.outcomes) if diff]
    result["warnings"] = warnings + result["warnings"]
    return result


def _wanted(params: dict[str, t.Any]) -> Wanted:
    document = params["definition"]
    if params["src"] is None and not isinstance(document, str):
        return build(params, document)
    from ansible_collections.kubedebug.pods.plugins.module_utils._document import read_file, read_text

    if params["src"] is not None:
        return build(params, read_file(params["src"]), "src")
    return build(params, read_text(document, "definition", "definition"))


def _selected(client: Client, namespace: str, params: dict[str, t.Any]) -> Pods:
    from ansible_collections.kubedebug.pods.plugins.module_utils._select import Selection, select

    return Pods(namespace, None, *select(client, namespace, Selection(*(params[key] for key in Selection._fields))))


def _named_pod(params: dict[str, t.Any], wanted: Wanted) -> str | None:
    """The pod's name, None where a selection says which pods."""
    if names_pods(params):
        if wanted.pod and not params["pod"]:
            raise Failure(
                "invalid_options",
                f"The document is for pod {wanted.pod!r} (metadata.name), and a selection is given too.",
                field="definition" if params["src"] is None else "src",
                hint="Say in one way which pods: leave the document's metadata.name out, or the selection.",
            )
        if (params["pod_uid"] or wanted.pod_uid) and not params["pod"]:
            raise Failure("invalid_options", "pod_uid, or the document's metadata.uid, is that of one pod, and goes with pod only.", field="pod_uid")
        return t.cast("str | None", params["pod"])
    if not wanted.pod:
        raise Failure(
            "invalid_options",
            "Nothing says which pods.",
            field="pod",
            hint="Set pod, label_selectors, field_selectors or workload, or give a document whose metadata.name says which.",
        )
    return wanted.pod


def main() -> None:
    run(Module(AUTH.merge(PODS, CONTAINER, LOG)), ensure_containers)


if __name__ == "__main__":
    main()
