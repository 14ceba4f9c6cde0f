"""Calls and SMS: «1» acknowledges, and nobody else than Twilio may say it."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from acknowledging_house import KEY, OUTSIDE, House

from watchkeeper.api.oncall.twilio import code_of
from watchkeeper.oncall.callback_signatures import twilio_signature

CALL = {"CallSid": "CA1", "From": "+15550199", "To": "+15550100", "CallStatus": "in-progress"}
DAY_MS = 86_400_000
TEXTED = '{}/{team="sms"}:{team="sms"}'


def token(house: House, **more: str) -> str:
    return house.signer.token("twilio", {"tenant": "default", "group_key": KEY, **more}, DAY_MS)


def sms(text: str, sid: str = "SM1", number: str = "+15550100") -> dict[str, str]:
    return {"MessageSid": sid, "From": number, "To": "+15550199", "Body": text, "NumMedia": "0"}


def said(answer: str) -> str:
    return " ".join(ET.fromstring(answer).itertext())


async def test_a_call_reads_the_alert_and_waits_for_a_key(house: House) -> None:
    await house.fire("A")
    called = await house.twilio("voice", token(house, text="Disk <full> & hot."), **CALL)
    assert (called.status, called.headers["Content-Type"]) == (200, "application/xml")
    root = ET.fromstring(called.text)
    gather = root[0]
    assert gather.tag == "Gather"
    assert gather.get("numDigits") == "1"
    assert (gather.get("action") or "").startswith(f"{OUTSIDE}/api/watchkeeper/v1/twilio/voice?token=")
    assert gather[0].text == "Disk <full> & hot. Press 1 to acknowledge."
    assert house.by() == ""


async def test_one_acknowledges_once_in_the_name_of_whoever_was_called(house: House) -> None:
    await house.fire("A")
    again = await house.twilio("voice", token(house), **CALL, Digits="2")
    assert "Press 1" in said(again.text)
    pressed = await house.twilio("voice", token(house), **CALL, Digits="1")
    assert said(pressed.text) == "Acknowledged: A. Thank you."
    assert house.by() == "alice"
    await house.oncall.acknowledgements.release("default", KEY, "alice")
    assert (await house.twilio("voice", token(house), **CALL, Digits="1")).status == 403
    assert house.by() == ""
    other = {**CALL, "CallSid": "CA2"}
    await house.twilio("voice", token(house, person="bob"), **other, Digits="1")
    assert house.by() == "bob"
    assert (await house.said("acknowledgement.given"))[0].startswith("bob acknowledged the group by phone")


async def test_a_call_about_what_is_over_says_so(house: House) -> None:
    assert "is over" in said((await house.twilio("voice", token(house), **CALL)).text)


async def test_forged_calls_and_foreign_tokens_are_refused(house: House) -> None:
    await house.fire("A")
    assert (await house.twilio("voice", token(house), secret="another", **CALL, Digits="1")).status == 403
    foreign = house.signer.token("slack", {"tenant": "default", "group_key": KEY}, DAY_MS)
    assert (await house.twilio("voice", foreign, **CALL, Digits="1")).status == 403
    assert house.by() == ""
    assert house.figure("watchkeeper_callbacks_total", channel="voice", outcome="refused") == 2


async def test_an_sms_of_somebody_known_acknowledges_what_fires(house: House) -> None:
    assert said((await house.twilio("sms", **sms("Ack", "SM0"))).text) == "Nothing waits for you."
    await house.fire("A")
    assert "Reply ACK" in said((await house.twilio("sms", **sms("hello", "SM1"))).text)
    assert said((await house.twilio("sms", **sms(" ACK ", "SM2"))).text) == "Acknowledged: A. Thank you."
    assert house.by() == "alice"
    assert (await house.twilio("sms", **sms(" ACK ", "SM2"))).status == 403


async def test_of_several_groups_an_sms_names_one_by_its_code(house: House) -> None:
    await house.fire("A")
    await house.fire("B", team="y")
    code = code_of("default", KEY)
    which = said((await house.twilio("sms", **sms("1", "SM1"))).text)
    assert f"ACK {code} for A" in which
    assert house.by() == ""
    assert "by the code nothing" in said((await house.twilio("sms", **sms("ack nothing", "SM2"))).text)
    await house.twilio("sms", **sms(f"Ack {code.upper()}", "SM3"))
    assert house.by() == "alice"


async def test_an_sms_answers_in_the_tenant_whose_alert_was_texted(house: House) -> None:
    await house.fire("A")
    await house.fire("B", team="sms", tenant="acme")
    assert house.outside.texts
    assert said((await house.twilio("sms", **sms("ack", "SM1"))).text) == "Acknowledged: B. Thank you."
    [one] = house.oncall.acknowledgements.all("acme")
    assert (one.group_key, one.actor) == (TEXTED, "alice")
    assert house.by() == ""
    assert said((await house.twilio("sms", **sms("ack", "SM2"))).text) == "Acknowledged: A. Thank you."


async def test_groups_alike_of_two_tenants_have_codes_of_their_own(house: House) -> None:
    for tenant in ("acme", "globex"):
        await house.fire("B", team="sms", tenant=tenant)
    which = said((await house.twilio("sms", **sms("ack", "SM1"))).text)
    code = code_of("globex", TEXTED)
    assert f"ACK {code} for B of globex" in which
    await house.twilio("sms", **sms(f"ack {code}", "SM2"))
    assert not house.oncall.acknowledgements.all("acme")
    assert house.oncall.acknowledgements.all("globex")


async def test_an_sms_does_not_reach_tenants_whose_alerts_were_not_texted(house: House) -> None:
    await house.fire("B", tenant="acme")
    assert said((await house.twilio("sms", **sms("ack", "SM1"))).text) == "Nothing waits for you."
    answer = await house.twilio("sms", **sms(f"ack {code_of('acme', KEY)}", "SM2"))
    assert "Nothing waits to be acknowledged" in said(answer.text)
    assert not house.oncall.acknowledgements.all("acme")


async def test_an_sms_from_a_number_that_is_nobodys_is_refused(house: House) -> None:
    await house.fire("A")
    assert (await house.twilio("sms", **sms("ack", number="+15550111"))).status == 403
    assert house.by() == ""


def test_the_signature_is_that_of_twilios_documentation() -> None:
    form = [
        ("Digits", "1234"),
        ("To", "+18005551212"),
        ("From", "+12349013030"),
        ("Caller", "+12349013030"),
        ("CallSid", "CA1234567890ABCDE"),
    ]
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert twilio_signature("12345", url, form) == "0/KCTR6DLpKmkAf8muzZqo1nDgQ="
