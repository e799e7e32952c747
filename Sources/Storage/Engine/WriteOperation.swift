import Vocabulary

/// What became of a group of operations.
struct GroupOutcome {
    /// One for each operation, in order: what to call.
    var answers: [@Sendable () -> Void] = []
    /// How many are committed.
    var committed = 0
    /// How many will be answered later, when it is known whether they are committed.
    var pending = 0
    /// An error after which nothing more may be acknowledged.
    var fatal: StoreFault?
    /// How long the COMMIT took, until it was durable; nil without one.
    var commitTook: Duration?
}

/// One operation on the writer's connection, with its answer.
///
/// A message. Operations of a group share a transaction, and yet each is done whole or not at all, independently of the
/// others.
struct WriteOperation: Sendable {
    /// What has to be locked and read before it runs, where several nodes share the store.
    var needs: SharedNeeds?
    /// Undoes what `run` decided in memory, when that did not become durable.
    var undo: (@Sendable () -> Void)?
    /// Does it for a process that has lost its seat, in a transaction without a fence, and gives what is to be called
    /// once it is durable; nil for what such a process may not do. It may be called again, as `run` may.
    var late: (@Sendable (StoreConnection) throws -> @Sendable () -> Void)?
    /// Does the work and gives what is to be called once it is durable. It may be called a second time after all that
    /// it did was rolled back, so it has no effect but on the database.
    let run: @Sendable (StoreConnection) throws -> @Sendable () -> Void
    /// Called instead when it failed.
    let refuse: @Sendable (StoreFault) -> Void
    /// Whether it may be done before what operations before it have gathered: it is the same in any order. Before
    /// others that is written, so that they find everything as if each had been done in its turn.
    let isGathering: Bool

    init<Value: Sendable>(
        isGathering: Bool = false,
        _ work: @escaping @Sendable (StoreConnection) throws -> Value,
        then: @escaping @Sendable (Result<Value, StoreFault>) -> Void
    ) {
        self.isGathering = isGathering
        run = { connection in
            let value = try work(connection)
            return { then(.success(value)) }
        }
        refuse = { then(.failure($0)) }
    }

    /// - Parameter work: gathers, and gives what knows the answer when that is written.
    init<Value: Sendable>(
        gathering work: @escaping @Sendable (StoreConnection) throws -> @Sendable () -> Value,
        then: @escaping @Sendable (Result<Value, StoreFault>) -> Void
    ) {
        isGathering = true
        run = { connection in
            let value = try work(connection)
            return { then(.success(value())) }
        }
        refuse = { then(.failure($0)) }
    }

    /// Undoes what was decided and refuses: for what was run, and is known not to be committed.
    var refuseUndone: @Sendable (StoreFault) -> Void {
        guard let undo else { return refuse }
        return { [refuse] fault in
            undo()
            refuse(fault)
        }
    }
}
