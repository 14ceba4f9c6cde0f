"""Mount points that hang."""

from __future__ import annotations

import os
import threading
import time

import pytest

from watchkeeper.agent.host import mounts
from watchkeeper.agent.host.mounts import Mounts
from watchkeeper.base.clock import SystemClock


class Disks:
    """File systems of which some hang until they are let go."""

    def __init__(self, *hanging: str) -> None:
        self.hanging = {path: threading.Event() for path in hanging}
        self.asked: list[str] = []

    def statvfs(self, path: str) -> os.statvfs_result:
        self.asked.append(path)
        if path in self.hanging:
            self.hanging[path].wait()
        return os.statvfs("/")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(mounts, "PATIENCE_S", 0.2)


def test_a_hanging_mount_does_not_keep_the_others_from_being_told():
    disks = Disks("/nfs")
    answers = Mounts(SystemClock(), disks.statvfs).measure(["/a", "/nfs", "/b"])
    assert answers["/nfs"] is None
    assert answers["/a"] is not None
    assert answers["/b"] is not None
    disks.hanging["/nfs"].set()


def test_a_hanging_mount_is_not_asked_again_until_it_has_answered():
    disks = Disks("/nfs")
    measured = Mounts(SystemClock(), disks.statvfs)
    for _ in range(3):
        assert measured.measure(["/nfs"])["/nfs"] is None
    assert disks.asked == ["/nfs"]
    disks.hanging["/nfs"].set()
    while measured.measure(["/nfs"])["/nfs"] is None:
        time.sleep(0.01)
    assert disks.asked[-1] == "/nfs"


def test_many_hanging_mounts_cost_no_more_than_the_budget(monkeypatch):
    monkeypatch.setattr(mounts, "BUDGET_S", 0.3)
    paths = [f"/nfs{i}" for i in range(50)]
    disks = Disks(*paths)
    answers = Mounts(SystemClock(), disks.statvfs).measure(paths)
    assert set(answers.values()) == {None}
    assert len(disks.asked) < 5
    for event in disks.hanging.values():
        event.set()


def test_an_error_is_an_answer():
    answers = Mounts(SystemClock()).measure(["/there/is/no/such/path", "/"])
    assert isinstance(answers["/there/is/no/such/path"], FileNotFoundError)
    assert isinstance(answers["/"], os.statvfs_result)
