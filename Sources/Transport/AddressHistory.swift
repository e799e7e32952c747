import Vocabulary

/// Which addresses failed when they were last tried: those come last the next time, so that one that swallows
/// connection requests costs its share of the time-out once and not with every connection (RFC 8305 §4).
///
/// Guarded: `failed` has each address once, the one that failed longest ago first, and no more than `addressesMax`.
/// One is shared by all workers, so that what one of them has found out spares the others.
public final class AddressHistory: Sendable {
    static let addressesMax = 256

    private let failed = Guarded<[SocketAddress]>([])

    init() {}

    /// The addresses in the order in which to try them: those that are not known to fail as they came, then those that
    /// failed, the one that failed last at the end.
    func order(_ addresses: [SocketAddress]) -> [SocketAddress] {
        guard addresses.count > 1 else { return addresses }
        return failed.withLock { failed in
            guard !failed.isEmpty else { return addresses }
            let bad = failed.filter(addresses.contains)
            return addresses.filter { !bad.contains($0) } + bad
        }
    }

    /// A connection was made, and TLS was agreed on if it was wanted.
    func worked(_ address: SocketAddress) {
        failed.withLock { failed in
            if !failed.isEmpty { failed.removeAll { $0 == address } }
        }
    }

    func failed(_ address: SocketAddress) {
        failed.withLock { failed in
            failed.removeAll { $0 == address }
            if failed.count == Self.addressesMax { failed.removeFirst() }
            failed.append(address)
        }
    }
}
