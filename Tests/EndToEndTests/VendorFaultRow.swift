import TestSupport
import Testing

/// One row of `docs/faults.md` §3: what the vendor does once, and what the client sees.
struct VendorFaultRow: Sendable, CustomTestStringConvertible {
    let kind: String
    let details: JSON
    let status: Int
    /// The gateway's error code; nil where the vendor's reply is passed on.
    let code: String?
    /// The expected content of Cache-Status.
    let cacheStatus: String
    var isStored: Bool { cacheStatus.hasSuffix("; stored") }
    var testDescription: String { "\(kind) \(details.text)" }

    /// The gateway's own error takes the place of the reply.
    static func failure(_ kind: String, _ status: Int, _ code: String, _ details: JSON = [:]) -> VendorFaultRow {
        VendorFaultRow(kind: kind, details: details, status: status, code: code, cacheStatus: "")
    }

    /// The vendor's reply is passed on but not stored.
    static func passedOn(_ kind: String, _ status: Int, _ details: JSON = [:]) -> VendorFaultRow {
        let cacheStatus = "tollgate; fwd=miss; fwd-status=\(status)"
        return VendorFaultRow(kind: kind, details: details, status: status, code: nil, cacheStatus: cacheStatus)
    }

    /// Odd but valid: passed on and stored.
    static func sound(_ kind: String, _ details: JSON = [:]) -> VendorFaultRow {
        let cacheStatus = "tollgate; fwd=miss; fwd-status=200; stored"
        return VendorFaultRow(kind: kind, details: details, status: 200, code: nil, cacheStatus: cacheStatus)
    }
}
