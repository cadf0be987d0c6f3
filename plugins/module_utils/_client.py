# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The only file that speaks HTTP: requests, watch, log, retries, and what the server's answers mean."""

from __future__ import annotations

import json
import random
import threading
import time
import typing as t
from urllib.parse import quote, urlencode

from ._auth import without_credentials
from ._errors import Failure, printable
from ._status import fits, is_pod

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from ._auth import Connection
    from ._refusals import Status

#: Seconds that reading goes on in the face of 429, 5xx and broken connections, and the requests that it makes of one (more where it has more patience).
PATIENCE = 15.0
ATTEMPTS, _MOST_ATTEMPTS = 8, 600
#: Seconds that a request may take at least, however little time is left: an answer that is on its way is worth more than the deadline.
_LEAST_TIMEOUT = 5.0
LOG_BYTES_A_TASK = 1024 * 1024
_RETRIED = (429, 500, 502, 503, 504)
_CONNECT_TIMEOUT = 10.0
_USER_AGENT = "kubedebug.pods"
_JSON, _JSON_PATCH = "application/json", "application/json-patch+json"
#: The types of what is read of other objects than pods, as in _status.
_LIST: dict[str, t.Any] = {"metadata": {"resourceVersion": str, "continue": str, "remainingItemCount": int}, "items": [dict], "rows": [dict]}
_EVENT: dict[str, t.Any] = {"type": str, "lastTimestamp": str, "eventTime": str, "involvedObject": {"fieldPath": str}}
_SELECTOR: dict[str, t.Any] = {"matchLabels": dict, "matchExpressions": [{"operator": str, "key": str, "values": [str]}]}
_OBJECT: dict[str, t.Any] = {"metadata": {"uid": str, "ownerReferences": [{"uid": str}]}, "spec": {"selector": _SELECTOR}}
_SHAPES: dict[str, dict[str, t.Any]] = {
    "PodList": _LIST,
    "EventList": {"items": [_EVENT]},
    "NetworkPolicyList": {"metadata": {"continue": str}, "items": [{"metadata": {"name": str}, "spec": {"podSelector": _SELECTOR}}]},
    "PodDisruptionBudgetList": {"metadata": {"continue": str}, "items": [{"metadata": {"name": str}, "spec": {"selector": _SELECTOR}}]},
}


_Item = t.TypeVar("_Item")


class Subject(t.NamedTuple):
    """What a request is about. ``where`` has words for it, ``kind`` is the resource (``pods``, or a workload's), ``writes`` says that it is a write,
    and ``what`` what is written, in words, where that is no ephemeral container."""

    namespace: str
    where: str
    pod: str | None = None
    kind: str = "pods"
    writes: bool = False
    what: str | None = None


def of_pod(namespace: str, pod: str, *, writes: bool = False, what: str | None = None) -> Subject:
    """A request about one pod."""
    return Subject(namespace, f"pod {namespace}/{pod}", pod, writes=writes, what=what)


class Lost(Exception):
    """A write whose reply did not come, or was a 5xx (``answered``): it may have happened. ``words`` says what was seen instead of a reply,
    ``retry_after`` how many seconds the server wants to be left alone."""

    def __init__(self, words: str, *, answered: bool = False, retry_after: float = 0.0) -> None:
        super().__init__(words)
        self.words = words
        self.answered = answered
        self.retry_after = retry_after


class Conflict(Exception):
    """A write that the server refused because the pod is not as it was: the name was taken, a ``test`` did not hold, or a 409."""


class Held(Exception):
    """An eviction that a PodDisruptionBudget does not allow now."""


class WatchExpired(Exception):
    """The watch cannot go on from its resourceVersion (410)."""


class Added(t.NamedTuple):
    """What the server says of a write: the pod as it is stored (for a dry run: as it would be), and its warnings."""

    pod: dict[str, t.Any]
    warnings: list[str]


