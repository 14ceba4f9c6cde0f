"""Storage and computing networks: Fibre Channel and InfiniBand."""

from __future__ import annotations

from watchkeeper.agent.host.page import Page
from watchkeeper.agent.host.roots import Roots, entries, needed_entries, number, word

_UNKNOWN = (1 << 64) - 1
_FC = {
    "dumped_frames": ("dumped_frames", "Number of dumped frames"),
    "error_frames": ("error_frames", "Number of errors in frames"),
    "invalid_crc_count": ("invalid_crc", "Invalid Cyclic Redundancy Check count"),
    "rx_frames": ("rx_frames", "Number of frames received"),
    "rx_words": ("rx_words", "Number of words received by host port"),
    "tx_frames": ("tx_frames", "Number of frames transmitted by host port"),
    "tx_words": ("tx_words", "Number of words transmitted by host port"),
    "seconds_since_last_reset": ("seconds_since_last_reset", "Number of seconds since last host port reset"),
    "invalid_tx_word_count": ("invalid_tx_words", "Number of invalid words transmitted by host port"),
    "link_failure_count": ("link_failure", "Number of times the host port link has failed"),
    "loss_of_sync_count": ("loss_of_sync", "Number of failures on either bit or transmission word boundaries"),
    "loss_of_signal_count": ("loss_of_signal", "Number of times signal has been lost"),
    "nos_count": ("nos", "Number Not_Operational Primitive Sequence received by host port"),
    "fcp_packet_aborts": ("fcp_packet_aborts", "Number of aborted packets"),
}
_FC_TEXTS = (
    "speed",
    "port_state",
    "port_type",
    "symbolic_name",
    "supported_classes",
    "supported_speeds",
    "dev_loss_tmo",
)
_FC_NUMBERS = ("port_id", "port_name", "fabric_name")
_OCTETS = "Number of data octets received on all links", "Number of data octets transmitted on all links"
_IB: dict[str, tuple[str, str, int]] = {
    "counters_ext/port_multicast_rcv_packets": (
        "legacy_multicast_packets_received",
        "Number of multicast packets received",
        1,
    ),
    "counters_ext/port_multicast_xmit_packets": (
        "legacy_multicast_packets_transmitted",
        "Number of multicast packets transmitted",
        1,
    ),
    "counters_ext/port_rcv_data_64": ("legacy_data_received_bytes", _OCTETS[0], 4),
    "counters_ext/port_rcv_packets_64": ("legacy_packets_received", "Number of data packets received on all links", 1),
    "counters_ext/port_unicast_rcv_packets": (
        "legacy_unicast_packets_received",
        "Number of unicast packets received",
        1,
    ),
    "counters_ext/port_unicast_xmit_packets": (
        "legacy_unicast_packets_transmitted",
        "Number of unicast packets transmitted",
        1,
    ),
    "counters_ext/port_xmit_data_64": ("legacy_data_transmitted_bytes", _OCTETS[1], 4),
    "counters_ext/port_xmit_packets_64": (
        "legacy_packets_transmitted",
        "Number of data packets received on all links",
        1,
    ),
    "counters/excessive_buffer_overrun_errors": (
        "excessive_buffer_overrun_errors",
        "Number of times that OverrunErrors consecutive flow control update periods occurred, "
        "each having at least one overrun error.",
        1,
    ),
    "counters/link_downed": (
        "link_downed",
        "Number of times the link failed to recover from an error state and went down",
        1,
    ),
    "counters/link_error_recovery": (
        "link_error_recovery",
        "Number of times the link successfully recovered from an error state",
        1,
    ),
    "counters/local_link_integrity_errors": (
        "local_link_integrity_errors",
        "Number of times that the count of local physical errors exceeded the threshold specified by LocalPhyErrors.",
        1,
    ),
    "counters/multicast_rcv_packets": (
        "multicast_packets_received",
        "Number of multicast packets received (including errors)",
        1,
    ),
    "counters/multicast_xmit_packets": (
        "multicast_packets_transmitted",
        "Number of multicast packets transmitted (including errors)",
        1,
    ),
    "counters/port_rcv_constraint_errors": (
        "port_constraint_errors_received",
        "Number of packets received on the switch physical port that are discarded",
        1,
    ),
    "counters/port_xmit_constraint_errors": (
        "port_constraint_errors_transmitted",
        "Number of packets not transmitted from the switch physical port",
        1,
    ),
    "counters/port_rcv_data": ("port_data_received_bytes", _OCTETS[0], 4),
    "counters/port_xmit_data": ("port_data_transmitted_bytes", _OCTETS[1], 4),
    "counters/port_rcv_discards": (
        "port_discards_received",
        "Number of inbound packets discarded by the port because the port is down or congested",
        1,
    ),
    "counters/port_xmit_discards": (
        "port_discards_transmitted",
        "Number of outbound packets discarded by the port because the port is down or congested",
        1,
    ),
    "counters/port_rcv_errors": (
        "port_errors_received",
        "Number of packets containing an error that were received on this port",
        1,
    ),
    "counters/port_rcv_packets": (
        "port_packets_received",
        "Number of packets received on all VLs by this port (including errors)",
        1,
    ),
    "counters/port_xmit_packets": (
        "port_packets_transmitted",
        "Number of packets transmitted on all VLs from this port (including errors)",
        1,
    ),
    "counters/port_rcv_remote_physical_errors": (
        "port_receive_remote_physical_errors",
        "Number of packets marked with the EBP (End of Bad Packet) delimiter received on the port.",
        1,
    ),
    "counters/port_rcv_switch_relay_errors": (
        "port_receive_switch_relay_errors",
        "Number of packets that could not be forwarded by the switch.",
        1,
    ),
    "counters/port_xmit_wait": (
        "port_transmit_wait",
        "Number of ticks during which the port had data to transmit but no data was sent during the entire tick",
        1,
    ),
    "counters/symbol_error": (
        "symbol_error",
        "Number of minor link errors detected on one or more physical lanes.",
        1,
    ),
    "counters/unicast_rcv_packets": (
        "unicast_packets_received",
        "Number of unicast packets received (including errors)",
        1,
    ),
    "counters/unicast_xmit_packets": (
        "unicast_packets_transmitted",
        "Number of unicast packets transmitted (including errors)",
        1,
    ),
    "counters/VL15_dropped": (
        "vl15_dropped",
        "Number of incoming VL15 packets dropped due to resource limitations.",
        1,
    ),
}
_STATE = "State of the InfiniBand port (0: no change, 1: down, 2: init, 3: armed, 4: active, 5: act defer)"
_PHYSICAL_STATE = (
    "Physical state of the InfiniBand port (0: no change, 1: sleep, 2: polling, 3: disable, 4: shift, 5: link up, "
    "6: link error recover, 7: phytest)"
)


