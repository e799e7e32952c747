public import Budgeting
public import Registry
public import Vocabulary

extension Store: LessonStore {
    public func documents(
        after document: DocumentKey?,
        atMost count: Int,
        then: @escaping @Sendable (Result<[DocumentLesson], StoreFault>) -> Void
    ) {
        list({ try LessonTable.documents(after: document, atMost: count, on: $0) }, then: then)
    }

    public func lessons(
        of documentID: String,
        then: @escaping @Sendable (Result<[DocumentLesson], StoreFault>) -> Void
    ) {
        list({ try LessonTable.lessons(of: documentID, on: $0) }, then: then)
    }

    public func forget(
        model: String,
        audit: AuditEntry,
        then: @escaping @Sendable (Result<Void, StoreFault>) -> Void
    ) {
        change(audit, then) { connection in
            try LessonTable.forget(model: model, on: connection)
            connection.announce(.model(model))
        }
    }

    public func forget(
        documentID: String,
        audit: AuditEntry,
        then: @escaping @Sendable (Result<Void, StoreFault>) -> Void
    ) {
        change(audit, then) { try LessonTable.forget(documentID: documentID, on: $0) }
    }

    /// Makes a change and its entry in the audit log durable in one transaction.
    private func change(
        _ audit: AuditEntry,
        _ then: @escaping @Sendable (Result<Void, StoreFault>) -> Void,
        _ body: @escaping @Sendable (StoreConnection) throws -> Void
    ) {
        perform(
            { connection in
                try body(connection)
                try AuditTable.append(audit, on: connection)
            },
            then: then
        )
    }
}
