# Copyright (c) 2026 The kubedebug.pods authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""What openssl s_client says of a server's TLS: who it is, until when, who vouches for it, and what is wrong. Pure.

Source of the numbers: X509_V_ERR_* of include/openssl/x509_vfy.h.
"""

from __future__ import annotations

import datetime
import re
import typing as t

from ._debug_parts import SHOWN, Answer, Parts, count, more

if t.TYPE_CHECKING:
    from ._debug_frames import Part

_SELF_SIGNED, _EXPIRED, _NOT_YET = "18", "10", "9"
_WRONG_NAME = ("62", "63", "64")
_UNTRUSTED_ROOT, _UNKNOWN_ISSUER = "19", ("2", "20", "21")
#: What was told by other means than the number: the dates are the certificates' own.
_TOLD = {_SELF_SIGNED, _EXPIRED, _NOT_YET, *_WRONG_NAME, _UNTRUSTED_ROOT, *_UNKNOWN_ISSUER}
_OLD = ("SSLv3", "TLSv1.0", "TLSv1", "TLSv1.1")
_DAY = 86400
#: What the tool says where there is no TLS, and what that means; the first that fits.
_FAILURES = (
    (r"Name or service not known|No address associated|name resolution|bad address", "cannot be resolved"),
    (r"Connection refused", "refuses the connection"),
    (r"No route to host|Host is unreachable", "cannot be reached (no route to host)"),
    (r"Network(?: is)? unreachable", "cannot be reached (network unreachable)"),
    (r"Connection timed out|Operation timed out", "does not answer in time"),
    (r"wrong version number|packet length too long|record layer failure|http request", "does not speak TLS there: what it says is plain text"),
    (r"alert certificate required|peer did not return a certificate", "wants a client certificate"),
    (r"unsupported protocol|alert protocol version|no protocols available", "and this openssl have no version of TLS in common"),
    (r"alert handshake failure|no shared cipher|no ciphers available", "refuses the handshake (no cipher in common, or it wants a client certificate)"),
    (r"alert unrecognized name|unrecognized_name", "does not know the name"),
    (r"alert ([a-z ]+):", "refuses the handshake ({})"),
    (r"Connection reset", "resets the connection"),
    (r"unexpected eof|errno=0|write:errno|read:errno", "closes the connection before TLS is set up"),
    (r"unknown option|Value must be one of|Use -help|starttls", "could not be asked, because openssl does not know what was given"),
)


def tls(parts: Parts, arguments: t.Sequence[str]) -> Answer:
    """Which certificate is served, and whether it can be trusted. ``arguments`` are those of files/tls.sh."""
    few, given = int(arguments[0]), arguments[4:]
    clock = int(parts.text("clock") or 0)
    trust = next(iter(parts.all("trust")), None)
    if trust and trust.code:
        return Answer("", ["debug_tls_ca holds no certificate that openssl can read, so nothing was asked"], {"endpoints": []})
    ends = [_end(parts, str(index), to, clock) for index, to in enumerate(given)]
    problems: list[str] = []
    bad = 0
    for end in ends:
        words = _words(end, few)
        if words:
            bad += 1
            problems.append(f"{end['to']}{' ' if end['error'] else ': '}{', '.join(words)}")
    if len(ends) == 1:
        return Answer("" if bad else _well(ends[0]), problems, {"endpoints": ends})
    return Answer(f"{len(ends) - bad} of {count(len(ends), 'endpoint')} are well", problems, {"endpoints": ends})


def _end(parts: Parts, index: str, to: str, clock: int) -> dict[str, t.Any]:
    def of(name: str) -> list[Part]:
        return [part for part in parts.all(name) if part.title[1] == index]

    tried = next(iter(of("tls")), None)
    chain = [_certificate(part, names, clock) for part, names in zip(of("certificate"), of("names"), strict=False) if part.code == 0]
    text = "\n".join(tried.lines) if tried else ""
    session = re.search(r"^New, (\S+), Cipher is (\S+)$", text, re.MULTILINE)
    took = next((part.title for part in of("took")), ())
    end: dict[str, t.Any] = {
        "to": to,
        "name": tried.title[2] if tried else None,
        "protocol": session.group(1) if session and session.group(1) != "(NONE)" else None,
        "cipher": session.group(2) if session and session.group(2) != "(NONE)" else None,
        "verification": dict(re.findall(r"^verify error:num=(\d+):(.*)$", text, re.MULTILINE)),
        "trusted": None,
        "asks_client_certificate": bool(
            re.search(r"^Acceptable client certificate CA names|^Client Certificate Types|alert certificate required", text, re.MULTILINE)
        ),
        "chain": chain,
        "seconds": round(float(took[3]) - float(took[2]), 2) if len(took) == 4 else None,
        "error": None,
    }
    if chain:
        end["trusted"] = not end["verification"]
    elif tried is None:
        end["error"] = "is neither HOST:PORT nor HOST:PORT/NAME" if of("invalid") else "was not tried"
    else:
        end["error"] = _failure(tried, text)
    return end


def _certificate(part: Part, names: Part, clock: int) -> dict[str, t.Any]:
    said = dict(line.partition("=")[::2] for line in reversed(part.lines))
    after = _seconds(said.get("notAfter", ""))
    fingerprint = next((value for key, value in said.items() if key.lower().endswith("fingerprint")), "")
    return {
        "subject": said.get("subject", "").strip(),
        "issuer": said.get("issuer", "").strip(),
        "serial": said.get("serial", ""),
        "not_before": said.get("notBefore", ""),
        "not_after": said.get("notAfter", ""),
        "days_left": None if after is None else (after - clock) // _DAY,
        "names": [one.strip() for line in names.lines[1:] for one in line.split(", ") if one.strip()] if names.code == 0 else [],
        "sha256": fingerprint.replace(":", "").lower(),
    }


def _seconds(date: str) -> int | None:
    """A date of ``openssl x509 -dateopt iso_8601``, or as it is without that, in seconds since 1970."""
    for form in ("%Y-%m-%d %H:%M:%SZ", "%b %d %H:%M:%S %Y GMT"):
        try:
            return int(datetime.datetime.strptime(date.strip(), form).replace(tzinfo=datetime.timezone.utc).timestamp())
        except ValueError:
            continue
    return None


def _failure(tried: Part, text: str) -> str:
    if tried.code in (124, 137, 143):
        return "does not answer in time, or does not speak TLS there"
    for pattern, words in _FAILURES:
        found = re.search(pattern, text)
        if found:
            return words.format(*found.groups())
    return f"does not set up TLS: {tried.lines[0] if tried.lines else f'exit code {tried.code}'}"


def _words(end: t.Mapping[str, t.Any], few: int) -> list[str]:
    """What is wrong with an end, in few words each."""
    if end["error"]:
        return [end["error"]]
    verification, leaf = end["verification"], end["chain"][0]
    words = []
    if _SELF_SIGNED in verification:
        words.append("self-signed")
    elif _UNTRUSTED_ROOT in verification:
        words.append(f"its authority {end['chain'][-1]['subject']} is not trusted here")
    elif any(number in verification for number in _UNKNOWN_ISSUER):
        words.append(f"its issuer {end['chain'][-1]['issuer']} is neither sent nor trusted here")
    words += _dates(leaf, few, "")
    if _NOT_YET in verification and not any(word.startswith("expired") for word in words):
        words.append(f"not valid before {leaf['not_before']}")
    for above in end["chain"][1:]:
        if above["subject"] != leaf["subject"]:
            words += _dates(above, few, f"the certificate of its issuer {above['subject']} ")
    if any(number in verification for number in _WRONG_NAME):
        listed = ", ".join(leaf["names"][:SHOWN]) + more(leaf["names"])
        words.append(f"not made for {end['name']} (made for {listed or leaf['subject']})")
    words += [text for number, text in verification.items() if number not in _TOLD]
    if end["protocol"] in _OLD:
        words.append(f"speaks no newer version than {end['protocol']}")
    return words


def _dates(certificate: t.Mapping[str, t.Any], few: int, whose: str) -> list[str]:
    left = certificate["days_left"]
    if left is None or left > few:
        return []
    if left >= 0:
        return [f"{whose}expires in {count(left, 'day')}"]
    return [f"{whose}expired {count(-left - 1, 'day')} ago" if left < -1 else f"{whose}expired less than a day ago"]


def _well(end: t.Mapping[str, t.Any]) -> str:
    leaf = end["chain"][0]
    return f"{end['to']} is well: {leaf['subject']} by {leaf['issuer']}, {count(leaf['days_left'], 'day')} left, {end['protocol']}"
