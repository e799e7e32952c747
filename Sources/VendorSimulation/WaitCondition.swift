import Vocabulary

/// The condition that a long poll waits for; nil members are ignored.
struct WaitCondition: Equatable, Sendable {
    /// At least this many classify calls are in flight; 0 means exactly none.
    var inFlight: Int?
    /// At least this many classify calls were made.
    var calls: Int?
    /// After this time the wait is answered with a 408.
    var timeout: Duration

    init(_ members: inout ControlMembers) throws(ControlFault) {
        inFlight = try members.integer("in_flight", 0...1_000_000)
        calls = try members.integer("calls", 0...1_000_000_000)
        timeout = try members.milliseconds("timeout_ms") ?? .seconds(60)
        if inFlight == nil, calls == nil { throw ControlFault("in_flight or calls must say what to wait for") }
    }

    func isMet(by account: VendorAccount) -> Bool {
        if let calls, account.classifyCalls < calls { return false }
        guard let inFlight else { return true }
        return inFlight == 0 ? account.inFlight == 0 : account.inFlight >= inFlight
    }
}
