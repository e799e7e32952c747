import Budgeting
import TestSupport
import UpstreamKeys
import Vocabulary

@testable import Gateway

/// Clients, operators, a vendor, a disk and the clocks around one process at a time, moved by one decision after the
/// other.
///
/// The same decisions lead to the same end: all chance within a step is drawn from its word. The first invariant that
/// breaks stops it. Sendable because everything of a run is on one thread.
final class World: @unchecked Sendable {
    struct Violation: Equatable {
        let invariant: Invariant
        let step: Int
        let detail: String
    }

    let rules: Rules
    let disk = Disk()
    var process: Process?
    var tally = Tally()
    var counts = Counts()
    private(set) var steps = 0
    private(set) var violation: Violation?
    /// What happened, line by line; empty when nobody wants to read it.
    private(set) var lines: [String] = []
    private let isTraced: Bool
    private var dice = SeededGenerator(seed: 0)

    // MARK: Time

    /// Summer time begins the next night, and a month ends.
    private static let start = 1_711_828_800_000_000
    private var elapsed = 0
    /// By how much the wall clock is wrong, in microseconds.
    private var error = 0

    var now: Moment {
        Moment(
            steady: MonotonicInstant(nanoseconds: Int64(elapsed) * 1_000),
            wall: Timestamp(microseconds: Int64(Self.start + elapsed + error))
        )
    }

    // MARK: What is counted apart from the process

    var calls: [VendorCall] = []
    /// When the flight of a call began, by its number. Its leader may have asked before: as one who did not accept a
    /// stored result.
    var callSteps: [Int] = []
    /// What the vendor has charged, in millionths.
    var charges: [ReservationID: Int] = [:]
    /// The reservations that a client was told to have paid for.
    var paid: Set<ReservationID> = []
    /// The states that somebody was told of.
    var acknowledged: [ReservationID: ReservationState] = [:]
    var acknowledgedGrants: Set<Int64> = []
    var purges: [Purge] = []
    var lastReservation: ReservationID?
    var lastDay: Int?
    /// The configuration that the next start reads.
    var plan = 0
    private var lastAsker = 0
    private var lastAttempt: UInt64 = 0

    init(rules: Rules = Rules(), isTraced: Bool = false) {
        self.rules = rules
        self.isTraced = isTraced
        start()
    }

    /// A run that a violation has stopped leaves flights under way.
    deinit { process?.vanish() }

    // MARK: Chance and words

    func draw(_ count: Int) -> Int { Int.random(in: 0..<count, using: &dice) }
    func chance(_ one: Int, in all: Int) -> Bool { draw(all) < one }

    func nextAttempt() -> UInt64 {
        lastAttempt += 1
        return lastAttempt
    }

    func nextAsker() -> Int {
        lastAsker += 1
        return lastAsker
    }

    func note(_ line: @autoclosure () -> String) {
        guard isTraced else { return }
        let words = line()
        lines.append("\(steps) \(now.wall.rfc3339): \(words)")
    }

    func violate(_ invariant: Invariant, _ detail: @autoclosure () -> String) {
        guard violation == nil else { return }
        violation = Violation(invariant: invariant, step: steps, detail: detail())
        note("\(invariant.rawValue): \(violation?.detail ?? "")")
    }

    // MARK: Steps

    /// Carries a decision out, and checks what must hold. False when it could not be carried out.
    @discardableResult
    func carryOut(_ decision: Decision) -> Bool {
        dice = SeededGenerator(seed: UInt64(decision.word) << 8 | UInt64(decision.kind.rawValue))
        steps += 1
        let isDone = act(decision.kind, decision.choice, part: decision.part)
        guard isDone else {
            steps -= 1
            return false
        }
        counts.steps += 1
        stopIfDrained()
        check()
        return true
    }

    private func check() {
        guard violation == nil else { return }
        checkBooks()
        checkHolders()
    }

    private func act(_ kind: Decision.Kind, _ choice: Int, part: Int) -> Bool {
        switch kind {
        case .turn: return process?.deliverOne(choice) ?? false
        case .write: return process?.store.write(atMost: 1 + choice % 4, fails: chance(1, in: 40)) ?? false
        case .sync: return sync()
        case .read: return process?.store.read(choice, fails: chance(1, in: 30)) ?? false
        case .ask: return ask(part)
        case .leave: return leave(choice)
        case .vendor: return moveVendor(choice)
        case .network: return moveNetwork(choice)
        case .time: return advance(choice)
        case .jump: return jump()
        case .purge: return purge()
        case .change: return change()
        case .changeGoesOn: return goOnWithChange(choice)
        case .grant: return grant()
        case .withdrawGrant: return withdrawGrant(choice)
        case .resolve: return resolve(choice)
        case .reload: return reload()
        case .rotate: return rotate()
        case .revoke: return revoke()
        case .enable: return enable()
        case .charge: return charge()
        case .trouble: return trouble()
        case .repair:
            guard disk.condition != .works else { return false }
            note("the disk works again")
            disk.condition = .works
            return true
        case .crash:
            guard process != nil else { return false }
            crash()
            return true
        case .start:
            guard process == nil else { return false }
            start()
            return true
        case .drain:
            guard let process, !process.isLeaving else { return false }
            counts.drains += 1
            note("the process is to drain")
            process.drain()
            return true
        case .cut:
            guard let process, process.isLeaving, !process.isCut else { return false }
            counts.cuts += 1
            note("the drain is cut short")
            process.cut()
            return true
        }
    }

