# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this doc fragment is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

from __future__ import annotations


class ModuleDocFragment:
    """How to reach the cluster: the options of kubernetes.core, so that both collections share one configuration."""

    DOCUMENTATION = r"""
options:
  kubeconfig:
    description:
      - Path of a kubeconfig file, or of several separated by C(:), or the content of one as a dictionary.
      - With a local connection, which is the usual case, a file is looked for as P(ansible.builtin.file#lookup) does, in C(files/) of the role and
        beside the playbook, and is decrypted where Ansible Vault has encrypted it. With another connection it is a path on that host.
      - If neither this nor O(context), nor O(host) with credentials is given, the cluster that the module runs in is used (through the
        service account's token of the pod), and where it runs in none, the default file C(~/.kube/config).
      - Can also be specified via the E(K8S_AUTH_KUBECONFIG) environment variable.
    type: raw
  context:
    description:
      - The context of the kubeconfig to use. Can also be specified via the E(K8S_AUTH_CONTEXT) environment variable.
    type: str
  host:
    description:
      - URL of the API server, from C(https://) on. Can also be specified via the E(K8S_AUTH_HOST) environment variable.
      - Together with O(api_key), O(username) and O(password), or O(client_cert) and O(client_key), it stands alone and no kubeconfig is read.
    type: str
  api_key:
    description:
      - Bearer token. Can also be specified via the E(K8S_AUTH_API_KEY) environment variable.
    type: str
  username:
    description:
      - User name for basic authentication, which only proxies in front of an API server still offer.
      - Can also be specified via the E(K8S_AUTH_USERNAME) environment variable.
    type: str
  password:
    description:
      - Password for O(username). Can also be specified via the E(K8S_AUTH_PASSWORD) environment variable.
    type: str
  validate_certs:
    description:
      - Whether the API server's certificate is verified. The task warns when it is not.
      - Can also be specified via the E(K8S_AUTH_VERIFY_SSL) or E(K8S_AUTH_VALIDATE_CERTS) environment variable.
    type: bool
    aliases:
      - verify_ssl
  ca_cert:
    description:
      - Path of the certificate authority's certificates to verify the API server with.
      - Can also be specified via the E(K8S_AUTH_SSL_CA_CERT) or E(K8S_AUTH_CA_CERT) environment variable.
    type: path
    aliases:
      - ssl_ca_cert
  client_cert:
    description:
      - Path of a client certificate. Can also be specified via the E(K8S_AUTH_CERT_FILE) or E(K8S_AUTH_CLIENT_CERT) environment variable.
    type: path
    aliases:
      - cert_file
  client_key:
    description:
      - Path of the client certificate's key. Can also be specified via the E(K8S_AUTH_KEY_FILE) or E(K8S_AUTH_CLIENT_KEY) environment variable.
    type: path
    aliases:
      - key_file
  proxy:
    description:
      - URL of an HTTP proxy. Can also be specified via the E(K8S_AUTH_PROXY) environment variable.
    type: str
  no_proxy:
    description:
      - Comma separated hosts, domains, addresses and networks that are reached without the proxy.
      - Can also be specified via the E(K8S_AUTH_NO_PROXY) environment variable.
    type: str
  proxy_headers:
    description:
      - Headers for the proxy.
    type: dict
    suboptions:
      proxy_basic_auth:
        description:
          - Colon-separated user name and password for the proxy.
          - Can also be specified via the E(K8S_AUTH_PROXY_HEADERS_PROXY_BASIC_AUTH) environment variable.
        type: str
      basic_auth:
        description:
          - Colon-separated user name and password for basic authentication.
          - Can also be specified via the E(K8S_AUTH_PROXY_HEADERS_BASIC_AUTH) environment variable.
        type: str
      user_agent:
        description:
          - The user agent, for example C(debug/1.0).
          - Can also be specified via the E(K8S_AUTH_PROXY_HEADERS_USER_AGENT) environment variable.
        type: str
  persist_config:
    description:
      - Whether tokens that a kubeconfig's authentication renews are saved to that file.
      - Can also be specified via the E(K8S_AUTH_PERSIST_CONFIG) environment variable.
    type: bool
  impersonate_user:
    description:
      - The user to act as. The account that authenticates needs the right to V(impersonate) it.
      - A kubeconfig's own C(as) is not followed, as in C(kubernetes.core); a warning says so.
      - Can also be specified via the E(K8S_AUTH_IMPERSONATE_USER) environment variable.
    type: str
  impersonate_groups:
    description:
      - The groups to act as a member of, together with O(impersonate_user).
      - Can also be specified via the E(K8S_AUTH_IMPERSONATE_GROUPS) environment variable, separated by commas.
    type: list
    elements: str
  request_timeout:
    description:
      - Seconds that one request to the API server may take.
    type: float
    default: 30.0
notes:
  - A module option wins over its environment variable. As in M(kubernetes.core.k8s), O(host) with credentials wins over O(kubeconfig) and
    O(context), also where they come from the environment, as in AWX.
  - With C(-vvv), Ansible prints what a task's C(environment) holds. Set secret variables for the whole of Ansible, as AWX does, or give secrets as options,
    which are never printed.
requirements:
  - python >= 3.10
  - kubernetes >= 24.2.0, but neither 36.0.0 nor 36.0.1 (they send no bearer tokens)
  - PyYAML, which kubernetes brings
"""
