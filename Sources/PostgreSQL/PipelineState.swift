/// What the results of one round trip belong to: commands 0 to n-1 in groups with a Sync behind each, answered in this
/// order. One group is the rule; what is sent in parts has more.
///
/// Pure. libpq's results go in, in the order in which PQgetResult(3) gives them, and what is to be done comes out. The
/// server answers a command by rows and one completion, or by an error; libpq ends the results of each command by a
/// null result, and those of the Sync by none. After an error the server skips what follows up to the Sync, and so does
/// this: commands that have not been submitted yet are left out, those of later groups too. A later group that was
/// submitted is of the same transaction, in which the server refuses all but its end. An error may also belong to the
/// Sync itself, when the server commits there: a deferred constraint, a conflict of serializable transactions.
struct PipelineState: Equatable {
    /// What is to be handed to libpq next.
    enum Submission: Equatable {
        case command(Int)
        case sync
        case nothing
    }

    /// One result of libpq.
    enum Event: Equatable, CaseIterable {
        /// PGRES_SINGLE_TUPLE.
        case row
        /// PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY.
        case completion
        /// PGRES_FATAL_ERROR of severity ERROR.
        case error
        /// PGRES_PIPELINE_ABORTED.
        case skipped
        /// A null result.
        case end
        /// PGRES_PIPELINE_SYNC.
        case sync
        /// Whatever else: COPY, a response that libpq does not understand.
        case other
    }

    enum Action: Equatable {
        case none
        /// A row of this command.
        case row(Int)
        /// All rows of this command have come, and it has succeeded.
        case completed(Int)
        /// The first error of the round trip: this one is told.
        case failed
        /// The next command's results begin, which has been submitted already.
        case next
        /// Everything has been answered.
        case over
        /// The results do not fit what was sent; nothing can be known about the connection any more.
        case broken(Event)
    }

    /// What has come of the command, or the Sync, whose turn it is.
    private enum Progress: Equatable {
        case nothing
        case rows
        /// Its last result; the null result is still to come.
        case last
    }

    /// How many commands precede the Sync of each group: ascending, and the last one is all of them.
    private let groupEnds: [Int]
    private var submitted = 0
    /// How many commands precede each Sync that was submitted.
    private var syncs: [Int] = []
    /// Those whose null result has come.
    private var answered = 0
    private var syncsAnswered = 0
    private var progress = Progress.nothing
    /// The group of the latest error.
    private var failedGroup: Int?
    private(set) var isOver = false

    init(groupEnds: [Int]) {
        precondition(!groupEnds.isEmpty, "init() without a Sync")
        self.groupEnds = groupEnds
    }

    private var hasFailed: Bool { failedGroup != nil }

    // MARK: Submitting

    var submission: Submission {
        guard syncs.count < groupEnds.count else { return .nothing }
        if submitted == groupEnds[syncs.count] { return .sync }
        guard hasFailed else { return .command(submitted) }
        // A group that was begun has its Sync, the others are left out.
        return submitted > syncs.last ?? 0 ? .sync : .nothing
    }

    /// Whether anything that the server could execute has been handed to libpq.
    var hasSubmitted: Bool { submitted > 0 || !syncs.isEmpty }

    /// What `submission` asked for has been handed over.
    ///
    /// - Returns: whether it is a command whose results are the next to come.
    mutating func submit() -> Bool {
        switch submission {
        case .command:
            submitted += 1
            return submitted - 1 == answered && !isTurnOfSync
        case .sync:
            syncs.append(submitted)
            return false
        case .nothing:
            preconditionFailure("submit() after the last Sync")
        }
    }

    // MARK: Results

    /// Whether libpq has something to give for what was submitted, now or later.
    var expectsResult: Bool { !isOver && (answered < submitted || isTurnOfSync) }

    /// Whether the next result is one of a Sync.
    private var isTurnOfSync: Bool { syncsAnswered < syncs.count && syncs[syncsAnswered] == answered }

    mutating func receive(_ event: Event) -> Action {
        guard expectsResult else { return .broken(event) }
        return isTurnOfSync ? receiveOfSync(event) : receiveOfCommand(event)
    }

    private mutating func receiveOfCommand(_ event: Event) -> Action {
        switch (event, progress) {
        case (.row, .nothing), (.row, .rows):
            progress = .rows
            return .row(answered)
        case (.completion, .nothing), (.completion, .rows):
            progress = .last
            return .completed(answered)
        case (.error, .nothing), (.error, .rows):
            // The server skips what follows an error, so a second one cannot be an answer to it, but in a later group.
            guard failedGroup != syncsAnswered else { return .broken(event) }
            return fail()
        case (.skipped, .nothing):
            guard failedGroup == syncsAnswered else { return .broken(event) }
            progress = .last
            return .none
        case (.end, .last):
            progress = .nothing
            answered += 1
            return next
        case (.row, .last), (.completion, .last), (.error, .last), (.skipped, .rows), (.skipped, .last),
            (.end, .nothing), (.end, .rows), (.sync, _), (.other, _):
            return .broken(event)
        }
    }

    private mutating func receiveOfSync(_ event: Event) -> Action {
        switch (event, progress) {
        case (.sync, .nothing):
            syncsAnswered += 1
            guard submission == .nothing, answered == submitted, syncsAnswered == syncs.count else { return next }
            isOver = true
            return .over
        case (.error, .nothing):
            guard !hasFailed else { return .broken(event) }
            return fail()
        case (.end, .last):
            progress = .nothing
            return .none
        case (.sync, .rows), (.sync, .last), (.error, .rows), (.error, .last), (.end, .nothing), (.end, .rows),
            (.row, _), (.completion, _), (.skipped, _), (.other, _):
            return .broken(event)
        }
    }

    private mutating func fail() -> Action {
        defer { failedGroup = syncsAnswered }
        progress = .last
        return hasFailed ? .none : .failed
    }

    private var next: Action { answered < submitted && !isTurnOfSync ? .next : .none }
}