    // MARK: Time

    private func advance(_ choice: Int) -> Bool {
        let milliseconds =
            switch choice % 8 {
            case 0...3: 1 + draw(200)
            case 4, 5: 200 + draw(3_000)
            case 6: draw(20_000)
            default: draw(120_000)
            }
        pass(milliseconds)
        return true
    }

    private func pass(_ milliseconds: Int) {
        elapsed += milliseconds * 1_000
        process?.timePassed()
    }

    /// The wall clock is set, or much time passes.
    private func jump() -> Bool {
        counts.jumps += 1
        let hour = 3_600_000_000
        switch draw(8) {
        case 0: error += hour
        case 1: error -= hour
        case 2: error = 365 * 24 * hour
        case 3: error = 0
        case 4: pass(3_600_000 + draw(3_600_000))
        case 5: pass(20 * 3_600_000)
        default:
            // Shortly before the next midnight of the budgets' zone.
            let midnight = tally.zone.start(ofDay: tally.zone.day(of: now.wall) + 1)
            let left = Int(midnight.microseconds - now.wall.microseconds) / 1_000
            pass(max(left - 50, 0))
        }
        note("it is another time")
        process?.timePassed()
        return true
    }

    // MARK: The process

    private func sync() -> Bool {
        guard let process, process.store.isWritten, disk.condition != .silent else { return false }
        guard !chance(1, in: 400) else {
            note("an error of fsync ends the process")
            counts.syncFaults += 1
            crash()
            return true
        }
        return process.store.sync()
    }

    private func crash() {
        guard let process else { return }
        let keeps = chance(1, in: 2)
        note("the process is gone, and what was not synced is \(keeps ? "on disk" : "lost")")
        counts.crashes += 1
        if !process.keepers.isEmpty { counts.crashesWithOpen += 1 }
        if disk.hasUnsynced { counts.crashesUnsynced += 1 }
        // A change under way: nothing that was asked about its documents until now is found after the next start.
        for change in process.changes where change.isForwarded { note(purgeOf: change.document, told: true) }
        stop(process)
        disk.crash(keepsUnsynced: keeps)
    }

    private func stop(_ process: Process) {
        process.vanish()
        self.process = nil
        for index in calls.indices { calls[index].isLost = true }
        tally.touched = []
    }

    private func start() {
        let open = rules.has(.recovery) ? disk.recover() : disk.forgetOpen()
        counts.recovered += open
        tally.restart(
            disk.rows.values.sorted { $0.reservation.id < $1.reservation.id },
            grants: disk.grants.values.map(Tally.Grant.init),
            plan: plan,
            at: now.wall
        )
        // What never became durable, and was not sent either, may be numbered once more.
        lastReservation = disk.rows.keys.max()
        let process = Process(self, plan: plan, opening: disk.opening)
        self.process = process
        counts.starts += 1
        note("a process starts; \(open) reservations were open")
        _ = process.rooms.gate.restore(disk.keyStates.values.sorted { $0.id.rawValue < $1.id.rawValue }, at: now)
        checkAcknowledged()
        for id in charges.keys.sorted() { checkCharged(id) }
    }

    /// A process that drains ends once nothing is left.
    private func stopIfDrained() {
        guard let process, process.isLeaving, process.isIdle else { return }
        note("the process has drained")
        counts.drained += 1
        checkQuiet()
        stop(process)
    }

    // MARK: The end

    private static let calmStepsMax = 4_000

    /// Heals everything, and goes on until nothing is left to do.
    func calmDown() {
        guard violation == nil else { return }
        note("everything works from now on")
        disk.condition = .works
        dice = SeededGenerator(seed: 1)
        for _ in 0..<Self.calmStepsMax {
            steps += 1
            if process == nil { start() }
            calmStep()
            stopIfDrained()
            check()
            if violation != nil { return }
            if let process, process.isIdle, calls.isEmpty { return checkQuiet() }
        }
        violate(.i9, "things do not come to an end")
    }

    private func calmStep() {
        guard let process else { return }
        if process.deliverOne(draw(3)) { return }
        if process.store.write(atMost: 8, fails: false) { return }
        if process.store.sync() { return }
        if process.store.read(0, fails: false) { return }
        if goOnWithChange(0) { return }
        if moveNetwork(2) { return }
        if moveVendor(0) { return }
        pass(500)
    }
}
