import Testing

@testable import UpstreamKeys

@Suite("UpstreamFailure")
struct UpstreamFailureTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let code: UpstreamFailure.Code
        let name: String
        let status: Int
        let mayServeStale: Bool

        var testDescription: String { name }
    }

    static let rows = [
        Row(code: .unreachable, name: "upstream_unreachable", status: 502, mayServeStale: true),
        Row(code: .invalidResponse, name: "upstream_invalid_response", status: 502, mayServeStale: true),
        Row(code: .keyRejected, name: "upstream_key_rejected", status: 502, mayServeStale: false),
        Row(code: .noKey, name: "no_upstream_key", status: 503, mayServeStale: false),
        Row(code: .rateLimited, name: "upstream_rate_limited", status: 503, mayServeStale: false),
        Row(code: .overloaded, name: "overloaded", status: 503, mayServeStale: false),
        Row(code: .circuitOpen, name: "circuit_open", status: 503, mayServeStale: true),
        Row(code: .storeUnavailable, name: "store_unavailable", status: 503, mayServeStale: false),
        Row(code: .draining, name: "draining", status: 503, mayServeStale: false),
        Row(code: .timeout, name: "upstream_timeout", status: 504, mayServeStale: true),
    ]

    @Test("codes, statuses and stale results are those of docs/api.md §2 and §3", arguments: rows)
    func contract(_ row: Row) {
        let failure = UpstreamFailure(row.code, charged: .no, source: .gateway, "why")
        #expect(row.code.errorCode.rawValue == row.name)
        #expect(failure.status == row.status)
        #expect(failure.mayServeStale == row.mayServeStale)
    }

    @Test("every code has a row, and a message of its own that says what to do")
    func messages() {
        #expect(Set(Self.rows.map(\.code)) == Set(UpstreamFailure.Code.allCases))
        let messages = UpstreamFailure.Code.allCases.map {
            UpstreamFailure($0, charged: .no, source: .vendor, "secret detail").clientMessage
        }
        #expect(Set(messages).count == messages.count)
        #expect(messages.allSatisfy { !$0.contains("secret detail") && $0.hasSuffix(".") })
    }

    @Test("a reply that cannot be used may have been charged")
    func invalidReply() {
        let invalid = UpstreamFailure.invalidReply("why")
        #expect(invalid.code == .invalidResponse && invalid.charged == .unknown && invalid.source == .vendor)
        #expect(invalid.detail == "why" && invalid.retryAfterSeconds == nil)
    }
}
