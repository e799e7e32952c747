import EventLoops
import Vocabulary

/// Passes the requests of all connections through the vendor's rules and delivers each reply when it is due.
///
/// Confined to the loop that made it. `SimulatedVendor` makes all decisions; the desk has the timers, held calls, long
/// polls and the charge log.
final class VendorDesk {
    let loop: EventLoop
    private var vendor: SimulatedVendor
    private let chargeLog: ChargeLog?
    private var connections: [ObjectIdentifier: VendorConnection] = [:]
    /// Calls whose timer runs; retained here since their timers do not retain them.
    private var running: [ObjectIdentifier: PendingCall] = [:]
    /// Calls that wait for a release, oldest first.
    private var held: [PendingCall] = []
    private var waits: [PendingWait] = []

    init(_ vendor: SimulatedVendor, chargeLog: ChargeLog?, loop: EventLoop) {
        self.loop = loop
        self.vendor = vendor
        self.chargeLog = chargeLog
    }

    // MARK: Connections

    func opened(_ connection: VendorConnection) {
        vendor.connectionAccepted()
        connections[ObjectIdentifier(connection)] = connection
    }

    func closed(_ connection: VendorConnection) {
        connections[ObjectIdentifier(connection)] = nil
        waits.removeAll { $0.connection === connection }
    }

    /// Ends all connections at once and forgets all calls.
    func stop() {
        for connection in connections.values { connection.abort() }
        running.removeAll()
        held.removeAll()
        waits.removeAll()
    }

    // MARK: Calls

    func refused() { vendor.malformedRequest() }

    /// A request to a path that the vendor does not have.
    private func unknownPath(requestID: String?, from connection: VendorConnection, closes: Bool) {
        vendor.called(requestID: requestID)
        let refusal = VendorRefusal(404, "not_found", "There is no such resource")
        connection.deliver(FaultyReply(.refused(refusal), fault: nil, closes: closes, now: loop.wallClock).delivery)
    }

    func classify(_ call: ClassifyCall, from connection: VendorConnection) {
        vendor.called(requestID: call.requestID)
        begin(vendor.receive(call), from: connection)
    }

    /// A call that is neither classify nor a control call.
    func other(_ call: OtherCall, from connection: VendorConnection) {
        guard call.resource != nil else {
            return unknownPath(requestID: call.requestID, from: connection, closes: call.closes)
        }
        vendor.called(requestID: call.requestID)
        if let plan = vendor.receive(call) { begin(plan, from: connection) }
    }

    private func begin(_ plan: ReplyPlan, from connection: VendorConnection) {
        let pending = PendingCall(plan, from: connection)
        if pending.plan.isHeld { held.append(pending) } else { run(pending) }
        answerWaits()
    }

    private func run(_ pending: PendingCall) {
        guard pending.plan.delay > .zero else { return finish(pending) }
        running[ObjectIdentifier(pending)] = pending
        let timer = LoopTimer(loop: loop) { [unowned self, unowned pending] in
            guard let call = running.removeValue(forKey: ObjectIdentifier(pending)) else { return }
            finish(call)
        }
        pending.timer = timer
        timer.schedule(after: pending.plan.delay)
    }

    private func finish(_ pending: PendingCall) {
        vendor.finish(pending.plan)
        if let charge = pending.plan.charge, let chargeLog {
            chargeLog.append(charge.line(at: loop.wallClock)) { isWritten in
                // A caller must not learn of a charge that is not on disk.
                if isWritten { pending.connection.deliver(pending.plan.delivery) } else { pending.connection.abort() }
            }
        } else {
            pending.connection.deliver(pending.plan.delivery)
        }
        answerWaits()
    }

    // MARK: Control

    func control(_ call: ControlCall, from connection: VendorConnection, closes: Bool) {
        do throws(ControlFault) {
            guard let answer = try perform(call, from: connection) else { return }
            connection.answer(200, answer, closes: closes)
        } catch {
            connection.answer(400, fault: error, closes: closes)
        }
    }

    /// The answer's body; nil when it is sent later.
    private func perform(_ call: ControlCall, from connection: VendorConnection) throws(ControlFault) -> String? {
        switch call {
        case .account: return vendor.account.json
        case .reset:
            vendor.reset()
            release(held.count)
        case .settings(let change): vendor.apply(change)
        case .document(let id, let change): vendor.setDocument(id, change)
        case .key(let key, let state): vendor.setKey(key, state)
        case .fault(let fault): try vendor.queue(fault)
        case .removeFaults: vendor.removeFaults()
        case .release(let count):
            let released = min(count ?? held.count, held.count)
            release(released)
            return #"{"success": true, "released": \#(released)}"#
        case .wait(let condition):
            wait(for: condition, from: connection)
            return nil
        }
        return #"{"success": true}"#
    }

    private func release(_ count: Int) {
        let released = held.prefix(count)
        held.removeFirst(count)
        for pending in released { run(pending) }
    }

    private func wait(for condition: WaitCondition, from connection: VendorConnection) {
        let wait = PendingWait(condition, from: connection)
        let timer = LoopTimer(loop: loop) { [unowned self, unowned wait] in
            let connection = wait.connection
            waits.removeAll { $0 === wait }
            connection.answer(408, fault: ControlFault("waited in vain"), closes: true)
        }
        wait.timer = timer
        timer.schedule(after: condition.timeout)
        waits.append(wait)
        answerWaits()
    }

    private func answerWaits() {
        guard !waits.isEmpty else { return }
        let account = vendor.account
        let met = waits.filter { $0.condition.isMet(by: account) }
        guard !met.isEmpty else { return }
        waits.removeAll { $0.condition.isMet(by: account) }
        let body = #"{"success": true, "in_flight": \#(account.inFlight), "classify_calls": \#(account.classifyCalls)}"#
        for wait in met { wait.connection.answer(200, body, closes: false) }
    }
}
