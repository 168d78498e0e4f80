"""Pictures that declare their origin, signed by a certificate of the tests' own."""

from __future__ import annotations

import io
import json
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import c2pa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from PIL import Image

VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"
SINCE = datetime(2026, 1, 1)  # noqa: DTZ001  # certificates hold no zone
UNTIL = SINCE + timedelta(days=3650)
MIME = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


def picture(form: str = "JPEG", colour: str = "teal", **options: Any) -> bytes:
    """A plain picture."""
    file = io.BytesIO()
    Image.new("RGB", (320, 240), colour).save(file, form, **options)
    return file.getvalue()


def signed(source_type: str, form: str = "JPEG") -> bytes:
    """A picture whose manifest says how it was made."""
    action = {"action": "c2pa.created", "digitalSourceType": VOCABULARY + source_type, "softwareAgent": "A model"}
    manifest = {
        "claim_generator_info": [{"name": "a_test", "version": "1"}],
        "assertions": [{"label": "c2pa.actions", "data": {"actions": [action]}}],
    }
    made = io.BytesIO()
    chain, key = signer()
    facts = c2pa.C2paSignerInfo(alg=b"es256", sign_cert=chain, private_key=key, ta_url=None)
    with c2pa.Signer.from_info(facts) as signing, c2pa.Builder(json.dumps(manifest)) as builder:
        builder.sign(signing, MIME[form], io.BytesIO(picture(form)), made)
    return made.getvalue()


def with_packet(source_type: str) -> bytes:
    """A picture that says the same in its XMP packet only."""
    packet = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><d Iptc4xmpExt:DigitalSourceType="{VOCABULARY}{source_type}"/></x:xmpmeta>'
    return picture(xmp=packet.encode())


@cache
def signer() -> tuple[bytes, bytes]:
    """A certificate chain and the key of its end, in PEM."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = certificate("Root", "Root", root_key.public_key(), root_key, is_root=True)
    leaf = certificate("Signer", "Root", key.public_key(), root_key, is_root=False)
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return leaf.public_bytes(pem) + root.public_bytes(pem), private


def certificate(
    name: str, issuer: str, public: ec.EllipticCurvePublicKey, by: ec.EllipticCurvePrivateKey, *, is_root: bool
) -> x509.Certificate:  # fmt: skip
    """One certificate with what the standard asks of signers."""
    uses = {"digital_signature": not is_root, "key_cert_sign": is_root, "crl_sign": is_root} | dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"), False
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(issuer))
        .public_key(public)
        .serial_number(1 if is_root else 2)
        .not_valid_before(SINCE)
        .not_valid_after(UNTIL)
        .add_extension(x509.BasicConstraints(is_root, None), critical=True)
        .add_extension(x509.KeyUsage(**uses), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
    )
    if not is_root:
        made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
    return made.sign(by, hashes.SHA256())


def named(name: str) -> x509.Name:
    """A distinguished name."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Test")])
