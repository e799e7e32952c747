public import Vocabulary

/// What the admin side reports about the program; constant while it runs.
public struct AdminProgram: Sendable {
    let version: String
    let startedAt: Timestamp
    let startedSteady: MonotonicInstant
    let clientURL: String
    let workerCount: Int
    let node: Int

    /// - Parameters:
    ///   - clientURL: where clients connect.
    ///   - node: the number of this process among those that share the store.
    public init(
        version: String,
        startedAt: Timestamp,
        startedSteady: MonotonicInstant,
        clientURL: String,
        workerCount: Int,
        node: Int
    ) {
        self.version = version
        self.startedAt = startedAt
        self.startedSteady = startedSteady
        self.clientURL = clientURL
        self.workerCount = workerCount
        self.node = node
    }
}
