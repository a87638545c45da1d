"""What a server can be told of who may call it, for how much, and where it tells how it goes."""

from dataclasses import dataclass, fields

from render.errors import require


@dataclass(frozen=True)
class TlsConfig:
    """Files in PEM; they are read again when they change, so that a certificate is renewed without a restart."""

    certificate: str
    """The server's, followed by those between it and its CA."""
    key: str
    """Of the certificate, without a passphrase."""
    client_ca: str | None = None
    """Whoever calls needs a certificate signed by one of these; without it, anybody may connect."""


@dataclass(frozen=True)
class SecurityConfig:
    """Who may call."""

    tls: TlsConfig | None = None
    tokens: str | None = None
    """Of `server/tokens.py`: every call needs one of them; without it, none."""
    insecure: bool = False
    """Listen beyond this machine though without TLS: everything can be read and changed on its way."""

    @property
    def knows_callers(self) -> bool:
        """Whether it is known who calls, and not only from where."""
        return self.tokens is not None or (self.tls is not None and self.tls.client_ca is not None)


@dataclass(frozen=True)
class PrincipalConfig:
    """The share of one caller: who has a token, a client certificate, or else all at one address."""

    max_requests: int = 16
    """On their way at a time, from the header to the end."""
    requests_per_minute: int = 120
    """As many may come at once after a minute without any."""
    bytes_per_minute: int = 4 * 10**9
    """Of photos and masks, as announced; likewise."""
    max_photos: int = 1000
    """Of one request."""
    max_downloads: int = 32
    """Calls at a time that wait for a scene or images, or are sent them."""
    download_bytes_per_minute: int = 8 * 10**9
    """Of results and images. What is sent beyond is owed: it has to flow in before another download begins."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            require(value >= 1, field.name, value, "1 or more")


@dataclass(frozen=True)
class MetricsConfig:
    """Where Prometheus finds the metrics. They are neither encrypted nor asked a token for."""

    host: str = "127.0.0.1"
    port: int = 9464
    """0: any that is free."""

    def __post_init__(self) -> None:
        require(0 <= self.port < 2**16, "metrics port", self.port, "0 to 65535")