class Page(t.NamedTuple):
    """A part of a list of pods. ``rest`` is the token for the next part, None where there is none; ``remaining`` how many there are, if the server says."""

    pods: list[dict[str, t.Any]]
    resource_version: str
    rest: str | None
    remaining: int | None


class Client:
    """Requests to one API server as one account. What is refused, or cannot be asked, is a Failure with a code. Beside it, a write raises Lost and
    Conflict, and a watch WatchExpired; a watch also ends without a word, when the connection breaks or what comes is no event.

    Threads may share a client. ``until`` is a time of time.monotonic: requests that would take longer are given up, and no new attempt is made.
    """

    def __init__(self, connection: Connection, *, request_timeout: float = 30.0, concurrency: int = 1) -> None:
        from kubernetes.client.rest import RESTClientObject

        connection.configuration.connection_pool_maxsize = concurrency + 1
        self._lock = threading.Lock()
        self.namespace = connection.namespace
        self.kubectl = connection.kubectl
        self._headers = connection.headers
        self._timeout = request_timeout
        self._configuration = connection.configuration
        self._url = str(connection.configuration.host).rstrip("/")
        #: Without credentials, for messages.
        self.host = without_credentials(self._url)
        self._pool = RESTClientObject(connection.configuration).pool_manager
        #: The Date of the last reply to something that was read, as the server wrote it.
        self.date: str | None = None

    def get_pod(self, namespace: str, pod: str, *, by_list: bool = False, patience: float = PATIENCE, until: float | None = None) -> dict[str, t.Any]:
        """Read the pod. Goes on for ``patience`` seconds while the server is away or overloaded. ``by_list`` takes the right to list pods instead of
        the one to get them, for those who select pods need no other."""
        if by_list:
            pods = self.list_pods(namespace, field_selector=f"metadata.name={pod}", patience=patience, until=until).pods
            if not pods:
                raise _explain(404, "Not Found", json.dumps({"kind": "Status", "details": {"name": pod}}).encode(), of_pod(namespace, pod))
            return pods[0]
        reply = self._read(_pod_path(namespace, pod), [], of_pod(namespace, pod), patience=patience, until=until)
        return _decode(reply.data, "Pod", self.host)

    def get_object(self, path: str, kind: str, subject: Subject) -> dict[str, t.Any]:
        """GET any object whose reply has to be of ``kind``."""
        return _decode(self._read(path, [], subject).data, kind, self.host)

    def server_version(self) -> str:
        """The API server's version, as v1.36.3. Every account that is authenticated may read it."""
        version = _document(self._read("/version", [], Subject("", "the version of the API server", kind="version")).data).get("gitVersion")
        if not isinstance(version, str):
            raise _not_a("version", {}, self.host)
        return version

    def list_objects(self, path: str, kind: str, subject: Subject) -> list[dict[str, t.Any]]:
        """All items of a list whose replies have to be of ``kind``, read in pages."""
        items: list[dict[str, t.Any]] = []
        rest: str | None = None
        while True:
            page = _decode(self._read(path, _selection(None, None, 500, rest), subject).data, kind, self.host)
            items += page.get("items") or ()
            rest = (page.get("metadata") or {}).get("continue") or None
            if rest is None:
                return items

    def list_pods(
        self,
        namespace: str,
        *,
        label_selector: str | None = None,
        field_selector: str | None = None,
        limit: int = 500,
        rest: str | None = None,
        patience: float = PATIENCE,
        until: float | None = None,
    ) -> Page:
        """One page of a list, from the token ``rest`` on. Raises Failure ``api_error`` with a detail ``status: 410`` where that has expired."""
        query = _selection(label_selector, field_selector, limit, rest)
        reply = self._read(_pods_path(namespace), query, _of_pods(namespace), patience=patience, until=until)
        document = _decode(reply.data, "PodList", self.host)
        pods = [{**item, "kind": "Pod"} for item in document.get("items") or ()]
        if not all(_is_whole_pod(pod) for pod in pods):
            raise Failure("api_error", f"{self.host} answered with a list that holds something else than pods.", hint="Check host, and any proxy between.")
        metadata = document.get("metadata") or {}
        return Page(pods, str(metadata.get("resourceVersion")), metadata.get("continue") or None, metadata.get("remainingItemCount"))

    def count_pods(self, namespace: str, *, label_selector: str | None, field_selector: str | None, rest: str) -> int:
        """How many pods a list has from the token ``rest`` on. The server sends a line for each, not the pods."""
        count = 0
        token: str | None = rest
        while token:
            query = [*_selection(label_selector, field_selector, 5000, token), ("includeObject", "None")]
            reply = self._read(_pods_path(namespace), query, _of_pods(namespace), accept="application/json;as=Table;v=v1;g=meta.k8s.io,application/json")
            document = _document(reply.data)
            if not fits(document, _LIST):
                raise _not_a("Table", document, self.host)
            lines = document.get("rows") or document.get("items") or ()
            count += len(lines)
            token = (document.get("metadata") or {}).get("continue") if lines else None
        return count

    def add_ephemeral_containers(
        self,
        pod: t.Mapping[str, t.Any],
        containers: t.Sequence[t.Mapping[str, t.Any]],
        *,
        field_manager: str,
        dry_run: bool,
        until: float | None = None,
    ) -> Added:
        """PATCH the subresource with ``containers``, on exactly this pod (its uid) and only if the names are free.

        Raises Conflict when the pod is not as it was, Lost when the reply did not come, Failure for every other refusal.
        """
        metadata = pod["metadata"]
        namespace, name = metadata["namespace"], metadata["name"]
        query = [("fieldManager", field_manager), ("fieldValidation", "Strict"), *_dry_run(dry_run)]
        operations: list[dict[str, t.Any]] = [{"op": "test", "path": "/metadata/uid", "value": metadata["uid"]}]
        if (pod.get("spec") or {}).get("ephemeralContainers"):
            operations += [{"op": "add", "path": "/spec/ephemeralContainers/-", "value": container} for container in containers]
        else:
            operations.append({"op": "test", "path": "/spec/ephemeralContainers", "value": None})
            operations.append({"op": "add", "path": "/spec/ephemeralContainers", "value": list(containers)})
        reply = self._write("PATCH", _pod_path(namespace, name, "ephemeralcontainers"), query, operations, of_pod(namespace, name, writes=True), until)
        try:
            return Added(_decode(reply.data, "Pod", self.host), _warnings(reply.headers))
        except Failure as failure:
            if failure.code == "subresource_missing":
                raise
            raise Lost(failure.message) from None

    def patch_pod(self, pod: t.Mapping[str, t.Any], operations: t.Sequence[t.Mapping[str, t.Any]], *, field_manager: str, dry_run: bool) -> dict[str, t.Any]:
        """PATCH exactly this pod (its uid) with the operations of a JSON patch. Returns the pod as it is stored, for a dry run: as it would be.

        Raises Conflict when the pod is not as it was, Lost when the reply did not come, Failure for every other refusal.
        """
        metadata = pod["metadata"]
        namespace, name = metadata["namespace"], metadata["name"]
        query = [("fieldManager", field_manager), ("fieldValidation", "Strict"), *_dry_run(dry_run)]
        whole = [{"op": "test", "path": "/metadata/uid", "value": metadata["uid"]}, *operations]
        reply = self._write("PATCH", _pod_path(namespace, name), query, whole, of_pod(namespace, name, writes=True, what="the annotations"))
        try:
            return _decode(reply.data, "Pod", self.host)
        except Failure as failure:
            raise Lost(failure.message) from None

    def create_event(self, event: t.Mapping[str, t.Any], *, field_manager: str, dry_run: bool) -> None:
        """POST an event. Raises Conflict where there is one of its name, Lost when the reply did not come, Failure for every other refusal."""
        about = event["involvedObject"]
        query = [("fieldManager", field_manager), ("fieldValidation", "Strict"), *_dry_run(dry_run)]
        subject = of_pod(about["namespace"], about["name"], writes=True, what="the event")
        self._write("POST", f"/api/v1/namespaces/{quote(about['namespace'], safe='')}/events", query, event, subject)

    def evict_pod(self, pod: t.Mapping[str, t.Any], *, dry_run: bool) -> None:
        """POST the eviction of the pod as it was read: its uid and resourceVersion are preconditions.

        Raises Held where a disruption budget does not allow it, Conflict when the pod is not as it was, Lost when the reply did not come, Failure for every
        other refusal.
        """
        metadata = pod["metadata"]
        namespace, name = metadata["namespace"], metadata["name"]
        eviction = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": name, "namespace": namespace},
            "deleteOptions": {"preconditions": {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}},
        }
        subject = of_pod(namespace, name, writes=True, what="the eviction")
        self._write("POST", _pod_path(namespace, name, "eviction"), _dry_run(dry_run), eviction, subject)

    def watch_pods(
        self, namespace: str, resource_version: str, seconds: float, *, pod: str | None = None, label_selector: str | None = None
    ) -> Iterator[tuple[str, dict[str, t.Any]]]:
        """(event type, pod) for each change after ``resource_version``, until the server or ``seconds`` end the watch: of ``pod``, or of the pods
        that a label selector matches.

        Ends quietly too when the connection breaks: the caller decides whether to go on. Raises WatchExpired on 410.
        """
        query = [
            ("watch", "true"),
            *_selection(label_selector, f"metadata.name={pod}" if pod else None),
            ("resourceVersion", resource_version),
            ("allowWatchBookmarks", "true"),
            ("timeoutSeconds", str(max(1, round(seconds)))),
        ]
        subject = of_pod(namespace, pod) if pod else _of_pods(namespace)
        try:
            reply = self._read(_pods_path(namespace), query, subject, patience=seconds, read_timeout=seconds, stream=True)
        except Failure as failure:
            if any(detail.get("status") == 410 for detail in failure.details):
                raise WatchExpired from None
            raise
        try:
            for line in _lines(reply):
                event = json.loads(line)
                kind, item = (event.get("type"), event.get("object")) if isinstance(event, dict) else (None, None)
                if kind == "ERROR" and isinstance(item, dict) and item.get("code") == 410:
                    raise WatchExpired
                if not (_is_whole_pod(item) or (kind == "BOOKMARK" and is_pod(item))) or not item["metadata"].get("resourceVersion"):
                    return
                yield str(kind), item
        except (OSError, ValueError, RecursionError, _transport_error()):
            return
        finally:
            reply.close()

    def read_log(self, namespace: str, pod: str, container: str, *, tail_lines: int | None, limit_bytes: int, previous: bool = False) -> tuple[str, bool]:
        """(the container's output, or that of its run before; at most the first ``limit_bytes`` of it, decoded with replacement; whether there is more)."""
        query = [("container", container), ("limitBytes", str(limit_bytes + 1))] + ([("tailLines", str(tail_lines))] if tail_lines is not None else [])
        query += [("previous", "true")] if previous else []
        reply = self._read(_pod_path(namespace, pod, "log"), query, of_pod(namespace, pod), accept="*/*")
        return bytes(reply.data[:limit_bytes]).decode("utf-8", errors="replace"), len(reply.data) > limit_bytes

    def list_events(self, namespace: str, pod_uid: str, pod: str) -> list[dict[str, t.Any]]:
        """The events of that very pod, oldest first."""
        query = [("fieldSelector", f"involvedObject.uid={pod_uid}"), ("limit", "500")]
        reply = self._read(f"/api/v1/namespaces/{quote(namespace, safe='')}/events", query, of_pod(namespace, pod))
        events = _decode(reply.data, "EventList", self.host).get("items") or []
        return sorted(events, key=lambda event: event.get("lastTimestamp") or event.get("eventTime") or "")

    def open_connection(self, namespace: str, pod: str) -> t.Any:
        """A socket that is connected to the API server, with TLS and proxy as for every request, and that no request uses. The caller closes it.

        Nothing was sent yet, so a server that is away is tried again.
        """
        retry = _Retry(PATIENCE)
        while True:
            pool = self._pool.connection_from_url(self._url)
            # urllib3 has no public way to a connection without a request; these two are the same from 1.26 to 2.8.
            connection = pool._new_conn()
            connection.timeout = min(_CONNECT_TIMEOUT, self._timeout)
            try:
                if self._pool.proxy and self._url.startswith("https"):
                    pool._prepare_proxy(connection)
                else:
                    connection.connect()
            except (OSError, _transport_error()) as exc:
                connection.close()
                if _is_final(exc) or not retry.wait():
                    raise self._unreachable(exc, of_pod(namespace, pod)) from None
                continue
            return connection.sock

    def exec_request(self, namespace: str, pod: str, query: list[tuple[str, str]]) -> tuple[str, list[str], float]:
        """(URL, header lines that say who asks, seconds that the answer may take) of a request for ``pods/exec``."""
        with self._lock:
            headers = {"User-Agent": _USER_AGENT, **_authorization(self._configuration)}
        lines = [f"{name}: {value}" for name, value in (*headers.items(), *self._headers)]
        return f"{self._url}{_pod_path(namespace, pod, 'exec')}?{urlencode(query)}", lines, self._timeout

    def exec_refusal(self, namespace: str, pod: str, query: list[tuple[str, str]], status: Status) -> Status:
        """Why ``pods/exec`` was refused so without a reason: the same is asked for again in ways that become no stream, which starts nothing."""
        from . import _refusals

        for method in ("GET", "POST"):
            try:
                reply = self._request(method, _pod_path(namespace, pod, "exec"), query)
            except (OSError, _transport_error()):
                break
            told = _refusals.status_of(reply.status, reply.reason, reply.data)
            if told.code == status.code and not _refusals.is_unexplained(told):
                return told
        return status

    def _request(
        self,
        method: str,
        path: str,
        query: list[tuple[str, str]],
        *,
        accept: str = _JSON,
        body: t.Any = None,
        read_timeout: float | None = None,
        until: float | None = None,
        stream: bool = False,
    ) -> t.Any:
        """One request over the connections that the kubernetes package made. Returns urllib3's response, whatever its status."""
        from urllib3 import Timeout
        from urllib3.response import HTTPHeaderDict

        with self._lock:
            headers = HTTPHeaderDict({"Accept": accept, "User-Agent": _USER_AGENT, **_authorization(self._configuration)})
        for name, value in self._headers:
            # http.client sends latin-1, and the API server reads UTF-8.
            headers.add(name, value.encode().decode("latin-1"))
        most = self._timeout if until is None else min(self._timeout, max(_LEAST_TIMEOUT, until - time.monotonic()))
        if body is not None:
            headers["Content-Type"] = _JSON_PATCH if method == "PATCH" else _JSON
        return self._pool.request(
            method,
            f"{self._url}{path}?{urlencode(query)}" if query else f"{self._url}{path}",
            headers=headers,
            body=None if body is None else json.dumps(body),
            timeout=Timeout(connect=min(_CONNECT_TIMEOUT, most), read=read_timeout or most),
            retries=False,
            redirect=False,
            preload_content=not stream,
        )

    def _read(
        self, path: str, query: list[tuple[str, str]], subject: Subject, *, patience: float = PATIENCE, until: float | None = None, **how: t.Any
    ) -> t.Any:
        retry = _Retry(patience, until)
        while True:
            try:
                reply = self._request("GET", path, query, until=until, **how)
                if reply.status < 300:
                    self.date = reply.headers.get("Date")
                    return reply
                content = reply.data
            except (OSError, _transport_error()) as exc:
                if _is_final(exc) or not retry.wait():
                    raise self._unreachable(exc, subject) from None
                continue
            if reply.status not in _RETRIED or not retry.wait(_retry_after(reply)):
                raise _explain(reply.status, reply.reason, content, subject)

    def _write(self, method: str, path: str, query: list[tuple[str, str]], body: t.Any, subject: Subject, until: float | None = None) -> t.Any:
        retry = _Retry(PATIENCE, until)
        while True:
            try:
                reply = self._request(method, path, query, body=body, until=until)
            except (OSError, _transport_error()) as exc:
                if _is_final(exc):
                    raise self._unreachable(exc, subject) from None
                raise Lost(short(exc)) from None
            if reply.status < 300:
                return reply
            from . import _refusals

            status = _refusals.status_of(reply.status, reply.reason, reply.data)
            if _refusals.is_held(status):
                raise Held(_refusals.held_words(status))
            if status.code == 429 and retry.wait(_retry_after(reply)):
                continue
            if status.code >= 500 and not _refusals.is_too_large(status):
                # A gateway's answer, and a timeout's, say nothing about what becomes of the write; a Status with 500 says that it failed.
                raise Lost(_refusals.words(status), answered=status.code == 500 and bool(status.reason), retry_after=_retry_after(reply))
            if _refusals.is_conflict(status):
                raise Conflict(_refusals.words(status))
            raise _refusals.explain(status, subject)

    def _unreachable(self, exc: Exception, subject: Subject) -> Failure:
        from ._auth import unusable_files

        unusable = unusable_files(self._configuration)
        if unusable:
            return unusable.about(namespace=subject.namespace, pod=subject.pod)
        return Failure(
            "api_unreachable",
            f"The API server {self.host} cannot be reached: {short(exc)}.",
            namespace=subject.namespace,
            pod=subject.pod,
            hint="Nothing is known about the pod, and nothing was written. Check host or kubeconfig, proxy and ca_cert, and that the server is up.",
        )


