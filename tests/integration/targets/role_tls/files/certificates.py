# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Prints certificates with their keys as JSON: good ones, and such as one meets when it is too late."""

from __future__ import annotations

import datetime
import json

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

NOW = datetime.datetime.now(datetime.timezone.utc)
Issuer = tuple[x509.Name, ec.EllipticCurvePrivateKey]


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def certificate(subject: str, days: float, names: list[str], issuer: Issuer | None = None) -> tuple[bytes, bytes, Issuer]:
    """(certificate, key, what it needs to issue others). Without names it is an authority's, without issuer it is self-signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    own = (name(subject), key)
    builder = (
        x509.CertificateBuilder()
        .subject_name(own[0])
        .issuer_name((issuer or own)[0])
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - datetime.timedelta(days=90))
        .not_valid_after(NOW + datetime.timedelta(days=days, hours=1))
        .add_extension(x509.BasicConstraints(ca=not names, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), critical=False)
    made = builder.sign((issuer or own)[1], hashes.SHA256())
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return made.public_bytes(serialization.Encoding.PEM), key.private_bytes(*plain), own


root, _root_key, issuer = certificate("Test CA", 365, [])
between, _between_key, second = certificate("Test Intermediate", 200, [], issuer)
old, _old_key, expired = certificate("Old Intermediate", -10.5, [], issuer)
made = {
    "expired": certificate("old.test", -2.5, ["old.test"])[:2],
    "good": certificate("cart.test", 80, ["cart.test", "*.shop.test"], second)[:2],
    "soon": certificate("cart.test", 5, ["cart.test"], issuer)[:2],
    "above": certificate("cart.test", 80, ["cart.test"], expired)[:2],
    "hostile": certificate("a\x1b[2J", 80, ["x\n\x1b[2Jsubject=CN=cart.test", "{{ 1 + 1 }}"])[:2],
}
more = {"good": between, "above": old}
files = {key: (chain + more.get(key, b"") + private).decode() for key, (chain, private) in made.items()}
files["alone"] = b"".join(made["good"]).decode()
print(json.dumps({"files": files, "ca": root.decode()}))
