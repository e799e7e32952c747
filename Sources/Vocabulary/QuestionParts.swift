/// The parts of a classify request by which payments for the same document are compared. Keying makes them, Reporting
/// compares them, Storage keeps them.
///
/// Digests are the first 64 bits of a SHA-256: among a million different schemas the chance that any two are taken for
/// one is 3 in 100 million, and only a report depends on it.
public struct QuestionParts: Sendable, Equatable {
    /// Of the list of labels, in the order that is part of the question.
    public let labels: Int64
    /// Of the whole schema: labels, descriptions, and further members of its categories.
    public let schema: Int64
    /// Of the members that the vendor's page does not list; nil without any.
    public let otherMembers: Int64?
    /// In canonical form; nil for all pages.
    public let pages: String?
    /// The schema as canonical JSON.
    public let schemaText: ArraySlice<UInt8>

    public init(
        labels: Int64,
        schema: Int64,
        otherMembers: Int64?,
        pages: String?,
        schemaText: ArraySlice<UInt8>
    ) {
        self.labels = labels
        self.schema = schema
        self.otherMembers = otherMembers
        self.pages = pages
        self.schemaText = schemaText
    }
}
