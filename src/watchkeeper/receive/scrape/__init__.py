"""The scrape loop: targets, their schedule, and what they answer."""
