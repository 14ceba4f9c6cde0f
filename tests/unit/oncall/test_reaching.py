"""Policies that would tell nobody, or would lead back to a policy, are found before anybody relies on them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from oncall_workshop import configured

from watchkeeper.base.configuration import ConfigurationFailure

HOOK = 'webhook_configs: [{url: "http://hooks.example.org/"}]'


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigurationFailure) as raised:
        configured(text)
    return [str(problem).removeprefix("/etc/watchkeeper.yml:") for problem in raised.value.problems]


def test_a_contact_without_an_integration_is_refused_for_a_page_by_it_would_be_lost() -> None:
    assert problems("people: [{name: bob, contacts: [{name: push}]}]") == [
        '1:33: people[0].contacts[0]: contact "push" of bob tells nobody: '
        "one with any of the …_configs would be right, such as webhook_configs"
    ]


def test_a_step_cannot_tell_a_receiver_without_an_integration() -> None:
    text = """
receivers: [{name: nobody}]
escalation_policies: [{name: p, steps: [{notify: [receiver:nobody]}]}]
"""
    assert problems(text + "route: {receiver: nobody}")[0].startswith(
        '3:51: escalation_policies[0].steps[0].notify[0]: receiver "nobody" tells nobody: '
    )


def test_a_step_cannot_tell_a_receiver_whose_fallback_escalates() -> None:
    text = f"""
receivers:
- {{name: chat, fallback: mail, {HOOK}}}
- {{name: mail, fallback: pager, {HOOK}}}
- {{name: pager, escalation_configs: [{{policy: p}}]}}
escalation_policies: [{{name: p, steps: [{{notify: [receiver:chat]}}]}}]
route: {{receiver: pager}}
"""
    assert problems(text) == [
        '6:51: escalation_policies[0].steps[0].notify[0]: receiver "chat" falls back to one that escalates '
        "(chat → mail → pager): policy p would lead back to a policy"
    ]


def test_two_contacts_of_one_name_are_refused_at_their_place() -> None:
    text = f"people:\n- name: bob\n  contacts:\n  - {{name: push, {HOOK}}}\n  - {{name: push, {HOOK}}}\n"
    assert problems(text) == [
        '5:12: people[0].contacts[1].name: "push" is named at /etc/watchkeeper.yml:4:12, too: names must differ'
    ]


def test_people_without_contacts_and_teams_without_members_are_warned_of_where_a_policy_leads_to_them() -> None:
    text = f"""
people:
- {{name: alice, contacts: [{{name: push, {HOOK}}}]}}
- {{name: bob}}
- {{name: carol}}
teams: [{{name: empty, members: []}}, {{name: web, members: [alice, bob], lead: carol}}]
schedules: [{{name: s, layers: [{{rotation: daily, start: 2026-01-05, people: [alice, [bob, carol]]}}]}}]
"""
    assert configured(text).warnings == ()
    policy = """
escalation_policies:
- name: p
  steps:
  - notify: [person:alice, person:bob]
  - notify: [schedule:s]
  - notify: [team:empty]
  - notify: [lead-of:web]
"""
    at = "escalation_policies[0].steps"
    assert [str(one).removeprefix("/etc/watchkeeper.yml:") for one in configured(text + policy).warnings] == [
        f"12:28: {at}[0].notify[1]: person:bob does not reach everybody: bob has no contacts",
        f"13:14: {at}[1].notify[0]: schedule:s does not reach everybody: bob, carol have no contacts",
        f"14:14: {at}[2].notify[0]: team:empty reaches nobody: the team has no members",
        f"15:14: {at}[3].notify[0]: lead-of:web does not reach everybody: carol has no contacts",
    ]