def _explain(code: int, phrase: str | None, content: bytes, subject: Subject) -> Failure:
    from ._refusals import explain, status_of

    return explain(status_of(code, phrase, content), subject)


def side_by_side(work: t.Callable[[_Item], None], items: t.Sequence[_Item], concurrency: int) -> None:
    """Do ``work`` for each item, at most ``concurrency`` of them at once. What it raises for one is raised once those that have begun are done, and
    no other is begun."""
    if len(items) < 2 or concurrency < 2:
        for item in items:
            work(item)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(concurrency) as pool:
        begun = [pool.submit(work, item) for item in items]
        try:
            for done in begun:
                done.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


class _Retry:
    """Bounded waiting between attempts: growing, with jitter, never shorter than the server asks, never past the patience."""

    def __init__(self, patience: float, until: float | None = None) -> None:
        self._end = min(time.monotonic() + patience, until or float("inf"))
        self._most = max(ATTEMPTS, min(round(patience / 3), _MOST_ATTEMPTS))
        self._attempt = 0

    def wait(self, at_least: float = 0.0) -> bool:
        """Sleep before the next attempt; False where there is none left."""
        self._attempt += 1
        pause = max(at_least, min(0.1 * 2**self._attempt, 3.0) * random.uniform(0.7, 1.3))  # noqa: S311 - jitter
        if self._attempt >= self._most or time.monotonic() + pause > self._end:
            return False
        time.sleep(pause)
        return True


