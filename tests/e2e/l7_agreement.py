#!/usr/bin/env python3
"""How far goprobe and ndpiReader agree on the flows of captures.

    l7_agreement.py WORK_DIR NAME...

For each NAME there are in WORK_DIR NAME.csv, ndpiReader's flows, and NAME.flows, what is
stored: sip|dip|dport|proto|l7proto|bytes.  A flow of ndpiReader's agrees where a stored
one between its two ends, with one of its ports, has its protocol.  goprobe counts tunnels
by their outer header, ndpiReader looks into some: those flows cannot be compared, and
are told.  Prints, with tabs: flows, flows that agree, bytes, bytes that agree, tunnelled.
"""
import csv
import sys

TUNNELS = {4, 41, 47, 50, 51}


def stored_flows(path):
    flows = {}
    with open(path) as lines:
        for line in lines:
            sip, dip, dport, proto, l7proto, _ = line.strip().split('|')
            key = (frozenset((sip, dip)), int(proto))
            flows.setdefault(key, set()).add((int(dport), int(l7proto)))
    return flows


def agrees(stored, flow, app):
    ports = {int(flow['src_port']), int(flow['dst_port']), 0}
    return any(l7proto == app for dport, l7proto in stored if dport in ports)


def main():
    work, names = sys.argv[1], sys.argv[2:]
    count = agreeing = volume = agreeing_volume = tunnelled = 0
    for name in names:
        flows = stored_flows(f'{work}/{name}.flows')
        has_tunnel = any(proto in TUNNELS for _, proto in flows)
        with open(f'{work}/{name}.csv') as lines:
            for flow in csv.DictReader(lines):
                key = (frozenset((flow['src_ip'], flow['dst_ip'])), int(flow['protocol']))
                if key not in flows and has_tunnel:
                    tunnelled += 1
                    continue
                size = int(flow['c_to_s_bytes']) + int(flow['s_to_c_bytes'])
                # "91.126" is TLS.Google: the application says more.
                app = int(flow['ndpi_proto_num'].split('.')[-1])
                count += 1
                volume += size
                if agrees(flows.get(key, set()), flow, app):
                    agreeing += 1
                    agreeing_volume += size
                else:
                    print(f"# {name}: {flow['src_ip']}:{flow['src_port']} {flow['dst_ip']}:"
                          f"{flow['dst_port']} is {flow['ndpi_proto']} for ndpiReader",
                          file=sys.stderr)
    print(count, agreeing, volume, agreeing_volume, tunnelled, sep='\t')


main()
