"""The HTTP client over loopback."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import ssl
from collections.abc import AsyncGenerator, Callable

import pytest
from aiohttp import web

from watchkeeper.base.configuration import Secret
from watchkeeper.base.http import HTTPClient, HTTPClientConfig, HTTPFailure, TLSConfig, shown_url
from watchkeeper.base.http.config import Authorization, BasicAuth, Header, OAuth2

Make = Callable[..., HTTPClient]


@pytest.fixture
async def make(clock) -> AsyncGenerator[Make]:
    made: list[HTTPClient] = []

    def client(config: HTTPClientConfig | None = None, **options) -> HTTPClient:
        made.append(HTTPClient(config or HTTPClientConfig(), clock, **options))
        return made[-1]

    yield client
    for one in made:
        await one.close()


async def echo(request: web.Request) -> web.Response:
    """Answers with the request's headers."""
    return web.json_response(dict(request.headers))


async def sent(client: HTTPClient, url: str) -> str | None:
    """The Authorization header that the server got."""
    answer = await client.request("GET", url)
    return json.loads(answer.body).get("Authorization")


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


async def test_an_answer_is_whole_and_unpacked(serve, make):
    async def packed(request: web.Request) -> web.Response:
        return web.Response(body=gzip.compress(b"hello"), headers={"Content-Encoding": "gzip"}, status=418)

    answer = await make().request("GET", await serve(packed))
    assert (answer.status, answer.body) == (418, b"hello")


async def test_basic_authentication_in_the_configuration_and_from_files(serve, make, tmp_path):
    url = await serve(echo)
    config = HTTPClientConfig(basic_auth=BasicAuth(username="alice", password=Secret("s:é")))
    assert await sent(make(config), url) == basic("alice:s:é")
    (tmp_path / "user").write_text("bob\n")
    (tmp_path / "password").write_text(" old \n")
    auth = BasicAuth(username_file=tmp_path / "user", password_file=tmp_path / "password")
    client = make(HTTPClientConfig(basic_auth=auth))
    assert await sent(client, url) == basic("bob:old")
    (tmp_path / "password").write_text("brand new")
    assert await sent(client, url) == basic("bob:brand new")


async def test_bearer_tokens_and_other_credentials(serve, make, tmp_path):
    url = await serve(echo)
    assert await sent(make(HTTPClientConfig(bearer_token=Secret("t"))), url) == "Bearer t"
    (tmp_path / "token").write_text("f\n")
    assert await sent(make(HTTPClientConfig(bearer_token_file=tmp_path / "token")), url) == "Bearer f"
    config = HTTPClientConfig(authorization=Authorization(type=" Token ", credentials=Secret("x")))
    assert await sent(make(config), url) == "Token x"


async def test_credentials_in_the_url_give_way_to_the_configuration(serve, make):
    url = (await serve(echo)).replace("://", "://u:p@")
    assert await sent(make(), url) == basic("u:p")
    assert await sent(make(HTTPClientConfig(bearer_token=Secret("t"))), url) == "Bearer t"


async def test_a_secret_file_that_is_missing_is_named(serve, make, tmp_path):
    client = make(HTTPClientConfig(bearer_token_file=tmp_path / "token"))
    with pytest.raises(HTTPFailure, match=f"{tmp_path / 'token'} cannot be read"):
        await client.request("GET", await serve(echo))


async def test_headers_come_from_values_secrets_and_files(serve, make, tmp_path):
    (tmp_path / "h").write_text("c\n")
    seen: list[list[str]] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request.headers.getall("X-A"))
        return web.Response()

    header = Header(values=("a",), secrets=(Secret("b"),), files=(tmp_path / "h",))
    await make(HTTPClientConfig(http_headers={"X-A": header})).request("GET", await serve(handler))
    assert seen == [["a", "b", "c"]]


async def test_redirects_are_followed_unless_it_is_forbidden(serve, make):
    async def handler(request: web.Request) -> web.Response:
        if request.path == "/from":
            raise web.HTTPFound("/to")
        return web.Response(text="arrived")

    url = await serve(handler)
    assert (await make().request("GET", f"{url}/from")).body == b"arrived"
    config = HTTPClientConfig(follow_redirects=False)
    assert (await make(config).request("GET", f"{url}/from")).status == 302


