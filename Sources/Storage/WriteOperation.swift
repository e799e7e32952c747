import Vocabulary

/// One operation on the writer's connection, with its answer.
///
/// A message. Operations of a group share a transaction, and yet each is done whole or not at all, independently of the
/// others (`WriteGroup`).
struct WriteOperation: Sendable {
    /// Does the work and gives what is to be called once it is durable. It may be called a second time after all that
    /// it did was rolled back, so it has no effect but on the database.
    let run: @Sendable (StoreConnection) throws -> @Sendable () -> Void
    /// Called instead when it failed.
    let refuse: @Sendable (StoreFault) -> Void

    init<Value: Sendable>(
        _ work: @escaping @Sendable (StoreConnection) throws -> Value,
        then: @escaping @Sendable (Result<Value, StoreFault>) -> Void
    ) {
        run = { connection in
            let value = try work(connection)
            return { then(.success(value)) }
        }
        refuse = { then(.failure($0)) }
    }
}
