"""What the collectors say of recorded machines."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from watchkeeper.agent.host import Host, Roots
from watchkeeper.agent.host.collectors import collectors
from watchkeeper.agent.host.page import Page
from watchkeeper.agent.host.processor import CPU
from watchkeeper.agent.host.roots import NoData, read
from watchkeeper.base.clock import SystemClock
from watchkeeper.receive.exposition import TextDecoder

sys.path.insert(0, str(Path(__file__).parent))

from recorded_machines import label_sets, plant, read_page, value


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """What is said of a server with nearly every piece of hardware that there is."""
    return read_page(Host(plant("server", tmp_path_factory.mktemp("server")), SystemClock()).collect())


@pytest.mark.parametrize(
    ("name", "labels", "expected"),
    [
        ("node_cpu_seconds_total", {"cpu": "0", "mode": "steal"}, 8.0),
        ("node_cpu_guest_seconds_total", {"cpu": "0", "mode": "nice"}, 10.0),
        ("node_cpu_core_throttles_total", {"package": "0", "core": "1"}, 5),
        ("node_cpu_scaling_governor", {"cpu": "0", "governor": "powersave"}, 1),
        ("node_cpu_frequency_max_hertz", {"cpu": "1"}, 3.7e9),
        ("node_load5", {}, 0.37),
        ("node_memory_Active_anon_bytes", {}, 2068484 * 1024),
        ("node_memory_HugePages_Total", {}, 3),
        ("node_disk_read_bytes_total", {"device": "nvme0n1"}, 4643973 * 512),
        ("node_disk_flush_requests_time_seconds_total", {"device": "nvme0n1"}, 1.944),
        ("node_disk_ata_rotation_rate_rpm", {"device": "sda"}, 7200),
        ("node_network_receive_bytes_total", {"device": "veth4B09XN"}, 648),
        ("node_network_speed_bytes", {"device": "eth0"}, 125_000_000),
        ("node_network_flags", {"device": "lo"}, 8),
        ("node_netstat_Udp_RcvbufErrors", {}, 9),
        ("node_netstat_IpExt_InOctets", {}, 6286396970),
        ("node_softnet_dropped_total", {"cpu": "1"}, 41),
        ("node_udp_queues", {"ip": "v4", "queue": "tx"}, 21),
        ("node_nf_conntrack_stat_found", {}, 11),
        ("node_hwmon_temp_celsius", {"chip": "platform_nct6775_656", "sensor": "temp1"}, 30),
        ("node_hwmon_fan_rpm", {"chip": "coretemp", "sensor": "fan1"}, 1200),
        ("node_thermal_zone_temp", {"zone": "0", "type": "x86_pkg_temp"}, 45.5),
        ("node_power_supply_temp_celsius", {"power_supply": "BAT0"}, 30.5),
        ("node_edac_csrow_correctable_errors_total", {"controller": "0", "csrow": "unknown"}, 1),
        ("node_md_disks", {"device": "md1", "state": "failed"}, 1),
        ("node_md_blocks_synced", {"device": "md1"}, 85),
        ("node_md_state", {"device": "md3", "state": "inactive"}, 1),
        ("node_nvme_namespace_used_bytes", {"device": "nvme0", "nsid": "1"}, 256000),
        ("node_zfs_zpool_state", {"zpool": "pool1", "state": "online"}, 1),
        ("node_infiniband_rate_bytes_per_second", {"device": "mlx4_0", "port": "1"}, 5e9),
        ("node_pressure_irq_stalled_seconds_total", {}, 0.008494),
        ("node_bonding_active", {"master": "bond0"}, 1),
        (
            "node_ipvs_backend_weight",
            {
                "local_address": "",
                "local_port": "0",
                "proto": "FWM",
                "local_mark": "10001000",
                "remote_address": "192.168.50.26",
                "remote_port": "3306",
            },
            20,
        ),
    ],
)
def test_a_server_is_told_as_it_is(server, name, labels, expected):
    assert value(server, name, **labels) == pytest.approx(expected)


def test_every_collector_finds_something_on_a_machine_that_has_everything(server):
    failed = [
        labels["collector"]
        for labels in label_sets(server, "node_scrape_collector_success")
        if value(server, "node_scrape_collector_success", **labels) != 1
    ]
    assert failed == []


def test_partitions_loops_and_the_kernels_own_file_systems_are_left_out(server):
    assert {labels["device"] for labels in label_sets(server, "node_disk_io_now")} == {"sda", "dm-0", "nvme0n1"}
    points = {labels["mountpoint"] for labels in label_sets(server, "node_filesystem_device_error")}
    assert "/proc" not in points
    assert not any(point.startswith("/var/lib/docker") for point in points)
    assert "/srv/with space" in points


def test_a_mount_point_that_is_not_there_has_an_error_and_no_sizes(server):
    errors = [labels for labels in label_sets(server, "node_filesystem_device_error") if labels["device_error"]]
    assert {labels["device_error"] for labels in errors} == {"no such file or directory"}
    sized = {labels["mountpoint"] for labels in label_sets(server, "node_filesystem_size_bytes")}
    assert sized.isdisjoint(labels["mountpoint"] for labels in errors)


def test_in_a_container_mount_points_are_those_of_the_host(tmp_path):
    roots = replace(plant("container", tmp_path), rootfs="/host/root")
    said = read_page(Host(roots, SystemClock()).collect())
    found = {(labels["mountpoint"], labels["fstype"]) for labels in label_sets(said, "node_filesystem_device_error")}
    assert found == {("/", "ext4"), ("/srv", "xfs"), ("/etc/hosts", "ext4")}


def test_kernels_that_say_less_are_told_as_far_as_they_go(tmp_path):
    said = read_page(Host(plant("container", tmp_path), SystemClock()).collect())
    assert value(said, "node_cpu_seconds_total", cpu="0", mode="idle") == 0.4
    assert value(said, "node_cpu_seconds_total", cpu="0", mode="steal") == 0
    assert value(said, "node_network_transmit_bytes_total", device="eth0") == 2000
    assert value(said, "node_scrape_collector_success", collector="hwmon") == 0
    assert value(said, "node_scrape_collector_success", collector="loadavg") == 1


def test_many_processors_are_told_one_by_one(tmp_path):
    rows = "".join(f"cpu{cpu} {cpu} 0 0 100 0 0 0 0 0 0\n" for cpu in range(256))
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "stat").write_text(f"cpu 1 2 3 4\n{rows}ctxt 1\n")
    page = Page()
    CPU()(Roots(str(tmp_path / "proc"), str(tmp_path / "sys")), page)
    said = read_page(page.body())
    assert value(said, "node_cpu_seconds_total", cpu="255", mode="user") == 2.55
    assert len(said) == 256 * 10


def test_a_file_longer_than_one_read_is_read_to_its_end(tmp_path):
    path = tmp_path / "long"
    path.write_text("x" * 300_000)
    assert len(read(str(path))) == 300_000


def test_processor_time_never_runs_backwards_unless_the_processor_came_anew(tmp_path):
    (tmp_path / "proc").mkdir()
    stat, cpu = tmp_path / "proc" / "stat", CPU()
    roots = Roots(str(tmp_path / "proc"), str(tmp_path / "sys"))

    def idle(ticks: int) -> float:
        stat.write_text(f"cpu0 10 0 0 {ticks} 0 0 0 0 0 0\n")
        page = Page()
        cpu(roots, page)
        return value(read_page(page.body()), "node_cpu_seconds_total", cpu="0", mode="idle")

    assert idle(1000) == 10.0
    assert idle(900) == 10.0
    assert idle(600) == 6.0


def test_a_collector_that_fails_leaves_the_others_alone(tmp_path, caplog):
    roots = plant("server", tmp_path)
    (tmp_path / "proc" / "meminfo").write_text("MemTotal: lots kB\n")
    host = Host(roots, SystemClock())
    said = read_page(host.collect())
    host.collect()
    assert value(said, "node_scrape_collector_success", collector="meminfo") == 0
    assert value(said, "node_load1") == 0.21
    assert len([record for record in caplog.records if "meminfo" in record.message]) == 1


def test_label_values_of_any_kind_survive_the_page():
    page = Page()
    page.gauge("node_x", "help with \\ and\nlines", 1, text='a"b\\c\nd é')
    assert value(read_page(page.body()), "node_x", text='a"b\\c\nd é') == 1


_COLLECTORS = [c for c in collectors(SystemClock(), "linux") if c.name not in ("time", "timex", "uname", "textfile")]
_TOKENS = st.sampled_from(
    [" ", "\n", ":", "0", "7", "-1", "kB", "cpu0", "md0 : active", "|", "->", "0x", "é", "\0", "=", "1e999", "nan"]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.one_of(st.text(max_size=80), st.lists(_TOKENS, max_size=60).map("".join)), data=st.data())
def test_wrong_content_never_gets_out_of_a_round(spoilt, text, data):
    files, host, decoder = spoilt
    path = data.draw(st.sampled_from(files))
    before = path.read_bytes()
    path.write_bytes(text.encode())
    try:
        page = host.collect()
    finally:
        path.write_bytes(before)
    decoder.decode(page)


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory):
    folder = tmp_path_factory.mktemp("spoilt")
    roots = plant("server", folder)
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return files, Host(roots, SystemClock()), TextDecoder(openmetrics=False)


@pytest.mark.parametrize("collector", _COLLECTORS, ids=lambda collector: collector.name)
def test_a_machine_without_files_is_no_accident(tmp_path, collector):
    nowhere = str(tmp_path / "nowhere")
    page = Page()
    try:
        collector.collect(Roots(nowhere, nowhere, nowhere, nowhere), page)
    except (NoData, FileNotFoundError):
        assert page.body() == b""


def test_without_procfs_psutil_tells_the_basics():
    page, roots = Page(), Roots()
    for collector in collectors(SystemClock(), "darwin"):
        try:
            collector.collect(roots, page)
        except NoData:
            continue
    names = {name for name, _ in read_page(page.body())}
    assert {
        "node_cpu_seconds_total",
        "node_load1",
        "node_memory_total_bytes",
        "node_memory_MemAvailable_bytes",
        "node_network_receive_bytes_total",
        "node_boot_time_seconds",
        "node_uname_info",
    } <= names
    assert value(read_page(page.body()), "node_cpu_seconds_total", cpu="0", mode="idle") > 0
    assert os.uname().sysname in {labels["sysname"] for labels in label_sets(read_page(page.body()), "node_uname_info")}
