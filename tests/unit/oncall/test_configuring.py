"""People, policies and contacts in the configuration, wrong ones refused at their places."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from oncall_workshop import PEOPLE, configured

from watchkeeper.base.configuration import ConfigurationFailure


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigurationFailure) as raised:
        configured(text)
    return [str(problem).removeprefix("/etc/watchkeeper.yml:") for problem in raised.value.problems]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "escalation_policies: [{name: p, steps: [{notify: [person:alcie]}]}]",
            '18:51: escalation_policies[0].steps[0].notify[0]: there is no person "alcie": did you mean "alice"?',
        ),
        (
            "escalation_policies: [{name: p, steps: [{notify: [schedule:primary]}]}]",
            '18:51: escalation_policies[0].steps[0].notify[0]: there is no schedule "primary"',
        ),
        (
            "escalation_policies: [{name: p, steps: [{notify: [alice]}]}]",
            "18:51: escalation_policies[0].steps[0].notify[0]: "
            '"alice" is nobody to tell: right would be '
            "person:NAME, schedule:NAME, team:NAME, lead-of:NAME, receiver:NAME",
        ),
        (
            "escalation_policies: [{name: p, steps: [{notify: [team:web]}]}, {name: p, steps: [{notify: [team:web]}]}]",
            '18:72: escalation_policies[1].name: "p" is named at /etc/watchkeeper.yml:18:30, too: names must differ',
        ),
        (
            "escalation_policies: [{name: p, steps: []}]",
            "18:23: escalation_policies[0]: an escalation policy needs at least one step",
        ),
    ],
)
def test_a_wrong_policy_is_refused_at_its_place(text: str, said: str) -> None:
    assert problems(PEOPLE + text) == [said]


def test_severities_that_the_vocabulary_does_not_know_are_pointed_at() -> None:
    text = """
people:
- name: alice
  contacts: [{name: push, webhook_configs: [{url: "URL"}]}]
  rules: [{contact: push, severities: [warnig]}]
escalation_policies: [{name: p, steps: [{notify: [person:alice], severities: [info, critcal]}]}]
"""
    assert configured(text).warnings == ()
    vocabulary = "severities: {preset: critical_warning_info, label: level}"
    assert [str(one).removeprefix("/etc/watchkeeper.yml:") for one in configured(text + vocabulary).warnings] == [
        '5:40: people[0].rules[0].severities[0]: there is no level "warnig": did you mean "warning"?',
        '6:85: escalation_policies[0].steps[0].severities[1]: there is no level "critcal": did you mean "critical"?',
    ]


def test_a_receiver_cannot_name_a_policy_that_is_not_there_nor_one_that_leads_back_to_it() -> None:
    text = """
receivers: [{name: pager, escalation_configs: [{policy: p}]}]
escalation_policies: [{name: p, steps: [{notify: [receiver:pager]}]}]
route: {receiver: pager}
"""
    assert problems(text) == [
        '3:51: escalation_policies[0].steps[0].notify[0]: receiver "pager" escalates itself: '
        "policy p would lead back to a policy"
    ]
    assert problems(text.replace("policy: p}", "policy: q}"))[0].startswith(
        '2:57: receivers[0].escalation_configs[0].policy: there is no escalation policy "q"'
    )


def test_an_escalation_must_learn_of_the_end() -> None:
    text = (
        "receivers: [{name: pager, escalation_configs: [{policy: p, send_resolved: false}]}]\nroute: {receiver: pager}"
    )
    assert "must learn that alerts have ended" in problems(text)[0]


def test_a_rule_names_a_contact_of_the_person_and_contacts_are_completed_and_checked_as_receivers_are() -> None:
    rule = "people: [{name: alice, contacts: [{name: push, ntfy_configs: [{topic: a}]}], rules: [{contact: psh}]}]"
    assert problems(rule) == ['1:96: people[0].rules[0].contact: alice has no contact "psh": did you mean "push"?']
    mail = "people: [{name: alice, contacts: [{name: mail, email_configs: [{to: a@example.org}]}]}]"
    assert problems(mail)[0].startswith("1:64: people[0].contacts[0].email_configs[0]: no ")
    done = configured("global: {smtp_smarthost: 'mx.example.org:25', smtp_from: w@example.org}\n" + mail)
    (contact,) = done.notify.contacts
    assert (contact.name, contact.email_configs[0].smarthost) == ("person/alice/mail", "mx.example.org:25")


def test_secrets_of_contacts_are_hidden_where_the_configuration_is_shown() -> None:
    shown = configured(PEOPLE, "http://hidden.example.org").to_yaml()
    assert "url: <secret>" in shown
    assert "hidden" not in shown


def test_a_wrong_template_of_a_contact_is_a_warning() -> None:
    text = 'people: [{name: alice, contacts: [{name: push, ntfy_configs: [{topic: a, title: "{{ .Nope"}]}]}]'
    (warning,) = [one for one in configured(text).warnings if "people" in one.message]
    assert warning.place.line == 1


def test_a_team_without_a_lead_has_none_to_tell() -> None:
    text = PEOPLE.replace(", lead: carol", "") + "escalation_policies: [{name: p, steps: [{notify: [lead-of:web]}]}]"
    assert problems(text) == ['18:51: escalation_policies[0].steps[0].notify[0]: team "web" has no lead']
