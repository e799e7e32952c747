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
    }

    /// The number of the route's name in `GatewayMetrics.routes`.
    let route: Int
    let status: StatusLabel
    let source: Source
}

/// The status of a reply, out of a bounded set: the vendor may send any number.
struct StatusLabel: Hashable, Sendable {
    /// Those of RFC 9110 §15, of RFC 6585, and 499 for a client that left before its reply.
    private static let known: Set<UInt16> = [
        200, 201, 202, 203, 204, 205, 206, 300, 301, 302, 303, 304, 305, 307, 308, 400, 401, 402, 403, 404, 405, 406,
        407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422, 426, 428, 429, 431, 499, 500, 501, 502, 503,
        504,
        505, 511,
    ]

    /// 0 for any other.
    private let code: UInt16

    init(_ status: Int) {
        let code = UInt16(clamping: status)
        self.code = Self.known.contains(code) ? code : 0
    }

    var text: String { code == 0 ? "other" : String(code) }
}
