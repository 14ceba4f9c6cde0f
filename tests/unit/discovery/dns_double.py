"""A name server on a loopback port."""

from __future__ import annotations

import asyncio

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


class DNSDouble(asyncio.DatagramProtocol):
    """Answers from `records`, and with SERVFAIL for the names in `failing`."""

    def __init__(self) -> None:
        self.records = {
            ("web.example.org.", "A"): ["192.0.2.1", "192.0.2.2"],
            ("web.example.org.", "AAAA"): ["2001:db8::1"],
            ("web.example.org.", "SRV"): ["10 5 8080 one.example.org."],
            ("web.example.org.", "MX"): ["10 mail.example.org."],
            ("web.example.org.", "NS"): ["ns.example.org."],
            ("cache.example.org.", "A"): ["192.0.2.9"],
        }
        self.failing: set[str] = set()
        self.port = 0

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        self.port = self._transport.get_extra_info("sockname")[1]

    def stop(self) -> None:
        self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        name, kind = question.name.to_text(), dns.rdatatype.to_text(question.rdtype)
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if name in self.failing:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif (name, kind) in self.records:
            response.answer.append(dns.rrset.from_text(question.name, 30, "IN", kind, *self.records[name, kind]))
        elif not any(known == name for known, _ in self.records) or kind == "A":
            response.set_rcode(dns.rcode.NXDOMAIN)
        self._transport.sendto(response.to_wire(), addr)
