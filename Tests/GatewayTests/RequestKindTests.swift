import Testing
import Vocabulary

@testable import Gateway

@Suite("What requests are counted by")
struct RequestKindTests {
    /// RFC 9110 §15, RFC 6585, and 499.
    private static let known: Set<Int> = [
        200, 201, 202, 203, 204, 205, 206, 300, 301, 302, 303, 304, 305, 307, 308, 400, 401, 402, 403, 404, 405, 406,
        407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422, 426, 428, 429, 431, 499, 500, 501, 502, 503,
        504, 505, 511,
    ]

    @Test("a status has a label of its own if it is known, else the one of all others")
    func labels() {
        for status in [Int.min, -1, 65_736, Int.max] + Array(0...700) {
            #expect(StatusLabel(status).text == (Self.known.contains(status) ? "\(status)" : "other"))
        }
    }

    @Test("kinds that differ in anything are counted apart, whatever their hashes")
    func apart() {
        var kinds: Set<RequestKind> = []
        let sources: [RequestKind.Source] = RequestKind.Source.allCases
        for route in [0, 1, 2, 69] {
            for status in [200, 404, 999] {
                for source in sources {
                    kinds.insert(RequestKind(route: route, status: StatusLabel(status), source: source))
                }
            }
        }
        #expect(kinds.count == 4 * 3 * sources.count)
        #expect(Set(kinds.map(\.hashValue)).count == kinds.count)
    }
}
