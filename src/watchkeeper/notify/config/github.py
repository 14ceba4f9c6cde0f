"""`github_configs`: issues on GitHub. Alertmanager has no such key; it is ours."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import model_validator

from watchkeeper.base.configuration import FilePath, Secret, Text, exactly_one
from watchkeeper.notify.config.integration import OverHTTPConfig
from watchkeeper.notify.config.scalars import URLText


class GitHubConfig(OverHTTPConfig):
    """An issue for each group: opened, commented, closed, and reopened."""

    kind: ClassVar[str] = "github"

    api_url: URLText = "https://api.github.com"
    owner: Text
    repo: Text
    token: Secret = Secret("")
    token_file: FilePath = None
    title: Text = '{{ template "github.default.title" . }}'
    body: Text = '{{ template "github.default.body" . }}'
    comment: Text = '{{ template "github.default.comment" . }}'
    labels: tuple[Text, ...] = ()
    assignees: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        for name in ("owner", "repo"):
            value = getattr(self, name)
            if not value or "/" in value:
                raise ValueError(f'{name} should be a name on GitHub, without slashes, and is "{value}"')
        exactly_one(token=self.token, token_file=self.token_file)
        return self
