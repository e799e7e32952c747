import Synchronization
public import Transport

/// One bound on the memory that clients take in all, over all workers: what waits in the buffers of their connections,
/// bodies that come in, questions that wait for their answers. Each alone is bounded, but twenty thousand are not.
///
/// Teams and strangers (who have shown no valid key) each have a part of their own, so that no number of strangers takes
/// memory from those who are served, nor keeps them from showing who they are.
///
/// Any thread: one atomic counter for each part, and one for the most that was taken.
public final class ByteBudget: Sendable {
    /// Whose part.
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

    /// How much is taken of a part at this moment.
    public func bytesTaken(of part: Part) -> Int {
        switch part {
        case .strangers: strangers.load(ordering: .relaxed)
        case .teams: teams.load(ordering: .relaxed)
        }
    }

    /// The most that was taken at any moment since this was asked last.
    public func takeHighest() -> Int { highest.exchange(0, ordering: .relaxed) }

    fileprivate func take(_ bytes: Int, of part: Part) -> Bool {
        let bytesMax = part == .strangers ? strangerBytesMax : teamBytesMax
        // A sum that others have grown meanwhile is judged again by them: none admits more than there is.
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

/// What one connection or one request has taken of the budget; `deinit` gives it back. Confined to the loop of its holder.
public final class ByteShare: StreamAccount {
    private let budget: ByteBudget
    public private(set) var part: ByteBudget.Part
    private var bytes = 0

    public init(of budget: ByteBudget, _ part: ByteBudget.Part) {
        self.budget = budget
        self.part = part
    }

    /// Another one of the same part.
    convenience init(beside other: ByteShare) { self.init(of: other.budget, other.part) }

    deinit { budget.giveBack(bytes, of: part) }

    /// Takes that many bytes more; false, and nothing taken, when the part does not have them.
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

    /// Moves all that is taken to the teams' part, when a valid key was shown; false, and nothing moved, when that does
    /// not have room for it.
    public func moveToTeams() -> Bool {
        guard part == .strangers else { return true }
        guard budget.take(bytes, of: .teams) else { return false }
        budget.giveBack(bytes, of: .strangers)
        part = .teams
        return true
    }

    /// Moves all that is taken to the strangers' part, room or not, when a key turns out not to be valid any more.
    public func moveToStrangers() {
        guard part == .teams else { return }
        budget.add(bytes, to: .strangers)
        budget.giveBack(bytes, of: .teams)
        part = .strangers
    }
}