def fibrechannel(roots: Roots, page: Page) -> None:
    """The Fibre Channel ports; a counter that the card does not have reads as all ones."""
    folder = roots.sys("class/fc_host")
    for host in needed_entries(folder):
        texts = {name: word(f"{folder}/{host}/{name}") or "" for name in _FC_TEXTS}
        texts |= {name: (word(f"{folder}/{host}/{name}") or "").removeprefix("0x") for name in _FC_NUMBERS}
        text = "Non-numeric data from /sys/class/fc_host/<host>, value is always 1."
        page.gauge("node_fibrechannel_info", text, 1, fc_host=host, **texts)
        for file, (metric, text) in _FC.items():
            value = number(f"{folder}/{host}/statistics/{file}")
            if value is not None and value != _UNKNOWN:
                page.counter(f"node_fibrechannel_{metric}_total", text, value, fc_host=host)


def infiniband(roots: Roots, page: Page) -> None:
    """The InfiniBand devices and their ports."""
    folder = roots.sys("class/infiniband")
    for device in needed_entries(folder):
        path = f"{folder}/{device}"
        text = "Non-numeric data from /sys/class/infiniband/<device>, value is always 1."
        files = {"board_id": "board_id", "firmware_version": "fw_ver", "hca_type": "hca_type"}
        texts = {label: word(f"{path}/{file}") or "" for label, file in files.items()}
        page.gauge("node_infiniband_info", text, 1, device=device, **texts)
        for port in entries(f"{path}/ports"):
            _port(page, f"{path}/ports/{port}", device, port)


def _port(page: Page, path: str, device: str, port: str) -> None:
    def gauge(metric: str, text: str, value: float) -> None:
        page.gauge(f"node_infiniband_{metric}", text, value, device=device, port=port)

    gauge("state_id", _STATE, _leading(f"{path}/state"))
    gauge("physical_state_id", _PHYSICAL_STATE, _leading(f"{path}/phys_state"))
    gauge("rate_bytes_per_second", "Maximum signal transfer rate", _leading(f"{path}/rate") * 1e9 / 8)
    for file, (metric, text, unit) in _IB.items():
        value = number(f"{path}/{file}")
        if value is not None:
            page.counter(f"node_infiniband_{metric}_total", text, value * unit, device=device, port=port)


def _leading(path: str) -> float:
    """The number that a text such as `4: ACTIVE` or `40 Gb/sec` begins with; 0 where there is none."""
    text = (word(path) or "").replace(":", " ").split()
    try:
        return float(text[0])
    except (IndexError, ValueError):
        return 0
