import Vocabulary

/// A fault, or just an unusual behaviour, in the next calls that spend.
///
/// As JSON: `{"kind": …, "count": 1, "document_id": …, "path": …, "hold": false, "delay_ms": …, "charges": …}` and the
/// members of its kind, see `Fault.Kind`. All but `kind` may be left out. `count` −1 means every call from now on; with
/// `document_id` only calls about that document count, with `path` only those whose path begins with it, whether they
/// spend or not.
public struct Fault: Equatable, Sendable {
    let kind: Kind
    /// The number of calls that it still applies to; −1 for all.
    var remaining = 1
    /// In lower case.
    var documentID: String?
    /// What the path of a call begins with.
    var path: String?
    /// Hold the call until a release.
    var isHeld = false
    /// Replaces the usual delay.
    var delay: Duration?
    /// Nil: as the real vendor would, see `Kind.charges`.
    var charges: Bool?

    init(_ kind: Kind) {
        self.kind = kind
        if kind == .hold { isHeld = true }
    }

    /// Reads the JSON text of a fault.
    public init(json text: String) throws(ControlFault) {
        var members = try ControlMembers(Array(text.utf8))
        try self.init(&members)
    }

    init(_ members: inout ControlMembers) throws(ControlFault) {
        self.init(try Kind(&members))
        remaining = try members.integer("count", -1...1_000_000_000) ?? 1
        if let text = try members.text("document_id") {
            guard let id = DocumentIdentifier.normalised(text) else { throw ControlFault("document_id must be a UUID") }
            documentID = id
        }
        path = try members.text("path")
        if try members.truth("hold") == true { isHeld = true }
        delay = try members.milliseconds("delay_ms")
        if kind == .delay {
            delay = try members.milliseconds("ms") ?? delay
            guard delay != nil else { throw ControlFault("ms must say how long the delay is") }
        }
        charges = try members.truth("charges")
        try members.expectNoMore()
    }
}

/// The faults that wait for calls, in the order they were added.
struct FaultQueue: Sendable {
    static let countMax = 10_000

    private var faults: [Fault] = []

    var count: Int { faults.count }

    /// False when the queue is full.
    mutating func append(_ fault: Fault) -> Bool {
        guard faults.count < FaultQueue.countMax else { return false }
        if fault.remaining != 0 { faults.append(fault) }
        return true
    }

    mutating func removeAll() { faults.removeAll() }

    /// The first fault that applies to a call; its count is decremented.
    ///
    /// - Parameters:
    ///   - documentID: in lower case; nil when the call names none.
    ///   - spends: whether the call is of a kind that meets faults without a path.
    mutating func take(for documentID: String?, path: String, spends: Bool) -> Fault? {
        let index = faults.firstIndex { fault in
            (fault.documentID == nil || fault.documentID == documentID)
                && (fault.path.map { path.hasPrefix($0) } ?? spends)
        }
        guard let index else { return nil }
        let fault = faults[index]
        if fault.remaining > 0 { faults[index].remaining -= 1 }
        if faults[index].remaining == 0 { faults.remove(at: index) }
        return fault
    }
}
