import EventLoops

/// A classify call between its arrival and its reply. Confined to the desk's loop.
///
/// Owned by the desk, not by the connection: the vendor keeps working when the caller has gone.
final class PendingCall {
    let plan: ReplyPlan
    let connection: VendorConnection
    var timer: LoopTimer?

    init(_ plan: ReplyPlan, from connection: VendorConnection) {
        self.plan = plan
        self.connection = connection
    }
}

/// A long poll that waits for its condition. Confined to the desk's loop.
final class PendingWait {
    let condition: WaitCondition
    let connection: VendorConnection
    var timer: LoopTimer?

    init(_ condition: WaitCondition, from connection: VendorConnection) {
        self.condition = condition
        self.connection = connection
    }
}