def _authorization(configuration: t.Any) -> dict[str, str]:
    """The header that says who asks. Asking the configuration renews a token that a kubeconfig's plugin or a service account gave."""
    bearer = configuration.auth_settings().get("BearerToken")
    text = str(bearer["value"]).strip() if bearer else configuration.get_basic_auth_token() if configuration.username else ""
    if not (text.isascii() and text.isprintable()):
        raise Failure(
            "invalid_options",
            "The token or password holds a line break or another character that no HTTP header can carry.",
            field="api_key" if bearer else "password",
            hint="Look at where it comes from: the kubeconfig, its tokenFile or plugin, or the service account.",
        )
    return {"Authorization": text} if text else {}


def _transport_error() -> type[Exception]:
    from urllib3.exceptions import HTTPError

    return t.cast("type[Exception]", HTTPError)


def _is_final(exc: Exception) -> bool:
    """Whether trying again cannot help: the server's name or certificate is wrong, the proxy refuses, or nothing can be sent at all."""
    import socket
    import ssl

    from urllib3.exceptions import LocationValueError, SSLError

    causes: list[BaseException] = []
    cause: BaseException | None = exc
    while cause is not None:
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__
    if any(str(each).startswith("Tunnel connection failed: 4") for each in causes):
        return True
    if any(isinstance(each, (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)) for each in causes):
        return False
    if any(isinstance(each, socket.gaierror) and each.errno == socket.EAI_AGAIN for each in causes):
        return False
    return any(isinstance(each, (SSLError, LocationValueError, socket.gaierror, ssl.SSLCertVerificationError)) for each in causes)


