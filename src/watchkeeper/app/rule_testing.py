"""What unit tests of rules run on: an embedded engine and store in a folder that is thrown away."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from prometheus_client import CollectorRegistry

from watchkeeper.base.clock import SystemClock
from watchkeeper.base.configuration import ConfigurationFailure
from watchkeeper.engine import EmbeddedEngine, EngineMetrics
from watchkeeper.rules import GroupDefaults, read_rule_files
from watchkeeper.rules.testing import Bench, TestGroup, read_test_file, run_group
from watchkeeper.store import FREE, Store, StoreOptions, Target


@asynccontextmanager
async def embedded_bench() -> AsyncGenerator[Bench]:
    """A bench on an engine of its own, stopped and deleted at the end."""
    with TemporaryDirectory(prefix="watchkeeper-tests-") as folder:
        engine = EmbeddedEngine(Path(folder) / "engine", EngineMetrics(CollectorRegistry()))
        endpoint = await engine.start()
        threads = ThreadPoolExecutor(1, thread_name_prefix="rules")
        try:
            store = Store(
                Target(endpoint), SystemClock(), CollectorRegistry(), StoreOptions(policy_of=lambda _tenant: FREE)
            )
            await store.open()
            try:
                yield Bench(store, SystemClock(), threads)
            finally:
                await store.close()
        finally:
            threads.shutdown()
            await engine.stop()


class RuleTests:
    """Runs test files, one after the other, each test group in a tenant of its own."""

    def __init__(self, bench: Bench, wanted: Callable[[str], bool], warn: Callable[[str], None]) -> None:
        self._bench = bench
        self._wanted = wanted
        self._warn = warn
        self._tenants = 0

    async def run(self, path: Path) -> list[tuple[str, list[str]]]:
        """What is wrong in each of a file's (wanted) test groups, by their names."""
        try:
            file = read_test_file(path)
            files, missing = file.matching(path.parent)
            for pattern in missing:
                self._warn(f"no file match pattern {pattern}")
            groups = read_rule_files(files, GroupDefaults(file.evaluation_interval_ms))
        except ConfigurationFailure as failure:
            return [(str(path), [str(problem) for problem in failure.problems])]
        results: list[tuple[str, list[str]]] = []
        for i, test in enumerate(file.tests):
            if self._wanted(test.name):
                self._tenants += 1
                problems = await run_group(self._bench, file, test, groups, f"test-{self._tenants}")
                results.append((_name(test, i), problems))
        return results


def _name(test: TestGroup, number: int) -> str:
    return test.name or f"unnamed#{number}"
