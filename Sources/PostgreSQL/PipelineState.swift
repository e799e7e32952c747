/// What the results of one round trip belong to: commands 0 to n-1 and one Sync, answered in this order.
///
/// Pure. libpq's results go in, in the order in which PQgetResult(3) gives them, and what is to be done comes out. The
/// server answers a command by rows and one completion, or by an error; libpq ends the results of each command by a null
/// result, and those of the Sync by none. After an error the server skips what follows up to the Sync, and so does this:
/// commands that have not been submitted yet are left out. An error may also belong to the Sync itself, when the
/// server commits there: a deferred constraint, a conflict of serializable transactions.
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

    let commandCount: Int
    private var submitted = 0
    private var isSyncSubmitted = false
    /// Those whose null result has come.
    private var answered = 0
    private var progress = Progress.nothing
    private var hasFailed = false
    private(set) var isOver = false

    init(commandCount: Int) { self.commandCount = commandCount }

    // MARK: Submitting

    var submission: Submission {
        if isSyncSubmitted { return .nothing }
        return submitted == commandCount || hasFailed ? .sync : .command(submitted)
    }

    /// Whether anything that the server could execute has been handed to libpq.
    var hasSubmitted: Bool { submitted > 0 || isSyncSubmitted }

    /// What `submission` asked for has been handed over.
    ///
    /// - Returns: whether it is a command whose results are the next to come.
    mutating func submit() -> Bool {
        switch submission {
        case .command:
            submitted += 1
            return submitted - 1 == answered
        case .sync:
            isSyncSubmitted = true
            return false
        case .nothing:
            preconditionFailure("submit() after the Sync")
        }
    }

    // MARK: Results

    /// Whether libpq has something to give for what was submitted, now or later.
    var expectsResult: Bool { !isOver && (answered < submitted || isSyncSubmitted) }

    mutating func receive(_ event: Event) -> Action {
        guard expectsResult else { return .broken(event) }
        return answered < submitted ? receiveOfCommand(event) : receiveOfSync(event)
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
            // The server skips what follows an error, so a second one cannot be an answer to it.
            guard !hasFailed else { return .broken(event) }
            return fail()
        case (.skipped, .nothing):
            guard hasFailed else { return .broken(event) }
            progress = .last
            return .none
        case (.end, .last):
            progress = .nothing
            answered += 1
            return answered < submitted ? .next : .none
        case (.row, .last), (.completion, .last), (.error, .last), (.skipped, .rows), (.skipped, .last),
            (.end, .nothing), (.end, .rows), (.sync, _), (.other, _):
            return .broken(event)
        }
    }

    private mutating func receiveOfSync(_ event: Event) -> Action {
        switch (event, progress) {
        case (.sync, .nothing):
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
        progress = .last
        hasFailed = true
        return .failed
    }
}
