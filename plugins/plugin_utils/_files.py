# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""What the modules' action plugins have in common: ``kubeconfig`` and ``src`` are found on the controller, and decrypted, and the module starts quickly.

As in kubernetes.core, that is so with a local connection only: otherwise both are paths on the host that the module runs on, and are left alone.
What Ansible Vault has encrypted reaches the module as a mapping and not as a file, so that a user who was become can read it, and no message names a
temporary file.
"""

from __future__ import annotations

import contextlib
import gc
import os
import typing as t

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible.utils.vars import merge_hash

from ansible_collections.kubedebug.pods.plugins.module_utils._errors import Failure, is_kubeconfig_text

if t.TYPE_CHECKING:
    from ansible.plugins.connection import ConnectionBase

#: New objects between two of Python's searches for circular garbage. Ansible parses all that a module can import, a hundred thousand objects: with the
#: usual 700 the searches take longer than the parsing. The worker ends with its task; where that is a loop there is a search each few items.
_OBJECTS = 300_000


@contextlib.contextmanager
def _through_a_pipe(connection: ConnectionBase) -> t.Iterator[None]:
    """Hand the module to a local Python through a pipe, as Ansible's pipelining does: no temporary file holds its arguments then, which may be credentials,
    and the folder for it need not be made and removed.

    Not where a user is become, who may have to give a password first, and not with PYTHONUNBUFFERED, with which Python reads a pipe byte by byte: that is
    left to the configuration.
    """
    if connection.transport != "local" or connection.become or os.environ.get("PYTHONUNBUFFERED"):
        yield
        return
    configured = connection.get_option("pipelining")
    connection.set_option("pipelining", True)
    try:
        yield
    finally:
        connection.set_option("pipelining", configured)


class ActionModule(ActionBase):
    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        if self._connection.transport == "local":
            try:
                self._find_kubeconfig(arguments)
                self._find_src(arguments)
            except Failure as failure:
                return {**result, "failed": True, "changed": False, "msg": failure.msg, "failure": failure.to_dict()}
        wrap_async = self._task.async_val and not getattr(self._connection, "has_native_async", False)
        if 0 < gc.get_threshold()[0] < _OBJECTS:
            gc.set_threshold(_OBJECTS)
        with _through_a_pipe(self._connection):
            done = self._execute_module(module_args=arguments, task_vars=task_vars, wrap_async=wrap_async)
        result = merge_hash(result, done)
        if not wrap_async:
            self._remove_tmp_path(self._connection._shell.tmpdir)  # type: ignore[no-untyped-call]  # Ansible has no type hints
        return result

    def _find_kubeconfig(self, arguments: dict[str, t.Any]) -> None:
        given = arguments.get("kubeconfig")
        if not isinstance(given, str) or not given or is_kubeconfig_text(given):
            return
        paths = [self._find(path) for path in given.split(os.pathsep) if path]
        if any(self._is_encrypted("kubeconfig", path) for path in paths):
            from ansible_collections.kubedebug.pods.plugins.plugin_utils._kubeconfig import merge

            arguments["kubeconfig"] = merge([self._read_kubeconfig(path) for path in paths if os.path.isfile(path)])
        else:
            arguments["kubeconfig"] = os.pathsep.join(paths)

    def _find_src(self, arguments: dict[str, t.Any]) -> None:
        given = arguments.get("src")
        if not isinstance(given, str) or not given or arguments.get("definition") is not None:
            return
        arguments["src"] = path = self._find(given)
        if self._is_encrypted("src", path):
            from ansible_collections.kubedebug.pods.plugins.module_utils._document import read_file

            with self._decrypted("src", path) as readable:
                try:
                    document = read_file(readable)
                except Failure:
                    document = None
            if not isinstance(document, dict):
                raise Failure("invalid_options", f"src: {path} is encrypted, and what is in it is not one mapping in JSON or YAML.", field="src")
            del arguments["src"]
            arguments["definition"] = document

    def _find(self, path: str) -> str:
        """The path of the file, looked for as other actions do; unchanged where there is none, which is the module's to complain about."""
        try:
            return str(self._find_needle("files", path))  # type: ignore[no-untyped-call]  # Ansible has no type hints
        except AnsibleError:
            return path

    def _is_encrypted(self, option: str, path: str) -> bool:
        """Whether Ansible Vault has encrypted the file."""
        with self._decrypted(option, path) as readable:
            return readable != path

    @contextlib.contextmanager
    def _decrypted(self, option: str, path: str) -> t.Iterator[str]:
        """A path where the file can be read, for as long as it takes: its own, or that of a temporary file that only its owner may read."""
        if not os.path.isfile(path):
            yield path
            return
        try:
            readable = str(self._loader.get_real_file(path))
        except AnsibleError as exc:
            raise Failure("invalid_options", f"{option}: {exc}.", field=option, hint="Give the vault password that the file is encrypted with.") from exc
        try:
            yield readable
        finally:
            self._loader.cleanup_tmp_file(readable)

    def _read_kubeconfig(self, path: str) -> dict[str, t.Any]:
        import yaml

        from ansible_collections.kubedebug.pods.plugins.plugin_utils._kubeconfig import with_absolute_paths

        with self._decrypted("kubeconfig", path) as readable, open(readable, "rb") as file:
            try:
                document = yaml.safe_load(file)
            except (yaml.YAMLError, ValueError):
                document = None
        if not isinstance(document, dict):
            raise Failure("invalid_options", f"kubeconfig: {path} is encrypted, or beside one that is, and is not one mapping in YAML.", field="kubeconfig")
        return with_absolute_paths(document, os.path.dirname(os.path.abspath(path)))
