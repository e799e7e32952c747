import Vocabulary

/// What requests are counted by, beside their team.
struct RequestKind: Hashable, Sendable {
    /// What a reply was taken from.
    enum Source: String, Sendable, CaseIterable {
        /// A fresh stored result.
        case hit
        /// A stale one, in place of a failure of the vendor.
        case stale
        /// Another request's flight.
        case collapsed
        /// The vendor, or it was to be.
        case miss
        /// The cache was not asked: other routes, and what was refused.
        case none

        fileprivate var number: UInt8 {
            switch self {
            case .hit: 0
            case .stale: 1
            case .collapsed: 2
            case .miss: 3
            case .none: 4
            }
        }
    }

    /// The number of the route's name in `GatewayMetrics.routes`.
    let route: Int
    let status: StatusLabel
    let source: Source

    /// All of it in one word: a request is counted more often than it is listed.
    func hash(into hasher: inout Hasher) {
        hasher.combine(UInt64(truncatingIfNeeded: route) << 32 | UInt64(status.code) << 8 | UInt64(source.number))
    }
}

/// The status of a reply, out of a bounded set: the vendor may send any number.
struct StatusLabel: Hashable, Sendable {
    /// Those of RFC 9110 §15, of RFC 6585, and 499 for a client that left before its reply.
    private static func isKnown(_ status: Int) -> Bool {
        switch status {
        case 200...206, 300...305, 307, 308, 400...417, 421, 422, 426, 428, 429, 431, 499, 500...505, 511: true
        default: false
        }
    }

    /// 0 for any other.
    fileprivate let code: UInt16

    init(_ status: Int) { code = Self.isKnown(status) ? UInt16(status) : 0 }

    var text: String { code == 0 ? "other" : String(code) }
}
