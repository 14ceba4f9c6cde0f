"""The engine's side of HTTP, without an engine."""

from __future__ import annotations

import gzip
from io import BufferedReader, BytesIO

import cramjam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.engine.access import Credentials
from watchkeeper.engine.connection import EngineError
from watchkeeper.engine.encoding import BadEncoding, chosen_encoding, compress, decompress
from watchkeeper.engine.form import BadForm, Field, parse_form
from watchkeeper.engine.http import BadRequest, read_body, read_head
from watchkeeper.engine.request import decode_request


def reader(data: bytes) -> BufferedReader:
    return BufferedReader(BytesIO(data))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: 5\r\n\r\nhello",
        b"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nt: u\r\n\r\n",
    ],
)
def test_a_body_is_read_to_its_end_and_no_further(body: bytes):
    stream = reader(b"POST /?a=b HTTP/1.1\r\nX-Name:  v \r\n" + body + b"GET / HTTP/1.1\r\n\r\n")
    head = read_head(stream)
    assert head is not None
    assert (head.method, head.path, head.query_string, head.headers["x-name"]) == ("POST", "/", "a=b", "v")
    assert read_body(stream, head, 5) == b"hello"
    following = read_head(stream)
    assert following is not None and following.method == "GET"
    assert read_head(stream) is None


@pytest.mark.parametrize(
    "data",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/2\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 9\r\n\r\nshort",
        b"GET / HTTP/1.1\r\nContent-Length: 999\r\n\r\n",
        b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n",
        b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n" + b"x" * 255 + b"\r\n0\r\n\r\n",
    ],
)
def test_what_is_not_http_is_refused(data: bytes):
    stream = reader(data)
    with pytest.raises(BadRequest):
        head = read_head(stream)
        assert head is not None
        read_body(stream, head, 100)


@given(st.binary(max_size=2000))
def test_every_encoding_gives_back_what_went_in(data: bytes):
    for name in ("lz4", "zstd", "gzip", "deflate"):
        assert decompress(compress(data, name), name, 2000) == data


def test_the_cheapest_accepted_encoding_is_chosen():
    assert chosen_encoding("gzip, zstd;q=0.5, lz4") == "lz4"
    assert chosen_encoding("br") is None


@pytest.mark.parametrize("encoding", ["gzip", "lz4", "zstd", "deflate"])
def test_a_body_larger_than_allowed_is_refused(encoding: str):
    with pytest.raises(BadEncoding, match="more than 99 bytes"):
        decompress(compress(bytes(100), encoding), encoding, 99)


def test_a_truncated_body_is_refused():
    with pytest.raises(BadEncoding, match="too early"):
        decompress(gzip.compress(b"hello")[:-4], "gzip", 100)
    with pytest.raises(BadEncoding):
        decompress(bytes(cramjam.zstd.compress(b"hello" * 100))[:-4], "zstd", 1000)


FORM = b'--B\r\nContent-Disposition: form-data; name="query"\r\n\r\nSELECT 1\r\n' + (
    b'--B\r\nContent-Disposition: form-data; name="ids"; filename="ids"\r\nContent-Type: x/y\r\n\r\n'
    b"\r\n-B\r\n\r\n--B--\r\n"
)


def test_a_form_is_taken_apart():
    fields = parse_form("multipart/form-data; boundary=B", FORM)
    assert fields == (Field("query", b"SELECT 1", False), Field("ids", b"\r\n-B\r\n", True))


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", FORM),
        ("multipart/form-data; boundary=C", FORM),
        ("multipart/form-data; boundary=B", FORM[:-4]),
        ("multipart/form-data; boundary=B", FORM.replace(b'name="query"', b"")),
        ("multipart/form-data; boundary=B", b"--B\r\n\r\nx\r\n--B--"),
    ],
)
def test_a_broken_form_is_refused(content_type: str, body: bytes):
    with pytest.raises(BadForm):
        parse_form(content_type, body)


def test_types_of_external_data_become_numbered_columns():
    params = {"ids_types": "UInt64, Map(String, Array(Nullable(Int8))),Decimal(10, 2)", "ids_format": "Native"}
    request = decode_request(params, {"content-type": "multipart/form-data; boundary=B"}, FORM, "d")
    (table,) = request.tables
    assert table.structure == "_1 UInt64, _2 Map(String, Array(Nullable(Int8))), _3 Decimal(10, 2)"
    assert (table.format, request.settings, request.query) == ("Native", {}, b"SELECT 1")


def test_external_data_without_a_structure_is_refused():
    with pytest.raises(EngineError, match="ids_structure"):
        decode_request({}, {"content-type": "multipart/form-data; boundary=B"}, FORM, "d")


@pytest.mark.parametrize("timeout", ["0", "x", "3601", "-1", ""])
def test_a_session_timeout_out_of_range_is_refused(timeout: str):
    with pytest.raises(EngineError) as refused:
        decode_request({"session_timeout": timeout}, {}, b"", "d")
    assert refused.value.code == 374


def test_parameters_settings_and_the_interface_s_own_words_are_told_apart():
    request = decode_request(
        {"param_x": "1", "max_threads": "2", "query_id": "q", "wait_end_of_query": "1"}, {}, b"", "d"
    )
    assert (request.params, request.settings, request.query_id) == ({"x": "1"}, {"max_threads": "2"}, "q")
    assert request.waits and request.database == "d"


@pytest.mark.parametrize(
    ("headers", "params", "admitted"),
    [
        ({"x-clickhouse-user": "alice", "x-clickhouse-key": "secret"}, {}, True),
        ({"authorization": "Basic YWxpY2U6c2VjcmV0"}, {}, True),
        ({}, {"user": "alice", "password": "secret"}, True),
        ({}, {}, False),
        ({"authorization": "Basic !!"}, {}, False),
        ({"authorization": "Basic /w=="}, {}, False),
        ({"authorization": "Bearer secret"}, {}, False),
        ({"x-clickhouse-user": "alice"}, {"password": "secret"}, False),
        ({"x-clickhouse-user": "bob", "x-clickhouse-key": "secret"}, {}, False),
        ({}, {"user": "alice", "password": "Secret"}, False),
    ],
)
def test_only_the_secret_opens(headers: dict[str, str], params: dict[str, str], admitted: bool):
    assert Credentials("alice", "secret").admit(headers, params) is admitted
