public import Registry

extension SQLiteStore: LessonStore {
    public func documents(
        after document: DocumentKey?,
        atMost count: Int,
        then: @escaping @Sendable (Result<[DocumentLesson], StoreFault>) -> Void
    ) {
        read({ try LessonTable.documents(after: document, atMost: count, on: $0) }, then: then)
    }

    public func lessons(
        of documentID: String,
        then: @escaping @Sendable (Result<[DocumentLesson], StoreFault>) -> Void
    ) {
        read({ try LessonTable.lessons(of: documentID, on: $0) }, then: then)
    }

    public func forget(
        model: String,
        audit: AuditEntry,
        then: @escaping @Sendable (Result<Void, StoreFault>) -> Void
    ) {
        perform(
            { connection in
                try LessonTable.forget(model: model, on: connection)
                try AuditTable.append(audit, on: connection)
            },
            then: then
        )
    }

    public func forget(
        documentID: String,
        audit: AuditEntry,
        then: @escaping @Sendable (Result<Void, StoreFault>) -> Void
    ) {
        perform(
            { connection in
                try LessonTable.forget(documentID: documentID, on: connection)
                try AuditTable.append(audit, on: connection)
            },
            then: then
        )
    }
}
