/// An entry of the audit log with its number, which ascends in time.
public struct AuditRecord: Sendable, Equatable {
    public let id: Int64
    public let entry: AuditEntry

    public init(id: Int64, entry: AuditEntry) {
        self.id = id
        self.entry = entry
    }
}
