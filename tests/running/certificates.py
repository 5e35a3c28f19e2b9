"""Authorities and certificates that are good for a test."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Self

import grpc
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

HERE = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
SIGNS = x509.KeyUsage(
    digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
    key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate with its private key."""

    public: x509.Certificate
    private: ec.EllipticCurvePrivateKey

    @property
    def certificate(self) -> bytes:
        return self.public.public_bytes(Encoding.PEM)

    @property
    def key(self) -> bytes:
        return self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def write(self, folder: Path, name: str) -> tuple[Path, Path]:
        """As files; of certificate and key."""
        paths = folder / f"{name}.pem", folder / f"{name}.key"
        for path, content in zip(paths, (self.certificate, self.key), strict=True):
            path.write_bytes(content)
        return paths


@dataclass(frozen=True, slots=True)
class Authority:
    """Who signs certificates."""

    root: Certificate

    @classmethod
    def make(cls, name: str = "authority") -> Self:
        return cls(_signed(name, None))

    def issue(self, name: str, *, days: float = 1) -> Certificate:
        """For a server or a client; in the past with negative days."""
        return _signed(name, self.root, days=days)

    def trusted(self, client: Certificate | None = None) -> grpc.ChannelCredentials:
        """For a client that trusts this authority, and may show a certificate of its own."""
        return grpc.ssl_channel_credentials(
            self.root.certificate, client.key if client else None, client.certificate if client else None
        )


def _signed(name: str, issuer: Certificate | None, *, days: float = 1) -> Certificate:
    private, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.public.subject if issuer else subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(HERE, critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False)
    )
    # Without these Python 3.13 and later believe no certificate.
    if issuer is None:
        return Certificate(builder.add_extension(SIGNS, critical=True).sign(private, SHA256()), private)
    theirs = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.private.public_key())
    return Certificate(builder.add_extension(theirs, critical=False).sign(issuer.private, SHA256()), private)
