"""TLS settings → an SSL context, made anew when a file that it was made from changes."""

from __future__ import annotations

import ssl
import tempfile
from pathlib import Path

from watchkeeper.base.configuration.secret import Secret
from watchkeeper.base.http.config import TLSConfig, tls_version
from watchkeeper.base.http.failure import HTTPFailure
from watchkeeper.base.http.files import stamp


class TLS:
    """The SSL context of a configuration."""

    __slots__ = ("_config", "_context", "_files", "_stamps")

    def __init__(self, config: TLSConfig) -> None:
        self._config = config
        self._files = [file for file in (config.ca_file, config.cert_file, config.key_file) if file is not None]
        self._stamps: list[object] | None = None
        self._context: ssl.SSLContext | None = None

    def context(self) -> ssl.SSLContext:
        """The context for a connection made now. Raises HTTPFailure where a certificate or key cannot be used."""
        stamps: list[object] = [stamp(file) for file in self._files]
        if self._context is None or stamps != self._stamps:
            self._context = _context(self._config)
            self._stamps = stamps
        return self._context


def _context(config: TLSConfig) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if config.insecure_skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    try:
        if config.ca or config.ca_file:
            context = _trusting_only(config, context)
        if config.cert or config.cert_file:
            _show_certificate(config, context)
    except (OSError, ValueError) as error:
        raise HTTPFailure(f"the TLS settings cannot be used: {_named(config)}: {error}", retryable=False) from error
    _bound_versions(config, context)
    return context


def _trusting_only(config: TLSConfig, verifying: ssl.SSLContext) -> ssl.SSLContext:
    """A context that trusts the configured authorities and no others."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = verifying.check_hostname
    context.verify_mode = verifying.verify_mode
    context.load_verify_locations(cafile=config.ca_file, cadata=config.ca or None)
    return context


def _show_certificate(config: TLSConfig, context: ssl.SSLContext) -> None:
    # OpenSSL takes certificates and keys from files only.
    with tempfile.TemporaryDirectory(prefix="watchkeeper-tls-") as folder:
        cert = _file(config.cert, config.cert_file, Path(folder) / "cert.pem")
        key = _file(config.key, config.key_file, Path(folder) / "key.pem")
        context.load_cert_chain(cert, key)


def _file(text: str | Secret, file: Path | None, otherwise: Path) -> Path:
    if file is not None:
        return file
    otherwise.touch(mode=0o600)
    otherwise.write_text(text.reveal() if isinstance(text, Secret) else text, encoding="utf-8")
    return otherwise


def _bound_versions(config: TLSConfig, context: ssl.SSLContext) -> None:
    minimum = tls_version(config.min_version or "TLS12")
    if minimum < ssl.TLSVersion.TLSv1_2:
        context.set_ciphers("DEFAULT@SECLEVEL=0")  # OpenSSL's own level forbids what was asked for
    context.minimum_version = minimum
    if config.max_version is not None:
        context.maximum_version = tls_version(config.max_version)


def _named(config: TLSConfig) -> str:
    files = [str(file) for file in (config.ca_file, config.cert_file, config.key_file) if file is not None]
    return ", ".join(files) or "the certificates in the configuration"
