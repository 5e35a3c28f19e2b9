"""The certificates of the server, and whose clients' certificates it accepts."""

import ssl
import threading
from dataclasses import dataclass
from pathlib import Path

import grpc
import structlog

log = structlog.get_logger("server")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """PEM files. They are read again when they change, so that certificates are renewed while the server runs."""

    certificate: Path
    """With the chain up to, and without, the root that clients trust."""
    key: Path
    client_ca: Path | None = None
    """With it every client needs a certificate of this authority (mutual TLS)."""

    def credentials(self) -> grpc.ServerCredentials:
        """For gRPC. Raises ValueError for files that cannot be used."""
        follower = Follower(self)
        return grpc.dynamic_ssl_server_credentials(
            follower.configuration,
            follower.changed,  # type: ignore[arg-type] # None keeps the configuration, which the stub does not know
            require_client_authentication=self.client_ca is not None,
        )

    def stamp(self) -> tuple[tuple[int, int, int], ...]:
        """Changes when a file does. Raises OSError."""
        files = [path.stat() for path in self._paths()]
        return tuple((file.st_mtime_ns, file.st_ino, file.st_size) for file in files)

    def read(self) -> grpc.ServerCertificateConfiguration:
        """The files as they are. Raises ValueError, which names them and says what is wrong."""
        try:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            # gRPC takes any bytes and fails later, call by call: OpenSSL says at once what does not fit.
            context.load_cert_chain(self.certificate, self.key)
            if self.client_ca is not None:
                context.load_verify_locations(self.client_ca)
            pair = (self.key.read_bytes(), self.certificate.read_bytes())
            roots = None if self.client_ca is None else self.client_ca.read_bytes()
        except OSError as error:
            raise ValueError(f"{', '.join(map(str, self._paths()))}: cannot be used for TLS: {error}") from error
        return grpc.ssl_server_certificate_configuration([pair], root_certificates=roots)

    def _paths(self) -> list[Path]:
        return [path for path in (self.certificate, self.key, self.client_ca) if path is not None]


class Follower:
    """What gRPC asks at every handshake."""

    def __init__(self, tls: Tls) -> None:
        """Raises ValueError."""
        self._tls = tls
        self._lock = threading.Lock()
        self.configuration = tls.read()
        self._stamp = tls.stamp()

    def changed(self) -> grpc.ServerCertificateConfiguration | None:
        """The files if they changed; None keeps what was read before, also while the new ones do not fit together."""
        try:
            stamp = self._tls.stamp()
            with self._lock:
                if stamp == self._stamp:
                    return None
                self._stamp = stamp
            fresh = self._tls.read()
        except (OSError, ValueError) as error:
            log.warning("certificates kept", error=str(error))
            return None
        log.info("certificates read again")
        return fresh
