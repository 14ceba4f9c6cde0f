"""From a notification to a person: schedules, escalation, acknowledgement, incidents."""
