/// What a node asks the store for.
enum Operation {
    struct Admission {
        let flight: Int
        let question: Int
        let kind: Request.Kind
        let key: Int
        /// Of the reservation, if there will be one; made before the claim, which names it.
        var id: Int
    }

    struct Ending {
        let call: OpenCall
        let outcome: CallOutcome
        let answer: Answer?
    }

    struct Removal {
        enum Kind { case purge, mark, beginChange, endChange }
        let kind: Kind
        let document: Int
        /// Of the feed event, and for a change the number of its marker.
        let serial: Int
        let change: Int
    }

    case admit(Admission)
    case end(Ending)
    /// An operator's word on what an unconfirmed reservation cost.
    case resolve(Int, credits: Int)
    case register(FeedEvent)
    case remove(Removal)
}

/// What the group commit decided about one admission; told once COMMIT is confirmed.
enum AdmissionOutcome {
    case admitted(OpenCall)
    case denied
    case found(Answer)
    case follows(Int)
    /// The flight that held the claim has ended meanwhile.
    case again
}

/// A transaction of a node's store thread, between two answers of the database.
struct Transaction {
    let kind: Writer.Kind
    let beat: Int
    /// By the local clock.
    let sentAt: Int
    let limits: Limits
    var operations: [Operation] = []
    var isCommitSent = false
    var isApplied = false

    var admissions: [(operation: Operation.Admission, outcome: AdmissionOutcome)] = []
    /// The endings, with whether the answer was stored.
    var endings: [(operation: Operation.Ending, isStored: Bool)] = []
    var events: [(number: Int, event: FeedEvent)] = []
    var landings: [(id: Int, landing: Landing?, isFlying: Bool)] = []
    var joined: (identity: Identity, head: Int)?
    var found: Int?
}
