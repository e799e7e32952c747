/// A saved classifier of an account, as far as spellings of its identifier are told apart when it changes.
public struct ClassifierKey: Hashable, Sendable, CustomStringConvertible {
    public let account: AccountID
    /// Visible ASCII, folded: see `folded`.
    public let classifierID: String

    public init(account: AccountID, folding identifier: String) {
        self.account = account
        classifierID = Self.folded(identifier)
    }

    /// - Parameter folded: a result of `folded`, such as the store has.
    public init(account: AccountID, folded: String) {
        self.account = account
        classifierID = folded
    }

    /// The identifier with its letters in lower case. The vendor may or may not tell letter case apart; a change of one
    /// spelling counts as a change of all, which costs a few misses at worst.
    public static func folded(_ identifier: String) -> String {
        String(decoding: identifier.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }

    /// `ACCOUNT/ID`
    public var description: String { "\(account)/\(classifierID)" }
}
