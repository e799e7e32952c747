import JSON
import Vocabulary

/// The simulated vendor's own count of calls and charges, exact to the millionth of a credit.
struct VendorAccount: Sendable {
    struct Line: Equatable, Sendable {
        var calls = 0
        var credits = MicroCredits.zero
    }

    /// The maximum numbers of keys and of documents with a line of their own; the rest share the line `other`, so that
    /// totals stay exact and memory bounded.
    static let linesMax = 200_000
    static let requestIDsMax = 2_000

    /// All requests except control calls.
    private(set) var calls = 0
    /// Requests that were refused before they could be understood as HTTP.
    private(set) var malformedRequests = 0
    private(set) var classifyCalls = 0
    private(set) var charges = 0
    private(set) var creditsCharged = MicroCredits.zero
    private(set) var keys: [String: Line] = [:]
    private(set) var documents: [String: Line] = [:]
    private(set) var inFlight = 0
    private(set) var inFlightMax = 0
    private(set) var connectionsAccepted = 0
    /// The most recent ones, oldest first.
    var requestIDs: [String] { Array(recentIDs[oldestID...] + recentIDs[..<oldestID]) }
    private var recentIDs: [String] = []
    private var oldestID = 0

    mutating func connectionAccepted() { connectionsAccepted += 1 }

    mutating func malformedRequest() { malformedRequests += 1 }

    mutating func called(requestID: String?) {
        calls += 1
        guard let requestID else { return }
        if recentIDs.count < VendorAccount.requestIDsMax {
            recentIDs.append(requestID)
        } else {
            recentIDs[oldestID] = requestID
            oldestID = (oldestID + 1) % VendorAccount.requestIDsMax
        }
    }

    /// - Parameter documentID: nil when the call names none.
    mutating func classifyBegan(key: String, documentID: String?) {
        classifyCalls += 1
        inFlight += 1
        inFlightMax = max(inFlightMax, inFlight)
        VendorAccount.change(&keys, key) { $0.calls += 1 }
        if let documentID { VendorAccount.change(&documents, documentID) { $0.calls += 1 } }
    }

    /// A call that is not `POST /v1/classify`.
    mutating func otherBegan(key: String) {
        inFlight += 1
        inFlightMax = max(inFlightMax, inFlight)
        VendorAccount.change(&keys, key) { $0.calls += 1 }
    }

    mutating func ended(charge: Charge?) {
        inFlight -= 1
        guard let charge else { return }
        charges += 1
        creditsCharged = creditsCharged + charge.credits
        VendorAccount.change(&keys, charge.key) { $0.credits = $0.credits + charge.credits }
        VendorAccount.change(&documents, charge.documentID) { $0.credits = $0.credits + charge.credits }
    }

    private static func change(_ lines: inout [String: Line], _ name: String, _ change: (inout Line) -> Void) {
        let name = lines.count < linesMax || lines[name] != nil ? name : "other"
        change(&lines[name, default: Line()])
    }

    /// Resets the counts, except for calls in flight and connections.
    mutating func reset() {
        let (inFlight, connections) = (inFlight, connectionsAccepted)
        self = VendorAccount()
        (self.inFlight, self.inFlightMax, self.connectionsAccepted) = (inFlight, inFlight, connections)
    }

    /// As `GET /sim/account` shows it; credits are JSON numbers written from whole millionths.
    var json: String {
        let numbers = [
            ("calls", "\(calls)"), ("classify_calls", "\(classifyCalls)"),
            ("malformed_requests", "\(malformedRequests)"), ("charges", "\(charges)"),
            ("credits_charged", "\(creditsCharged)"), ("in_flight", "\(inFlight)"),
            ("in_flight_max", "\(inFlightMax)"), ("connections_accepted", "\(connectionsAccepted)"),
            ("keys", VendorAccount.json(keys)), ("documents", VendorAccount.json(documents)),
            ("request_ids", "[" + requestIDs.map(JSONText.quoted).joined(separator: ", ") + "]"),
        ]
        return "{" + numbers.map { "\"\($0)\": \($1)" }.joined(separator: ", ") + "}"
    }

    private static func json(_ lines: [String: Line]) -> String {
        let items = lines.sorted { $0.key < $1.key }.map { name, line in
            "\(JSONText.quoted(name)): {\"calls\": \(line.calls), \"credits\": \(line.credits)}"
        }
        return "{" + items.joined(separator: ", ") + "}"
    }
}
