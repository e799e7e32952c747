import Vocabulary

/// A read for one of the reader threads, with its answer. A message.
struct ReadOperation: Sendable {
    let run: @Sendable (StoreConnection) -> Void
    let refuse: @Sendable (StoreFault) -> Void

    init<Value: Sendable>(
        _ work: @escaping @Sendable (StoreConnection) throws -> Value,
        then: @escaping @Sendable (Result<Value, StoreFault>) -> Void
    ) {
        run = { connection in
            do { then(.success(try work(connection))) } catch { then(.failure(StoreFault(thrown: error))) }
        }
        refuse = { then(.failure($0)) }
    }
}
