# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Prints the keys of a Secret: a key and its certificate for 127.0.0.1, the certificate of who has issued it, and that of another one."""

import json

import trustme

authority, other = trustme.CA(), trustme.CA()
server = authority.issue_cert("127.0.0.1")
certificates = {
    "server.pem": server.private_key_and_cert_chain_pem,
    "ca.pem": authority.cert_pem,
    "other.pem": other.cert_pem,
}
print(json.dumps({name: blob.bytes().decode() for name, blob in certificates.items()}))
