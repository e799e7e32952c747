import Synchronization
public import Transport

/// The bound on the memory that all clients of all workers take together: connection buffers, bodies being received,
/// and questions that wait for their answers. Each of these is bounded by itself, but the sum over twenty thousand is
/// not.
///
/// Teams and strangers (connections that have shown no valid key) each have a part of their own, so that no number of
/// strangers takes memory from teams, and no team keeps a new connection from showing its key.
///
/// Atomic: any thread. One counter per part, and one for the peak.
public final class ByteBudget: Sendable {
    /// A part of the budget.
    public enum Part: Sendable { case strangers, teams }

    private let strangers = Atomic<Int>(0)
    private let teams = Atomic<Int>(0)
    private let highest = Atomic<Int>(0)
    private let strangerBytesMax: Int
    private let teamBytesMax: Int

    public init(strangerBytesMax: Int, teamBytesMax: Int) {
        self.strangerBytesMax = strangerBytesMax
        self.teamBytesMax = teamBytesMax
    }

    /// The number of bytes currently taken from a part.
    public func bytesTaken(of part: Part) -> Int {
        switch part {
        case .strangers: strangers.load(ordering: .relaxed)
        case .teams: teams.load(ordering: .relaxed)
        }
    }

    /// The peak of both parts together since the last call, in bytes.
    public func takeHighest() -> Int { highest.exchange(0, ordering: .relaxed) }

    fileprivate func take(_ bytes: Int, of part: Part) -> Bool {
        let bytesMax = part == .strangers ? strangerBytesMax : teamBytesMax
        // Each thread checks the sum that its own addition made, so together they never admit more than the maximum.
        guard add(bytes, to: part) <= bytesMax else {
            giveBack(bytes, of: part)
            return false
        }
        highest.max(bytesTaken(of: .strangers) + bytesTaken(of: .teams), ordering: .relaxed)
        return true
    }

    @discardableResult
    fileprivate func add(_ bytes: Int, to part: Part) -> Int {
        switch part {
        case .strangers: strangers.wrappingAdd(bytes, ordering: .relaxed).newValue
        case .teams: teams.wrappingAdd(bytes, ordering: .relaxed).newValue
        }
    }

    fileprivate func giveBack(_ bytes: Int, of part: Part) {
        switch part {
        case .strangers: strangers.wrappingSubtract(bytes, ordering: .relaxed)
        case .teams: teams.wrappingSubtract(bytes, ordering: .relaxed)
        }
    }
}

/// What one connection or request has taken from the budget; `deinit` gives it back. Confined to its holder's loop.
public final class ByteShare: StreamAccount {
    private let budget: ByteBudget
    public private(set) var part: ByteBudget.Part
    private var bytes = 0

    public init(of budget: ByteBudget, _ part: ByteBudget.Part) {
        self.budget = budget
        self.part = part
    }

    /// An empty share of the same part.
    public convenience init(beside other: ByteShare) { self.init(of: other.budget, other.part) }

    deinit { budget.giveBack(bytes, of: part) }

    /// Takes more bytes. Returns false, and takes none, if the part has too few left.
    public func take(_ byteCount: Int) -> Bool {
        guard budget.take(byteCount, of: part) else { return false }
        bytes += byteCount
        return true
    }

    public func giveBack(_ byteCount: Int) {
        precondition(byteCount <= bytes, "\(byteCount) bytes given back of \(bytes)")
        budget.giveBack(byteCount, of: part)
        bytes -= byteCount
    }

    /// Moves the share to the teams' part, after a valid key was shown. Returns false, and moves nothing, if that part
    /// has no room for it.
    public func moveToTeams() -> Bool {
        guard part == .strangers else { return true }
        guard budget.take(bytes, of: .teams) else { return false }
        budget.giveBack(bytes, of: .strangers)
        part = .teams
        return true
    }

    /// Moves the share to the strangers' part, after a key was refused. That part may exceed its maximum by this.
    public func moveToStrangers() {
        guard part == .teams else { return }
        budget.add(bytes, to: .strangers)
        budget.giveBack(bytes, of: .teams)
        part = .strangers
    }
}