def _retry_after(reply: t.Any) -> float:
    try:
        return max(0.0, float(reply.headers.get("Retry-After", 0)))
    except ValueError:
        return 0.0


def short(exc: Exception) -> str:
    """What an exception says, short enough for a message."""
    text = printable(exc, 300)
    return f"{type(exc).__name__}: {text}" if text else type(exc).__name__


def _selection(label_selector: str | None, field_selector: str | None, limit: int | None = None, rest: str | None = None) -> list[tuple[str, str]]:
    named = {"labelSelector": label_selector, "fieldSelector": field_selector, "limit": str(limit) if limit else None, "continue": rest}
    return [(key, value) for key, value in named.items() if value]


def _dry_run(dry_run: bool) -> list[tuple[str, str]]:
    return [("dryRun", "All")] if dry_run else []


def _of_pods(namespace: str) -> Subject:
    return Subject(namespace, f"the pods of namespace {namespace}")


def _pods_path(namespace: str) -> str:
    return f"/api/v1/namespaces/{quote(namespace, safe='')}/pods"


def _pod_path(namespace: str, pod: str, subresource: str = "") -> str:
    path = f"{_pods_path(namespace)}/{quote(pod, safe='')}"
    return f"{path}/{subresource}" if subresource else path


def _document(data: bytes) -> dict[str, t.Any]:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _decode(data: bytes, kind: str, host: str) -> dict[str, t.Any]:
    document = _document(data)
    if not (_is_whole_pod(document) if kind == "Pod" else document.get("kind") == kind and fits(document, _SHAPES.get(kind, _OBJECT))):
        found = document.get("kind")
        if kind == "Pod" and found == "EphemeralContainers":
            raise Failure(
                "subresource_missing",
                f"The API server {host} is older than Kubernetes 1.22: its ephemeralcontainers subresource is of kind EphemeralContainers.",
                hint="This collection supports Kubernetes 1.23 and newer.",
            )
        raise _not_a(kind, document, host)
    return document


def _not_a(kind: str, document: t.Mapping[str, t.Any], host: str) -> Failure:
    found = document.get("kind")
    other = f" but a {printable(found, 100)}" if isinstance(found, str) and found != kind else ""
    return Failure(
        "api_error",
        f"{host} answered with something that is not a {kind}{other}: is it a Kubernetes API server?",
        hint="Check host, and any proxy between.",
    )


def _is_whole_pod(document: t.Any) -> t.TypeGuard[dict[str, t.Any]]:
    return is_pod(document) and all(document["metadata"].get(key) for key in ("namespace", "name", "uid"))


def _warnings(headers: t.Any) -> list[str]:
    """The texts of the ``Warning: 299 - "text"`` headers, quotes undone, fit for a message."""
    values = headers.getlist("Warning") if hasattr(headers, "getlist") else []
    texts = (value.split('"', 1)[1].rsplit('"', 1)[0] for value in values if value.count('"') >= 2)
    return [printable(text.replace('\\"', '"').replace("\\\\", "\\")) for text in texts]


def _lines(reply: t.Any) -> Iterator[bytes]:
    """The lines of a streamed reply, each as soon as it is there."""
    rest = b""
    for chunk in reply.stream(amt=None, decode_content=False):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (line for line in lines if line.strip())