async def test_credentials_do_not_follow_a_redirect_to_another_server(serve, make):
    other = await serve(echo)

    async def handler(request: web.Request) -> web.Response:
        raise web.HTTPFound(other)

    config = HTTPClientConfig(bearer_token=Secret("t"))
    assert await sent(make(config), await serve(handler)) is None


async def test_a_slow_server_times_out(serve, make):
    async def handler(request: web.Request) -> web.Response:
        await asyncio.sleep(60)
        return web.Response()

    with pytest.raises(HTTPFailure, match="timed out") as caught:
        await make().request("GET", await serve(handler), timeout_s=0.05)
    assert caught.value.retryable


async def test_a_long_answer_is_refused_also_when_it_is_packed(serve, make):
    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=gzip.compress(bytes(10_000_000)), headers={"Content-Encoding": "gzip"})

    with pytest.raises(HTTPFailure, match="longer than 1000 bytes") as caught:
        await make(body_limit_bytes=1000).request("GET", await serve(handler))
    assert not caught.value.retryable


async def test_a_failure_names_the_url_without_its_secrets(make):
    with pytest.raises(HTTPFailure) as caught:
        await make().request("GET", "http://alice:hush@127.0.0.1:1/x?token=hush&a=b")
    assert "hush" not in str(caught.value)
    assert "127.0.0.1:1/x" in str(caught.value)
    assert "a=b" in str(caught.value)


@pytest.mark.parametrize("url", ["ftp://h/x", "h:1", "http://", "http://h:x/"])
async def test_what_is_no_url_is_a_failure(make, url):
    with pytest.raises(HTTPFailure) as caught:
        await make().request("GET", url)
    assert not caught.value.retryable


def test_a_url_is_shown_without_secrets():
    assert shown_url("http://u:p@h/x?api_key=1&q=2") == "http://u:xxxxx@h/x?api_key=%3Csecret%3E&q=2"
    assert shown_url("http://h/x?q=2") == "http://h/x?q=2"


async def test_the_authority_of_the_configuration_is_trusted_and_no_other(serve, make, certificates):
    url = await serve(echo, certificates.server())
    tls = TLSConfig(ca_file=certificates.ca_file)
    assert (await make(HTTPClientConfig(tls_config=tls)).request("GET", url)).status == 200
    inline = TLSConfig(ca=certificates.ca_file.read_text())
    assert (await make(HTTPClientConfig(tls_config=inline)).request("GET", url)).status == 200
    with pytest.raises(HTTPFailure, match="certificate verify failed"):
        await make().request("GET", url)
    skip = TLSConfig(insecure_skip_verify=True)
    assert (await make(HTTPClientConfig(tls_config=skip)).request("GET", url)).status == 200


async def test_the_server_name_is_what_the_certificate_is_held_against(serve, make, certificates):
    url = await serve(echo, certificates.server())
    good = TLSConfig(ca_file=certificates.ca_file, server_name="target.example.org")
    assert (await make(HTTPClientConfig(tls_config=good)).request("GET", url)).status == 200
    bad = TLSConfig(ca_file=certificates.ca_file, server_name="other.example.org")
    with pytest.raises(HTTPFailure, match=r"other\.example\.org"):
        await make(HTTPClientConfig(tls_config=bad)).request("GET", url)


async def test_a_client_shows_its_certificate(serve, make, certificates):
    url = await serve(echo, certificates.server(asks_for_client=True))
    files = TLSConfig(ca_file=certificates.ca_file, cert_file=certificates.cert_file, key_file=certificates.key_file)
    assert (await make(HTTPClientConfig(tls_config=files)).request("GET", url)).status == 200
    inline = TLSConfig(
        ca_file=certificates.ca_file,
        cert=certificates.cert_file.read_text(),
        key=Secret(certificates.key_file.read_text()),
    )
    assert (await make(HTTPClientConfig(tls_config=inline)).request("GET", url)).status == 200
    with pytest.raises(HTTPFailure):
        await make(HTTPClientConfig(tls_config=TLSConfig(ca_file=certificates.ca_file))).request("GET", url)


