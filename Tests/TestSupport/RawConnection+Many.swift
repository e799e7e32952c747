import Glibc

extension RawConnection {
    /// The first `count` replies on any of many connections, by the connection's index; waits for them.
    public static func firstResponses(
        _ count: Int,
        of connections: [RawConnection],
        _ deadline: Deadline = .generous
    ) throws -> [Int: TestResponse] {
        var replies: [Int: TestResponse] = [:]
        while replies.count < count {
            let waiting = connections.indices.filter { replies[$0] == nil }
            var entries = waiting.map { pollfd(fd: connections[$0].descriptor, events: Int16(POLLIN), revents: 0) }
            guard poll(&entries, nfds_t(entries.count), deadline.millisecondsLeft) > 0 else {
                throw TestFailure("\(replies.count) replies came in time, not \(count)")
            }
            for (entry, index) in zip(entries, waiting) where entry.revents != 0 {
                replies[index] = try connections[index].response()
            }
        }
        return replies
    }
}
