/* SPDX-License-Identifier: MIT
 *
 * pcap_records.h -- the packets of a pcap file, read in large pieces and not copied.
 *
 *      header, 24 bytes | seconds, fraction, captured, length | bytes | seconds, ...
 *
 * libpcap reads each packet with two calls of stdio, which cost as much as counting it.
 * It opens the file all the same: what the header says is checked there.  Files that
 * are no plain ones of this format (pcapng, a pipe, variants of old) are left to it.
 */
#ifndef CAPTURE_PCAP_RECORDS_H
#define CAPTURE_PCAP_RECORDS_H

#include "capture/source.h"

struct pcap_records;

/* NULL: no such file, or out of memory.  fd is borrowed until it is closed; its
 * position is left alone.  Packets are cut to snaplen bytes. */
struct pcap_records *pcap_records_open(int fd, uint32_t snaplen);
void pcap_records_close(struct pcap_records *records);

/* Read on: to be called before the first packet and whenever there is no next one. Ends
 * the life of all packets before.  1; 0: the file ends here; -1: it is cut off, or not
 * readable, and error has SOURCE_ERROR_MAX bytes of why. */
int pcap_records_fill(struct pcap_records *records, char *error);

/* The next packet of what was read.  False: there is none. */
bool pcap_records_next(struct pcap_records *records, struct source_packet *out);

#endif