async def test_a_changed_certificate_file_is_read_again(serve, make, certificates, tmp_path):
    url = await serve(echo, certificates.server())
    path = tmp_path / "ca.pem"
    path.write_text("not a certificate")
    client = make(HTTPClientConfig(tls_config=TLSConfig(ca_file=path)))
    with pytest.raises(HTTPFailure, match=str(path)):
        await client.request("GET", url)
    path.write_text(certificates.ca_file.read_text())
    assert (await client.request("GET", url)).status == 200


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_tls_versions_have_bounds(serve, make, certificates):
    context = certificates.server()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    url = await serve(echo, context)
    tls = TLSConfig(ca_file=certificates.ca_file, min_version="TLS13")
    with pytest.raises(HTTPFailure):
        await make(HTTPClientConfig(tls_config=tls)).request("GET", url)
    older = TLSConfig(ca_file=certificates.ca_file, min_version="TLS10", max_version="TLS12")
    assert (await make(HTTPClientConfig(tls_config=older)).request("GET", url)).status == 200


async def test_a_request_goes_through_the_proxy(serve, make):
    seen: list[str] = []

    async def proxy(request: web.Request) -> web.Response:
        seen.append(request.raw_path)
        return web.Response(text="by proxy")

    config = HTTPClientConfig(proxy_url=await serve(proxy))
    assert (await make(config).request("GET", "http://target.example.org/metrics")).body == b"by proxy"
    assert seen == ["http://target.example.org/metrics"]


async def test_a_token_is_fetched_once_and_again_when_it_expires(serve, make, clock, tmp_path):
    asked: list[tuple[str | None, dict[str, object]]] = []

    async def tokens(request: web.Request) -> web.Response:
        asked.append((request.headers.get("Authorization"), dict(await request.post())))
        return web.json_response({"access_token": f"t{len(asked)}", "token_type": "bearer", "expires_in": 60})

    (tmp_path / "secret").write_text("hush\n")
    oauth2 = OAuth2(
        client_id="id",
        client_secret_file=tmp_path / "secret",
        token_url=await serve(tokens),
        scopes=("a", "b"),
        endpoint_params={"audience": "x"},
    )
    client, url = make(HTTPClientConfig(oauth2=oauth2)), await serve(echo)
    assert [await sent(client, url) for _ in range(3)] == ["Bearer t1"] * 3
    form = {"grant_type": "client_credentials", "scope": "a b", "audience": "x"}
    assert asked == [(basic("id:hush"), form)]
    clock.now_s += 51
    assert await sent(client, url) == "Bearer t2"
    (tmp_path / "secret").write_text("another")
    assert await sent(client, url) == "Bearer t3"


async def test_credentials_go_into_the_body_where_the_header_is_refused(serve, make):
    async def tokens(request: web.Request) -> web.Response:
        form = await request.post()
        if form.get("client_secret") != "hush":
            return web.json_response({"error": "invalid_client"}, status=401)
        return web.json_response({"access_token": "t"})

    oauth2 = OAuth2(client_id="id", client_secret=Secret("hush"), token_url=await serve(tokens))
    assert await sent(make(HTTPClientConfig(oauth2=oauth2)), await serve(echo)) == "Bearer t"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((401, "{}"), "refuses a token with status 401"),
        ((200, "nonsense"), "answers with no token"),
        ((200, "{}"), "without an access_token"),
    ],
)
async def test_no_token_is_a_failure(serve, make, answer, said):
    async def tokens(request: web.Request) -> web.Response:
        return web.Response(status=answer[0], text=answer[1])

    oauth2 = OAuth2(client_id="id", client_secret=Secret("hush"), token_url=await serve(tokens))
    with pytest.raises(HTTPFailure, match=said) as caught:
        await make(HTTPClientConfig(oauth2=oauth2)).request("GET", await serve(echo))
    assert "hush" not in str(caught.value)


async def test_what_a_reader_of_the_body_raises_stays_what_it_is(serve, make):
    with pytest.raises(ValueError, match="no such format"):
        async with make().stream("GET", await serve(echo)):
            raise ValueError("no such format")


async def test_a_body_that_breaks_off_is_a_failure(make):
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(HTTPFailure, match=f"GET http://127.0.0.1:{port}"):
            await make().request("GET", f"http://127.0.0.1:{port}")


async def test_a_header_that_cannot_be_sent_is_a_failure(serve, make):
    with pytest.raises(HTTPFailure) as caught:
        await make().request("GET", await serve(echo), headers={"X-A": "a\r\nb"})
    assert not caught.value.retryable


async def test_a_loop_of_redirects_is_called_one(serve, make):
    async def around(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "/loop"})

    url = await serve(around)
    with pytest.raises(HTTPFailure, match="stopped after 10 redirects"):
        await make().request("GET", f"{url}/loop")
