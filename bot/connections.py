"""What the environment says about connections, as httpx reads it: proxies and certificates."""

import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit

_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_SCHEMES = ("http", "https", "socks5", "socks5h")


def check(environment: Mapping[str, str]) -> None:
    """Raises ValueError, which names the variable that no connection can be made with."""
    exempted = f"{environment.get('no_proxy', '')},{environment.get('NO_PROXY', '')}".split(",")
    names = () if "*" in map(str.strip, exempted) else _PROXIES
    for name in names:
        for spelled in (name, name.upper()):
            if (address := environment.get(spelled)) and not _is_proxy(address):
                raise ValueError(
                    f"{spelled}: must be an address that begins with http:// or socks5://; for "
                    f"example {spelled}=socks5://127.0.0.1:1080"
                )
    if certificates := environment.get("SSL_CERT_FILE"):
        try:
            ssl.create_default_context(cafile=certificates)
        except OSError as error:
            reason = "no certificate in it" if isinstance(error, ssl.SSLError) else error.strerror
            raise ValueError(
                f"SSL_CERT_FILE: {certificates} cannot be used ({reason}): name a file of "
                "certificates, or leave it out"
            ) from None


def _is_proxy(address: str) -> bool:
    """An address without a scheme counts as http, as everywhere."""
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        return parts.scheme in _SCHEMES and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False
