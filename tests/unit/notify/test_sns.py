"""Amazon's Signature Version 4 by the vectors of its own test suite, and what SNS is sent."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qs

import pytest
from notify_house import Open, Recorder, alert

from watchkeeper.notify.transports.sigv4 import Credentials, signed_headers

SUITE = Credentials("us-east-1", "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
AT = datetime(2015, 8, 30, 12, 36, 0, tzinfo=UTC)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
HOST = "https://example.amazonaws.com"


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "names", "signature"),
    [
        ("GET", "/", {}, b"", "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("POST", "/", {}, b"", "host;x-amz-date", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        (
            "GET",
            "/?Param2=value2&Param1=value1",
            {},
            b"",
            "host;x-amz-date",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
        (
            "POST",
            "/",
            FORM,
            b"Param1=value1",
            "content-type;host;x-amz-date",
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        ),
    ],
    ids=["get-vanilla", "post-vanilla", "get-vanilla-query-order-key-case", "post-x-www-form-urlencoded"],
)
def test_a_signature_is_that_of_amazons_test_suite(
    method: str, path: str, headers: dict[str, str], body: bytes, names: str, signature: str
) -> None:
    signed = signed_headers(method, HOST + path, headers, body, SUITE, "service", AT)
    scope = "20150830/us-east-1/service/aws4_request"
    assert signed["X-Amz-Date"] == "20150830T123600Z"
    assert signed["Authorization"] == (
        f"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{scope}, SignedHeaders={names}, Signature={signature}"
    )


async def test_a_message_is_published_and_signed_for_its_region(house: Open, recorder: Recorder) -> None:
    place = "topic_arn: 'arn:aws:sns:eu-west-1:1:t.fifo', sigv4: {region: eu-west-1, access_key: AK, secret_key: HUSH}"
    sns = f"api_url: '{recorder.url}/', {place}, attributes: {{env: prod}}"
    async with house(f"receivers: [{{name: team, sns_configs: [{{{sns}}}]}}]") as room:
        assert await room.tell(alert())
    [request] = recorder.take()
    form = {name: value for name, [value] in parse_qs(request.body).items()}
    assert (form["Action"], form["Version"]) == ("Publish", "2010-03-31")
    assert form["Subject"].startswith("[FIRING:1] Hot")
    assert form["MessageGroupId"] == form["MessageDeduplicationId"]
    assert form["MessageAttributes.entry.1.Name"] == "env"
    assert form["MessageAttributes.entry.1.Value.StringValue"] == "prod"
    assert "Credential=AK/20251121/eu-west-1/sns/aws4_request" in request.headers["Authorization"]
    assert "HUSH" not in request.body + str(request.headers)
