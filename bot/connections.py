"""What the environment says about connections, as httpx reads it: proxies and certificates."""

import ipaddress
import ssl
from collections.abc import Mapping, MutableMapping
from urllib.parse import urlsplit
from urllib.request import getproxies_environment

_PROXIES = ("http", "https", "all")


def check_proxies(environment: Mapping[str, str]) -> None:
    """Raises ValueError, which names the variable that no connection can be made with."""
    proxies = getproxies_environment()
    if "*" in map(str.strip, proxies.get("no", "").split(",")):
        return
    for name in _PROXIES:
        if (address := proxies.get(name)) and not _is_proxy(address):
            spelled = f"{name}_proxy"
            variable = spelled if environment.get(spelled) else spelled.upper()
            raise ValueError(
                f"{variable}: must be an address that begins with http:// or socks5://; for "
                f"example {variable}=socks5://127.0.0.1:1080"
            )


def check_certificates(environment: Mapping[str, str]) -> None:
    """Raises ValueError where SSL_CERT_FILE names none."""
    certificates = environment.get("SSL_CERT_FILE")
    if not certificates:
        return
    try:
        ssl.create_default_context(cafile=certificates)
    except OSError as error:
        reason = "no certificate in it" if isinstance(error, ssl.SSLError) else error.strerror
        raise ValueError(
            f"SSL_CERT_FILE: {certificates} cannot be used ({reason}): name a file of "
            "certificates, or leave it out"
        ) from None


def forget_exemptions(environment: MutableMapping[str, str]) -> None:
    """Take out of NO_PROXY what httpx breaks off at, such as ranges of IPv6; no host is one."""
    for name in ("no_proxy", "NO_PROXY"):
        if hosts := environment.get(name):
            kept = filter(_can_be_exempted, map(str.strip, hosts.split(",")))
            environment[name] = ",".join(kept)


def with_scheme(proxy: str) -> str:
    """The address of a proxy: one without a scheme counts as http, as everywhere."""
    return proxy if "://" in proxy else f"http://{proxy}"


def _is_proxy(address: str) -> bool:
    import httpx

    address = with_scheme(address)
    try:
        host, port = httpx.Proxy(address).url.host, urlsplit(address).port
    except (ValueError, httpx.InvalidURL):
        return False
    return bool(host) and port != 0


def _can_be_exempted(host: str) -> bool:
    import httpx

    try:
        httpx.URL(_pattern(host))
    except httpx.InvalidURL:
        return False
    return True


def _pattern(host: str) -> str:
    """What httpx makes of a host in NO_PROXY (httpx._utils.get_environment_proxies)."""
    if "://" in host:
        return host
    try:
        address = ipaddress.ip_address(host.split("/")[0])
    except ValueError:
        return f"all://{host}" if host.lower() == "localhost" else f"all://*{host}"
    return f"all://[{host}]" if address.version == 6 else f"all://{host}"
