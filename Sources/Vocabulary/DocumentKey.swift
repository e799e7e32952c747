/// A document of an account.
public struct DocumentKey: Hashable, Sendable {
    public let account: AccountID
    /// A UUID in lower case.
    public let documentID: String

    public init(account: AccountID, documentID: String) {
        self.account = account
        self.documentID = documentID
    }
}
